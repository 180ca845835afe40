import { z } from 'zod';
import type { Documented, Success } from '../api/operation.ts';
import { paths } from './provider.ts';

const tag = 'OAuth for your apps';
const form = 'application/x-www-form-urlencoded';
const client = { client_id: z.string().meta({ examples: ['mobile-app'] }) };
const scope = z.string().meta({ examples: ['openid email profile offline_access'] });
const uid = z.object({ uid: z.string() });

const fault = z
  .object({ error: z.string(), error_description: z.string().optional() })
  .loose()
  .meta({ id: 'OAuthError', description: 'RFC 6749 §5.2.' });
const faults = (...statuses: number[]): readonly Success[] =>
  statuses.map((status) => ({ status, description: 'In the form of OAuth’s errors.', schema: fault }));
const page = (status: number, description: string): Success => ({ status, description, contentTypes: ['text/html'] });
const redirect = (description: string): Success => ({ status: 303, description, headers: { Location: 'Where to.' } });

const metadata = (path: string, id: string): Documented => ({
  method: 'get',
  path,
  id,
  tag,
  summary: 'What the authorization server can do',
  description: 'One document at both addresses (OpenID Connect Discovery 1.0, RFC 8414).',
  security: [],
  success: {
    status: 200,
    description: 'The metadata.',
    schema: z.looseObject({ issuer: z.url(), token_endpoint: z.url(), global_token_revocation_endpoint: z.url() }),
  },
});

const claims = z.object({ sub: z.string(), email: z.string().optional(), name: z.string().optional() });
const userinfo = {
  path: paths.userinfo,
  tag,
  summary: 'Claims of the person',
  description: 'OpenID Connect Core §5.3.',
  security: ['accessToken'],
  success: { status: 200, description: 'As the token’s scopes allow.', schema: claims },
  also: faults(400, 401, 403, 503),
} as const;

const tokenRequest = z.object({
  ...client,
  grant_type: z.enum(['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code']),
  code: z.string().optional(),
  redirect_uri: z.string().optional(),
  code_verifier: z.string().optional(),
  refresh_token: z.string().optional(),
  device_code: z.string().optional(),
});
const aToken = z.object({ ...client, token: z.string(), token_type_hint: z.string().optional() });

