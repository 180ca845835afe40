import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { assignableRoles } from '../api/permissions.ts';
import type { Config } from '../config.ts';
import { type ConnectionView, createConnections } from '../connections/connections.ts';
import { orgLinks, ownEndpoint } from '../connections/idp-links.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import { LogoutTokenEnds, Reauthentication, TokenEndpointAuth } from '../database/generated/enums.ts';
import { sampleId } from '../database/ids.ts';
import { AppError } from '../errors.ts';
import type { Keyring } from '../keyring.ts';
import type { Principal } from '../sessions/principal.ts';
import { eventsUrl } from '../signals/security-events.ts';
import { reference } from './forms.ts';

export const shownUrl = (example: string) => z.string().meta({ examples: [example] });

export const connection = z
  .object({
    id: idOf('connection'),
    name: z.string().meta({ examples: ['Okta'] }),
    active: z.boolean(),
    provenAt: z.iso
      .datetime()
      .nullable()
      .describe(
        'Since when JWTs of its identity provider are taken. null: not until a sign-in or the operator proves it.',
      ),
    vouchingNeeded: z
      .boolean()
      .describe('Only the operator’s word proves it: an administrator named accepted issuers.'),
    issuer: shownUrl('https://whiterabbit.okta.com'),
    acceptedIssuers: z.array(z.string()).meta({ examples: [[]] }),
    authorizationEndpoint: shownUrl('https://whiterabbit.okta.com/oauth2/v1/authorize'),
    tokenEndpoint: shownUrl('https://whiterabbit.okta.com/oauth2/v1/token'),
    jwksUri: shownUrl('https://whiterabbit.okta.com/oauth2/v1/keys'),
    userinfoEndpoint: shownUrl('https://whiterabbit.okta.com/oauth2/v1/userinfo').nullable(),
    endSessionEndpoint: shownUrl('https://whiterabbit.okta.com/oauth2/v1/logout').nullable(),
    tokenEndpointAuth: z.enum(TokenEndpointAuth),
    responseIss: z.boolean(),
    clientId: z.string().meta({ examples: ['0oa1example'] }),
    reauthentication: z.enum(Reauthentication),
    emailClaim: z.string().meta({ examples: ['email'] }),
    requestAuthTime: z.boolean(),
    tellsAuthTime: z
      .boolean()
      .nullable()
      .describe(
        'Whether the last ID token told when the person authenticated (`auth_time`). null: none has come yet. false, and `reauthentication` is `verified`: whoever is revoked can’t sign in again.',
      ),
    pkce: z.boolean(),
    logoutTokenEnds: z.enum(LogoutTokenEnds),
    signOutAtIdp: z.boolean(),
    roleClaim: z
      .string()
      .nullable()
      .meta({ examples: ['groups'] }),
    roleMapping: z.record(z.string(), z.enum(assignableRoles)).meta({ examples: [{ 'Logout admins': 'admin' }] }),
    lastSignInAt: z.iso
      .datetime()
      .nullable()
      .describe('When somebody last signed in through it. null: never, as far as the record goes back.'),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    links: z
      .object({
        signInUrl: shownUrl('https://logout.whiterabbit.fake/openid/start/whiterabbit'),
        callbackUrl: shownUrl('https://logout.whiterabbit.fake/openid/callback/whiterabbit'),
        signedOutUrl: shownUrl('https://logout.whiterabbit.fake/signed-out'),
        revocationEndpoint: shownUrl('https://logout.whiterabbit.fake/global-token-revocation'),
        ownRevocationEndpoint: shownUrl(
          `https://logout.whiterabbit.fake/global-token-revocation/${sampleId('connection')}`,
        ).describe('For this connection’s identity provider alone.'),
        backchannelLogoutUrl: shownUrl('https://logout.whiterabbit.fake/openid/backchannel-logout/whiterabbit'),
        frontchannelLogoutUrl: shownUrl(
          'https://logout.whiterabbit.fake/openid/frontchannel-logout/whiterabbit',
        ).describe(
          'Session required (`iss` and `sid`). Only where the identity provider offers no back-channel logout.',
        ),
        securityEventsUrl: shownUrl(`https://logout.whiterabbit.fake/ssf/events/${sampleId('connection')}`),
      })
      .describe('What to enter at the identity provider.'),
  })
  .meta({ id: 'Connection' });

/** What operations on connections have in common, and on one of them. */
export const onConnections = { path: '/api/orgs/current/connections', tag: 'Connections' };
export const onConnection = {
  ...onConnections,
  path: `${onConnections.path}/{id}`,
  params: z.object({ id: reference }),
};

export type ConnectionDeps = Readonly<{ config: Config; prisma: PrismaClient; keyring: Keyring }>;

/** Finds connections, and shows them as the API does. */
export function createShownConnections(deps: ConnectionDeps) {
  const { config } = deps;
  const connections = createConnections(deps);

  /** Each with when somebody last signed in through it. */
  async function showAll(rows: readonly ConnectionView[], { orgId, orgSlug }: Principal) {
    const lastSignIns = await connections.lastSignIns(
      orgId,
      rows.map(({ id }) => id),
    );
    return rows.map(({ orgId: _orgId, ...row }) => ({
      ...row,
      lastSignInAt: lastSignIns.get(row.id) ?? null,
      links: {
        ...orgLinks(config.publicUrl, orgSlug),
        ownRevocationEndpoint: ownEndpoint(config.publicUrl, row.id),
        securityEventsUrl: eventsUrl(config, row.id),
      },
    }));
  }

  return {
    showAll,
    show: async (row: ConnectionView, principal: Principal) => (await showAll([row], principal))[0],

    /** @throws AppError not_found */
    async find(orgId: string, id: string): Promise<ConnectionView> {
      const found = await connections.findConnection(orgId, id);
      if (!found) throw new AppError('not_found', 'The organisation has no connection of this id.');
      return found;
    },
  };
}
