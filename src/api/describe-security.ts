import type { Config } from '../config.ts';
import { sessionCookie } from '../sessions/session-store.ts';
import type { Security } from './endpoint.ts';
import type { Json } from './json-schema.ts';
import { adminScope } from './operation.ts';

/** The credentials by which callers are known. */
export function securitySchemes(config: Config): Record<Security, Json> {
  const at = (path: string) => `${config.publicUrl}${path}`;
  const scopes = {
    openid: 'Who the person is.',
    email: 'Their e-mail address.',
    profile: 'Their name.',
    offline_access: 'A refresh token.',
    [adminScope]: 'Administer the organisation as far as the person may; for the command line only.',
  };
  return {
    session: {
      type: 'apiKey',
      in: 'cookie',
      name: sessionCookie(config).name,
      description: 'The session of a browser that signed in. What changes something is taken from our own pages only.',
    },
    accessToken: {
      type: 'oauth2',
      description: 'The access token of an app, by the code flow with PKCE, or by the device flow (RFC 8628).',
      flows: {
        authorizationCode: {
          authorizationUrl: at('/oauth/authorize'),
          tokenUrl: at('/oauth/token'),
          refreshUrl: at('/oauth/token'),
          scopes,
        },
      },
    },
    apiKey: {
      type: 'http',
      scheme: 'bearer',
      description: 'An API key of the organisation, with the scope that is needed.',
    },
    signedJwt: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'A JWT that the IdP of a proven connection signed for this one request, as Okta sends it.',
    },
    receiverToken: {
      type: 'http',
      scheme: 'bearer',
      description:
        'An access token of the organisation’s own token endpoint (`/orgs/{org}/oauth/token`) by client credentials, with the scope `ssf.read` or `ssf.manage`.',
    },
    metricsToken: { type: 'http', scheme: 'bearer', description: 'The token of METRICS_TOKEN.' },
  };
}
