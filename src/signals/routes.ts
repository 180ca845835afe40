import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { z } from 'zod';
import { type Endpoint, endpoint } from '../api/endpoint.ts';
import type { Config } from '../config.ts';
import type { IdpKeys } from '../connections/idp-keys.ts';
import { noStore } from '../http/no-store.ts';
import type { Batches } from '../revocation/batches.ts';
import { createBackchannelLogout } from './backchannel-logout.ts';
import { createEventErrors, createLogoutErrors } from './refusal.ts';
import { createSecurityEvents } from './security-events.ts';

type Deps = Readonly<{
  config: Config;
  log: Logger;
  pool: Pool;
  batches: Batches;
  idpKeys: IdpKeys;
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
        'OpenID Connect Back-Channel Logout 1.0. With `sid` what came of that one session at the IdP ends, without it all of ' +
        'the person. The signature of the token proves who sends it.',
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
      handlers: [noStore, ...createBackchannelLogout(deps), createLogoutErrors(deps)],
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
      handlers: [noStore, ...createSecurityEvents(deps), createEventErrors(deps)],
    }),
  ];
}
