import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { z } from 'zod';
import { type Endpoint, endpoint } from '../api/endpoint.ts';
import type { Config } from '../config.ts';
import type { IdpKeys } from '../connections/idp-keys.ts';
import { noStore } from '../http/no-store.ts';
import type { Batches } from '../revocation/batches.ts';
import { findCalledConnection } from '../revocation/callers.ts';
import type { RefusedCalls } from '../revocation/refused-calls.ts';
import { createBackchannelLogout } from './backchannel-logout.ts';
import { findCalledOrg } from './find-connection.ts';
import { createFrontchannelLogout } from './frontchannel-logout.ts';
import { createRefusalRecord } from './record-refusal.ts';
import { createEventErrors, createLogoutErrors } from './refusal.ts';
import { createSecurityEvents } from './security-events.ts';

type Deps = Readonly<{
  config: Config;
  log: Logger;
  pool: Pool;
  batches: Batches;
  idpKeys: IdpKeys;
  refusedCalls: RefusedCalls;
  announce: () => void;
}>;

const logoutFault = z.object({ error: z.string(), error_description: z.string() }).meta({ id: 'OAuthFault' });
const eventFault = z.object({ err: z.string(), description: z.string() });

/** An IdP's signals. The callers are no browsers: a signature proves whom a token is from. */
export function createSignalEndpoints(deps: Deps): readonly Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/openid/backchannel-logout/{org}',
      id: 'logOutByBackchannel',
      tag: 'Signals',
      summary: 'An IdP says that a session of its own is over',
      description:
        'OpenID Connect Back-Channel Logout 1.0. With `sid` what came of that one session at the IdP ends, without it, or ' +
        'where `logoutTokenEnds` of the connection is `person`, all of the person. The signature of the token proves who sends it.',
      params: z.object({ org: z.string().describe('Short name or id.') }),
      bodyType: 'application/x-www-form-urlencoded',
      body: z.object({ logout_token: z.string() }),
      security: [],
      success: { status: 200, description: 'Ended, also if there was nothing to end.' },
      also: [400, 413, 500, 503].map((status) => ({
        status,
        description: status === 400 ? 'The token is refused.' : 'It could not be taken.',
        schema: logoutFault,
      })),
      handlers: [
        noStore,
        ...createBackchannelLogout(deps),
        createRefusalRecord(deps, 'logout_token', (req) => findCalledOrg(deps.pool, String(req.params.org))),
        createLogoutErrors(deps),
      ],
    }),
    endpoint({
      method: 'get',
      path: '/openid/frontchannel-logout/{org}',
      id: 'logOutByFrontchannel',
      tag: 'Signals',
      summary: 'An IdP’s page says that a session of its own is over',
      description:
        'OpenID Connect Front-Channel Logout 1.0, session required: the IdP’s page opens it in a frame, and what came of that ' +
        'one session at the IdP ends. Nothing proves who asks, so whoever knows a `sid` can end what came of it: use ' +
        'back-channel logout where the IdP offers it. Only pages of the connection’s IdP may show the answer, which is the same ' +
        'whether or not there was anything to end. Further parameters are ignored.',
      params: z.object({ org: z.string().describe('Short name or id.') }),
      query: z.object({
        iss: z
          .string()
          .optional()
          .describe('The issuer of a connection of the organisation. Without it each of its connections counts.'),
        sid: z.string().describe('The claim `sid` of the ID tokens of that session.'),
      }),
      security: [],
      // Only what a browser shows ends a session, not what looks whether the address is there.
      head: false,
      success: { status: 200, description: 'A short page.', contentTypes: ['text/html'] },
      problems: ['invalid_request', 'unavailable'],
      handlers: [noStore, ...createFrontchannelLogout(deps)],
    }),
    endpoint({
      method: 'post',
      path: '/ssf/events/{connection}',
      id: 'receiveSecurityEvent',
      tag: 'Signals',
      summary: 'A transmitter pushes a security event',
      description: 'RFC 8935, with CAEP and RISC events. What each does is a policy of the organisation.',
      params: z.object({ connection: z.string() }),
      bodyType: 'application/secevent+jwt',
      body: z
        .string()
        .describe('A security event token (RFC 8417).')
        .meta({ examples: ['eyJ0eXAiOiJzZWNldmVudCtqd3Qi…'] }),
      security: [],
      success: { status: 202, description: 'Taken, also if it came before.' },
      also: [400, 413].map((status) => ({ status, description: 'It is refused.', schema: eventFault })),
      handlers: [
        noStore,
        ...createSecurityEvents(deps),
        createRefusalRecord(deps, 'security_event', (req) =>
          findCalledConnection(deps.pool, String(req.params.connection)),
        ),
        createEventErrors(deps),
      ],
    }),
  ];
}
