import { z } from 'zod';
import type { Documented } from '../api/operation.ts';

const tag = 'Sign-in';
const params = z.object({ org: z.string().describe('Short name or id of the organisation.') });
/** The parameters of a sign-in that a third party initiates (OpenID Connect Core §4). */
const initiated = {
  iss: z.string().optional(),
  login_hint: z.string().optional(),
  target_link_uri: z.string().optional(),
};
const pages = { contentTypes: ['text/html'] };

export const signInDocumentation: readonly Documented[] = [
  {
    method: 'get',
    path: '/openid/start/{org}',
    id: 'startSignIn',
    tag,
    summary: 'Begin a sign-in: go to the organisation’s IdP',
    description:
      'A browser is sent on to the identity provider, with a sealed state that only it can bring back. A third party may begin a sign-in here too (OpenID Connect Core §4).',
    params,
    query: z.object({
      connection: z.string().optional().describe('Which one, if the organisation has several.'),
      returnTo: z.string().optional().describe('A path here, to come back to.'),
      prompt: z.string().optional().describe('`login`: authenticate anew.'),
      ...initiated,
    }),
    security: [],
    success: { status: 302, description: 'To the IdP.', headers: { Location: 'The IdP’s authorization endpoint.' } },
    also: [404, 502, 503].map((status) => ({ status, description: 'A page that says why not.', ...pages })),
  },
  {
    method: 'post',
    path: '/openid/start/{org}',
    id: 'startSignInByForm',
    tag,
    summary: 'The same by a form, as a third party may initiate it',
    description: 'OpenID Connect Core §4 lets a third party post what a link would say.',
    params,
    bodyType: 'application/x-www-form-urlencoded',
    body: z.object(initiated),
    security: [],
    success: { status: 303, description: 'To the same address by GET.', headers: { Location: 'The address.' } },
  },
  {
    method: 'get',
    path: '/openid/callback/{org}',
    id: 'completeSignIn',
    tag,
    summary: 'Back from the IdP',
    description: 'The identity provider sends the browser here. Whoever was signed out since has to authenticate anew.',
    params,
    query: z.object({
      state: z.string(),
      code: z.string().optional(),
      error: z.string().optional(),
      iss: z.string().optional(),
    }),
    security: [],
    success: {
      status: 303,
      description: 'Signed in: to where the person wanted to go. Or to the IdP once more, for a new authentication.',
      headers: { Location: 'The page.' },
    },
    also: [400, 403, 404, 409, 502, 503].map((status) => ({
      status,
      description: 'A page that says why not.',
      ...pages,
    })),
  },
  {
    method: 'post',
    path: '/api/openid/check',
    id: 'findOrg',
    tag,
    summary: 'Which organisation an address signs in with',
    description: 'By its verified domain alone: never whether a user exists.',
    body: z.object({ username: z.string() }),
    bodyExample: { username: 'trinity@whiterabbit.fake' },
    security: [],
    success: {
      status: 200,
      description: 'Its short name, or null.',
      schema: z.object({ org_id: z.string().nullable() }),
    },
  },
];