export const tokensDocumentation: readonly Documented[] = [
  metadata('/.well-known/openid-configuration', 'getOpenIdConfiguration'),
  metadata('/.well-known/oauth-authorization-server', 'getAuthorizationServerMetadata'),
  {
    method: 'get',
    path: paths.authorization,
    id: 'authorize',
    tag,
    summary: 'Begin the code flow',
    description: 'In a browser, with PKCE (S256).',
    query: z.object({
      ...client,
      response_type: z.literal('code'),
      redirect_uri: z.string(),
      scope,
      state: z.string().optional(),
      code_challenge: z.string(),
      code_challenge_method: z.literal('S256'),
      nonce: z.string().optional(),
      prompt: z.string().optional(),
      max_age: z.string().optional(),
      login_hint: z.string().optional(),
      org: z.string().optional().describe('Short name of the person’s organisation: the sign-in starts there at once.'),
    }),
    security: [],
    success: redirect('To the approval, which asks for a sign-in if there is none.'),
    also: [page(400, 'A page that says what is wrong with the request.')],
    problems: ['too_many_requests'],
  },
  {
    method: 'get',
    path: `${paths.authorization}/{uid}`,
    id: 'resumeAuthorization',
    tag,
    summary: 'Back to the app after the approval',
    description: 'The browser comes here by itself.',
    params: uid,
    security: [],
    success: redirect('To the app, with the code.'),
    also: [page(400, 'It is too late, or was begun in another browser.')],
  },
  {
    method: 'get',
    path: '/oauth/interaction/{uid}',
    id: 'approve',
    tag,
    summary: 'Approve an app’s request with the browser’s session',
    description:
      'An app whose redirect address is a loopback port or a custom scheme is approved by the person alone (RFC 8252 §8.6): a page says who is signed in and what the app gets, and its button is the yes.',
    params: uid,
    security: ['session'],
    securityOptional: true,
    success: redirect('Back to the authorization, or to the sign-in.'),
    also: [page(200, 'The page that asks.')],
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/oauth/interaction/{uid}',
    id: 'confirmApproval',
    tag,
    summary: 'The person’s yes to an app’s request',
    description: 'Sent by the button of the page that asks.',
    params: uid,
    bodyType: form,
    body: z.object({ seal: z.string().describe('From the page: it counts for the session that saw it.') }),
    security: ['session'],
    securityOptional: true,
    success: redirect('Back to the authorization.'),
    also: [page(200, 'The page anew, for whoever is signed in by now, or the way to the sign-in.')],
    problems: ['foreign_origin'],
  },
  {
    method: 'post',
    path: paths.token,
    id: 'getToken',
    tag,
    summary: 'Tokens for a code, a refresh token or a device code',
    description: 'A refresh token changes with each use; a second use of one ends the grant.',
    bodyType: form,
    body: tokenRequest,
    bodyExample: { client_id: 'mobile-app', grant_type: 'refresh_token', refresh_token: 'the-last-one' },
    security: [],
    success: {
      status: 200,
      description: 'The tokens.',
      schema: z.object({
        access_token: z.string(),
        token_type: z.literal('Bearer'),
        expires_in: z.int().describe('Seconds.'),
        scope: z.string(),
        refresh_token: z.string().optional(),
        id_token: z.string().optional(),
      }),
    },
    also: faults(400, 401, 503),
  },
  {
    method: 'post',
    path: paths.revocation,
    id: 'revokeToken',
    bodyExample: { client_id: 'mobile-app', token: 'the-refresh-token' },
    tag,
    summary: 'Give a token back',
    description:
      'RFC 7009. A refresh token ends its grant, an access token only itself. It is not the person’s sign-out, which `POST /api/signout` is: the policy of global logout counts there.',
    bodyType: form,
    body: aToken,
    security: [],
    success: { status: 200, description: 'It counts no more, if it ever did.' },
    also: faults(400, 401, 503),
  },
  {
    method: 'post',
    path: paths.introspection,
    id: 'introspectToken',
    bodyExample: { client_id: 'mobile-app', token: 'the-access-token' },
    tag,
    summary: 'Whether a token of the app’s own counts',
    description: 'RFC 7662.',
    bodyType: form,
    body: aToken,
    security: [],
    success: { status: 200, description: 'What it is.', schema: z.looseObject({ active: z.boolean() }) },
    also: faults(400, 401, 503),
  },
  { ...userinfo, method: 'get', id: 'getUserInfo' },
  { ...userinfo, method: 'post', id: 'postUserInfo' },
  {
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
      schema: z.object({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })) }),
      contentTypes: ['application/jwk-set+json'],
    },
  },
  {
    method: 'post',
    path: paths.device_authorization,
    id: 'beginDeviceFlow',
    tag,
    summary: 'Begin the device flow',
    description: 'RFC 8628: for the command line.',
    bodyType: form,
    body: z.object({ ...client, scope: scope.optional() }),
    bodyExample: { client_id: 'cli', scope: 'openid email profile offline_access' },
    security: [],
    success: {
      status: 200,
      description: 'The codes.',
      schema: z.object({
        device_code: z.string(),
        user_code: z.string(),
        verification_uri: z.url(),
        verification_uri_complete: z.url(),
        expires_in: z.int(),
      }),
    },
    also: faults(400, 401, 429, 503),
  },
  {
    method: 'get',
    path: paths.code_verification,
    id: 'showDeviceForm',
    tag,
    summary: 'Where a person types the code of a device',
    description: 'RFC 8628 §3.3. A link may bring the code along.',
    query: z.object({ user_code: z.string().optional() }),
    security: [],
    success: page(200, 'The form.'),
    problems: ['too_many_requests'],
  },
  {
    method: 'post',
    path: paths.code_verification,
    id: 'answerDevice',
    tag,
    summary: 'The person compares the code, and says yes or no',
    description: 'Sent by the page that shows the code.',
    bodyType: form,
    body: z.object({
      xsrf: z.string(),
      user_code: z.string(),
      confirm: z.string().optional(),
      abort: z.string().optional(),
    }),
    security: [],
    success: page(200, 'The next page.'),
    also: [redirect('To the approval.'), page(400, 'The form again, with what was wrong.')],
    problems: ['foreign_origin', 'too_many_requests'],
  },
  {
    method: 'get',
    path: `${paths.code_verification}/{uid}`,
    id: 'resumeDevice',
    tag,
    summary: 'After the approval of a device',
    description: 'The browser comes here by itself.',
    params: uid,
    security: [],
    success: page(200, 'The device is signed in.'),
    also: [redirect('To the form.'), page(400, 'It is too late, or was begun in another browser.')],
    problems: ['too_many_requests'],
  },
];
