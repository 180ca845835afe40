import { z } from 'zod';
import type { Documented } from '../api/operation.ts';

const tag = 'Signals';

export const signalsDocumentation: readonly Documented[] = [
  {
    method: 'post',
    path: '/openid/backchannel-logout/{org}',
    id: 'logOutByBackchannel',
    tag,
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
      schema: z.object({ error: z.string(), error_description: z.string() }).meta({ id: 'OAuthFault' }),
    })),
  },
  {
    method: 'post',
    path: '/ssf/events/{connection}',
    id: 'receiveSecurityEvent',
    tag,
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
    also: [400, 413].map((status) => ({
      status,
      description: 'It is refused.',
      schema: z.object({ err: z.string(), description: z.string() }),
    })),
  },
];
