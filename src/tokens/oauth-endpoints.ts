import type { RequestHandler } from 'express';
import { z } from 'zod';
import { type Endpoint, endpoint } from '../api/endpoint.ts';
import { clientId, faults, formType, pageOrFault, redirect, scope, tag } from './answers.ts';
import { paths } from './provider.ts';

const uid = z.object({ uid: z.string() });

const metadata = z.looseObject({
  issuer: z.url(),
  token_endpoint: z.url(),
  global_token_revocation_endpoint: z.url(),
});
const keySet = z.object({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })) });
const claims = z.object({ sub: z.string(), email: z.string().optional(), name: z.string().optional() });

const tokenRequest = z.object({
  client_id: clientId,
  grant_type: z.enum(['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code']),
  code: z.string().optional(),
  redirect_uri: z.string().optional(),
  code_verifier: z.string().optional(),
  refresh_token: z.string().optional(),
  scope: scope.optional().describe('Beside a refresh token: less than it was given for.'),
  device_code: z.string().optional(),
});
const tokens = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int().describe('Seconds.'),
  scope: z.string(),
  refresh_token: z.string().optional(),
  id_token: z.string().optional(),
});
const aToken = z.object({ client_id: clientId, token: z.string(), token_type_hint: z.string().optional() });

type Handlers = Readonly<{
  /** Runs oidc-provider. */
  serve: RequestHandler;
  /** Limits requests that store something for anybody who asks. */
  limitBeginnings: RequestHandler;
}>;

/** The endpoints of oidc-provider. It checks requests: these forms only tell its configuration. */
export function createOAuthEndpoints(handlers: Handlers): readonly Endpoint[] {
  return [...describeServer(handlers), ...codeFlow(handlers), ...tokenEndpoints(handlers)];
}

function describeServer({ serve }: Handlers): readonly Endpoint[] {
  const document = {
    method: 'get',
    tag,
    summary: 'What the authorization server can do',
    description: 'One document at both addresses (OpenID Connect Discovery 1.0, RFC 8414).',
    security: [],
    success: { status: 200, description: 'The metadata.', schema: metadata },
    preflight: serve,
    handlers: [serve],
  } as const;
  return [
    endpoint({ ...document, path: '/.well-known/openid-configuration', id: 'getOpenIdConfiguration' }),
    endpoint({ ...document, path: '/.well-known/oauth-authorization-server', id: 'getAuthorizationServerMetadata' }),
    endpoint({
      method: 'get',
      path: paths.jwks,
      id: 'getKeys',
      tag,
      summary: 'The keys that ID tokens are signed with',
      description: 'RFC 7517. A key stays here as long as a token that it signed may count.',
      security: [],
      success: {
        status: 200,
        description: 'A JWK set.',
        schema: keySet,
        contentTypes: ['application/jwk-set+json'],
      },
      also: faults(500, 503),
      preflight: serve,
      handlers: [serve],
    }),
  ];
}

function codeFlow({ serve, limitBeginnings }: Handlers): readonly Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: paths.authorization,
      id: 'authorize',
      tag,
      summary: 'Begin the code flow',
      description: 'In a browser, with PKCE (S256).',
      query: z.object({
        client_id: clientId,
        response_type: z.literal('code'),
        response_mode: z.literal('query').optional(),
        redirect_uri: z.string(),
        scope,
        state: z.string().optional(),
        code_challenge: z.string(),
        code_challenge_method: z.literal('S256'),
        nonce: z.string().optional(),
        prompt: z.string().optional(),
        max_age: z.string().optional(),
        login_hint: z.string().optional(),
        org: z
          .string()
          .optional()
          .describe('Short name of the person’s organisation: the sign-in starts there at once.'),
      }),
      security: [],
      success: redirect('To the approval, which asks for a sign-in if there is none. Or to the app, with an `error`.'),
      also: [
        pageOrFault(400, 'What is wrong with the request, where it names no app to go back to.'),
        pageOrFault(429),
        pageOrFault(500),
        pageOrFault(503),
      ],
      handlers: [limitBeginnings, serve],
    }),
    endpoint({
      method: 'get',
      path: `${paths.authorization}/{uid}`,
      id: 'resumeAuthorization',
      tag,
      summary: 'Back to the app after the approval',
      description: 'The browser comes here by itself.',
      params: uid,
      security: [],
      success: redirect('To the app, with the code.'),
      also: [pageOrFault(400, 'It is too late, or was begun in another browser.'), pageOrFault(500), pageOrFault(503)],
      handlers: [serve],
    }),
  ];
}

function tokenEndpoints({ serve }: Handlers): readonly Endpoint[] {
  const common = { tag, preflight: serve, handlers: [serve] };
  const posted = {
    ...common,
    method: 'post',
    bodyType: formType,
    security: [],
    also: faults(400, 401, 500, 503),
  } as const;
  const userinfo = {
    ...common,
    path: paths.userinfo,
    summary: 'Claims of the person',
    description: 'OpenID Connect Core §5.3.',
    security: ['accessToken'],
    success: { status: 200, description: 'As the token’s scopes allow.', schema: claims },
    also: faults(400, 401, 403, 500, 503),
  } as const;
  return [
    endpoint({
      ...posted,
      path: paths.token,
      id: 'getToken',
      summary: 'Tokens for a code, a refresh token or a device code',
      description:
        'A refresh token changes with each use. Used again within the organisation’s grace (10 seconds, policy `refreshGraceSeconds`), for the same scope, it gives up to three successors, until one of them is used; any other use of a used token, or of a successor whose sibling was used, ends the grant. A device that asks for its tokens more often than its `interval` hears `slow_down`, and waits 5 seconds longer from then on.',
      body: tokenRequest,
      bodyExample: { client_id: 'mobile-app', grant_type: 'refresh_token', refresh_token: 'the-last-one' },
      success: { status: 200, description: 'The tokens.', schema: tokens },
    }),
    endpoint({
      ...posted,
      path: paths.revocation,
      id: 'revokeToken',
      summary: 'Give a token back',
      description:
        'RFC 7009. A refresh token ends its grant, and so does an access token that has not expired. It is not the person’s sign-out, which `POST /api/signout` is: the policy of global logout counts there.',
      body: aToken,
      bodyExample: { client_id: 'mobile-app', token: 'the-refresh-token' },
      success: { status: 200, description: 'It counts no more, if it ever did.', schema: z.object({}) },
    }),
    endpoint({
      ...posted,
      path: paths.introspection,
      id: 'introspectToken',
      summary: 'Whether a token of the app’s own counts',
      description: 'RFC 7662.',
      body: aToken,
      bodyExample: { client_id: 'mobile-app', token: 'the-access-token' },
      success: { status: 200, description: 'What it is.', schema: z.looseObject({ active: z.boolean() }) },
    }),
    endpoint({
      ...userinfo,
      method: 'get',
      id: 'getUserInfo',
      query: z.object({ scope: scope.optional().describe('The claims of fewer scopes than the token has.') }),
    }),
    endpoint({
      ...userinfo,
      method: 'post',
      id: 'postUserInfo',
      description: `${userinfo.description} A form may bring the token as \`access_token\` (RFC 6750 §2.2).`,
    }),
  ];
}
