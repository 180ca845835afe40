import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { createConnections } from '../connections/connections.ts';
import { checkEndpoints, defined, resolveEndpoints, type Typist } from '../connections/endpoints.ts';
import { claimNameForm, roleMappingForm } from '../connections/role-mapping.ts';
import { LogoutTokenEnds, Reauthentication, TokenEndpointAuth } from '../database/generated/enums.ts';
import { AppError } from '../errors.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import { line } from './forms.ts';
import type { OutwardLimit } from './outward-limit.ts';
import {
  type ConnectionDeps,
  connection,
  createShownConnections,
  onConnection,
  onConnections,
} from './shown-connection.ts';

const url = z.string().min(1).max(2_000);

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
    tokenEndpointAuth: z.enum(TokenEndpointAuth),
    responseIss: z.boolean().describe('The identity provider sends `iss` in its answers (RFC 9207), and then must.'),
    reauthentication: z
      .enum(Reauthentication)
      .describe(
        'How a sign-in after a revocation proves that the person authenticated anew. `verified`: by `auth_time`; a sign-in without it is refused. `best_effort`: where the identity provider sends no `auth_time`, it is enough to have asked for a new authentication.',
      ),
    emailClaim: claimNameForm.describe(
      'The claim that is a person’s address: `email`, or another such as `preferred_username` or `upn`. Another one is believed only in the domains that the connection is authoritative for, must be an address, and is never replaced by `email`.',
    ),
    requestAuthTime: z
      .boolean()
      .describe(
        'Sign-ins ask for `auth_time` as an essential claim too (the `claims` parameter): some identity providers tell it only then.',
      ),
    pkce: z
      .boolean()
      .describe(
        'Off only for an identity provider that refuses PKCE (RFC 7636): the nonce alone then tells another’s code.',
      ),
    logoutTokenEnds: z
      .enum(LogoutTokenEnds)
      .describe(
        'What a logout token ends that names a session at the identity provider (`sid`): `session`, what came of that one; `person`, everything of the person.',
      ),
    signOutAtIdp: z.boolean().describe('Signing out here goes on to the identity provider.'),
    roleClaim: claimNameForm
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

export const connectionChanges = settings
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

const typist: Typist = {
  spell: (member) => member,
  refuse: (message) => new AppError('invalid_request', message),
};

/** Adds and changes connections. They are switched off, never removed: people are linked to them. */
export function changingConnectionOperations(
  deps: ConnectionDeps & Readonly<{ guardedFetch: GuardedFetch; lookOutward: OutwardLimit }>,
): readonly Operation[] {
  const { guardedFetch, lookOutward } = deps;
  const { addConnection, updateConnection } = createConnections(deps);
  const { find, show } = createShownConnections(deps);
  return [
    operation({
      ...onConnections,
      method: 'post',
      id: 'addConnection',
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
        const added = await addConnection(orgId, { ...endpoints, ...defined(body) }, by);
        return show(added, principal);
      },
    }),
    operation({
      ...onConnection,
      method: 'patch',
      id: 'changeConnection',
      summary: 'Change a connection, or switch it off or on',
      description:
        'Changes what is given and leaves the rest. Another issuer, client id or endpoint needs the client secret in the same request: whoever doesn’t know it must not lead it elsewhere. Where the issuer and the client id stay, it must be the one that is kept. After another issuer, accepted issuer, client id, token endpoint or JWKS URI the connection must be proven anew.',
      permission: 'identity.change',
      body: connectionChanges,
      bodyExample: { roleClaim: 'groups', roleMapping: { 'Logout admins': 'admin' } },
      success: { status: 200, description: 'The connection, as it is now.', schema: connection },
      problems: ['not_found', 'conflict', 'too_many_requests'],
      handle: async ({ orgId, principal, params, body, by }) => {
        const { issuer } = body;
        // An org without this connection is refused before anything is fetched.
        await find(orgId, params.id);
        if (issuer === undefined) checkEndpoints(guardedFetch, body, typist);
        else await lookOutward(orgId);
        const endpoints = issuer === undefined ? {} : await resolveEndpoints(guardedFetch, { ...body, issuer }, typist);
        const wanted = { ...endpoints, ...defined(body) };
        const changed = await updateConnection(orgId, params.id, wanted, by);
        return show(changed, principal);
      },
    }),
  ];
}
