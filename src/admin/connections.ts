import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readTimeCursor, toTimePage } from '../api/page.ts';
import { assignableRoles } from '../api/permissions.ts';
import type { Config } from '../config.ts';
import { type ConnectionView, createConnections } from '../connections/connections.ts';
import { checkEndpoints, defined, resolveEndpoints, type Typist } from '../connections/endpoints.ts';
import { orgLinks, ownEndpoint } from '../connections/idp-links.ts';
import { roleClaimForm, roleMappingForm } from '../connections/role-mapping.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import { sampleId } from '../database/ids.ts';
import { AppError } from '../errors.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import type { Keyring } from '../keyring.ts';
import { eventsUrl } from '../signals/security-events.ts';
import { line, reference } from './forms.ts';
import { createOutwardLimit } from './outward-limit.ts';

const url = z.string().min(1).max(2_000);
const authentications = ['client_secret_basic', 'client_secret_post'] as const;
const reauthentications = ['verified', 'best_effort'] as const;

const shownUrl = (example: string) => z.string().meta({ examples: [example] });

const connection = z
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
    tokenEndpointAuth: z.enum(authentications),
    responseIss: z.boolean(),
    clientId: z.string().meta({ examples: ['0oa1example'] }),
    reauthentication: z.enum(reauthentications),
    signOutAtIdp: z.boolean(),
    roleClaim: z
      .string()
      .nullable()
      .meta({ examples: ['groups'] }),
    roleMapping: z.record(z.string(), z.enum(assignableRoles)).meta({ examples: [{ 'Logout admins': 'admin' }] }),
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
        securityEventsUrl: shownUrl(`https://logout.whiterabbit.fake/ssf/events/${sampleId('connection')}`),
      })
      .describe('What to enter at the identity provider.'),
  })
  .meta({ id: 'Connection' });

const settings = z
  .strictObject({
    name: line(200).describe('Default: the host of the issuer.'),
    acceptedIssuers: z
      .array(url)
      .max(20)
      .describe(
        'Further issuers whose tokens count. Then only the operator’s word proves the connection: providers of many tenants publish the same keys under each tenant’s issuer.',
      ),
    authorizationEndpoint: url.describe('Where discovery isn’t possible; then the next two are needed as well.'),
    tokenEndpoint: url,
    jwksUri: url,
    userinfoEndpoint: url.nullable(),
    endSessionEndpoint: url.nullable(),
    tokenEndpointAuth: z.enum(authentications),
    responseIss: z.boolean().describe('The identity provider sends `iss` in its answers (RFC 9207), and then must.'),
    reauthentication: z
      .enum(reauthentications)
      .describe(
        'How a sign-in after a revocation proves that the person authenticated anew. `verified`: by `auth_time`; a sign-in without it is refused. `best_effort`: where the identity provider sends no `auth_time`, it is enough to have asked for a new authentication.',
      ),
    signOutAtIdp: z.boolean().describe('Signing out here goes on to the identity provider.'),
    roleClaim: roleClaimForm
      .nullable()
      .describe(
        'The claim of ID tokens (a text or a list) that sets people’s roles at each sign-in: the greatest that `roleMapping` gives, `member` where none of its values is mapped. Without the claim the role stays. Owners stay owners.',
      ),
    roleMapping: roleMappingForm.describe('Values of the claim, and the role that each gives.'),
  })
  .partial();

const clientId = line(500);
const clientSecret = z.string().min(1).max(2_000);

const newConnection = settings.extend({ issuer: url, clientId, clientSecret }).meta({ id: 'NewConnection' });

const changes = settings
  .extend({
    issuer: url
      .optional()
      .describe(
        'Its endpoints are discovered anew. If endpoints are given as well, they replace all of them: what is left out is then empty.',
      ),
    clientId: clientId.optional(),
    clientSecret: clientSecret
      .optional()
      .describe(
        'Needed with another issuer, client id or endpoint: with another endpoint alone, the one that is kept. A new secret of the same client goes in a request that changes no endpoint.',
      ),
    active: z
      .boolean()
      .optional()
      .describe(
        'Off: nobody signs in through it, and nothing its identity provider sends is taken. It ends nothing by itself: who is signed in stays so. On again: it must be proven anew.',
      ),
    sameSubjects: z
      .boolean()
      .optional()
      .describe('With another issuer: it knows the people by the same subjects, so they stay linked.'),
  })
  .meta({ id: 'ConnectionChanges' });

const tag = 'Connections';
const path = '/api/orgs/current/connections';
const byId = { path: `${path}/{id}`, tag, params: z.object({ id: reference }) };

const typist: Typist = {
  spell: (member) => member,
  refuse: (message) => new AppError('invalid_request', message),
};

/** The org's IdP connections. They are switched off, never removed: people are linked to them. */
export function connectionOperations(deps: {
  config: Config;
  prisma: PrismaClient;
  keyring: Keyring;
  guardedFetch: GuardedFetch;
}): readonly Operation[] {
  const { config, guardedFetch } = deps;
  const connections = createConnections(deps);
  const lookOutward = createOutwardLimit();

  const shown = ({ orgId: _orgId, ...row }: ConnectionView, slug: string) => ({
    ...row,
    links: {
      ...orgLinks(config.publicUrl, slug),
      ownRevocationEndpoint: ownEndpoint(config.publicUrl, row.id),
      securityEventsUrl: eventsUrl(config, row.id),
    },
  });

  return [
    operation({
      method: 'get',
      path,
      id: 'listConnections',
      tag,
      summary: 'The connections to identity providers, oldest first, without secrets',
      permission: 'org.read',
      query: z.object(pageQuery),
      success: {
        status: 200,
        description: 'A page of connections.',
        schema: pageOf(connection).meta({ id: 'ConnectionPage' }),
      },
      handle: async ({ orgId, principal, query: { limit, cursor } }) => {
        const rows = await connections.listConnections(orgId, { limit: limit + 1, after: readTimeCursor(cursor) });
        const page = toTimePage(rows, limit);
        return { ...page, items: page.items.map((row) => shown(row, principal.orgSlug)) };
      },
    }),
    operation({
      method: 'post',
      path,
      id: 'addConnection',
      tag,
      summary: 'Add a connection',
      description:
        'By its issuer alone where the identity provider has metadata (OpenID Connect Discovery), else with its endpoints. The organisation’s first one becomes authoritative for its domains. JWTs of its identity provider are taken once a sign-in through it, or the operator, has proven it.',
      permission: 'identity.change',
      body: newConnection,
      bodyExample: { issuer: 'https://acme.okta.com', clientId: '0oa1example', clientSecret: 'the-secret-from-okta' },
      success: {
        status: 201,
        description: 'The connection, with what to enter at the identity provider.',
        schema: connection,
      },
      problems: ['conflict', 'too_many_requests'],
      handle: async ({ orgId, principal, body, by }) => {
        await lookOutward(orgId);
        const endpoints = await resolveEndpoints(guardedFetch, body, typist);
        const added = await connections.addConnection(orgId, { ...endpoints, ...defined(body) }, by);
        return shown(added, principal.orgSlug);
      },
    }),
    operation({
      ...byId,
      method: 'get',
      id: 'getConnection',
      summary: 'One connection, without its secret',
      permission: 'org.read',
      success: { status: 200, description: 'The connection.', schema: connection },
      problems: ['not_found'],
      handle: async ({ orgId, principal, params }) => {
        const found = await connections.findConnection(orgId, params.id);
        if (!found) throw new AppError('not_found', 'The organisation has no connection of this id.');
        return shown(found, principal.orgSlug);
      },
    }),
    operation({
      ...byId,
      method: 'patch',
      id: 'changeConnection',
      summary: 'Change a connection, or switch it off or on',
      description:
        'Changes what is given and leaves the rest. Another issuer, client id or endpoint needs the client secret in the same request: whoever doesn’t know it must not lead it elsewhere. Where the issuer and the client id stay, it must be the one that is kept. After another issuer, accepted issuer, client id, token endpoint or JWKS URI the connection must be proven anew.',
      permission: 'identity.change',
      body: changes,
      bodyExample: { roleClaim: 'groups', roleMapping: { 'Logout admins': 'admin' } },
      success: { status: 200, description: 'The connection, as it is now.', schema: connection },
      problems: ['not_found', 'conflict', 'too_many_requests'],
      handle: async ({ orgId, principal, params, body, by }) => {
        const { issuer } = body;
        // An org without this connection is refused before anything is fetched.
        if (!(await connections.findConnection(orgId, params.id)))
          throw new AppError('not_found', 'The organisation has no connection of this id.');
        if (issuer === undefined) checkEndpoints(guardedFetch, body, typist);
        else await lookOutward(orgId);
        const endpoints = issuer === undefined ? {} : await resolveEndpoints(guardedFetch, { ...body, issuer }, typist);
        const wanted = { ...endpoints, ...defined(body) };
        const changed = await connections.updateConnection(orgId, params.id, wanted, by);
        return shown(changed, principal.orgSlug);
      },
    }),
  ];
}
