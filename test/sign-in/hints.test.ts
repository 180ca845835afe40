import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { answers } from '../support/hostile-answers.ts';
import { type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
beforeAll(async () => {
  bed = await startSignInBed();
});
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

const hintOf = async () => {
  const { page } = await bed.attempt();
  return String(bed.logged(page).find(({ msg }) => msg === 'sign-in refused')?.hint);
};
const set = (data: { tokenEndpointAuth?: 'client_secret_basic' | 'client_secret_post'; requestAuthTime?: boolean }) =>
  bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data });

// What identity providers say, each in its own words.
test.each([
  ['invalid_request', 'The redirect URI is not registered', 'Register this redirect URI'],
  ['invalid_request', 'redirect_url mismatch', 'Register this redirect URI'],
  ['invalid_request', "AADSTS50011: The redirect URI 'x' does not match", 'Register this redirect URI'],
  ['invalid_request', 'The reply URL is unknown', 'Register this redirect URI'],
  ['invalid_request', 'Callback URL mismatch', 'Register this redirect URI'],
  ['invalid_request', 'Missing code challenge', 'PKCE'],
  ['invalid_request', 'Code_Challenge_Method S256 is unsupported', 'PKCE'],
  ['invalid_request', 'Unknown value of prompt', 'prompt=login'],
  ['invalid_request', 'Answer promptly', 'Its words stand in idpError'],
  ['consent_required', undefined, 'consent'],
  ['interaction_required', 'AADSTS65001: The user has not consented, send an interactive prompt', 'consent'],
  ['interaction_required', undefined, 'prompt=login'],
])('in the callback: %s, %s', async (error, error_description, hint) => {
  bed.hostile.setAuthorizeParams((_query, { state, iss }) => ({ state, iss, error, error_description }));
  expect(await hintOf()).toContain(hint);
});

test.each([
  [400, 'invalid_grant', 'The code verifier is wrong', 'PKCE'],
  [400, 'invalid_grant', 'AADSTS65001: The user or administrator has not consented', 'consent'],
  [403, 'invalid_code', undefined, 'refused the code'],
  [403, 'unauthorized_client', undefined, '--client-secret -'],
])('from the token endpoint: %i %s, %s', async (status, error, error_description, hint) => {
  bed.hostile.set('token', answers.json({ error, error_description }, status));
  expect(await hintOf()).toContain(hint);
});

test('a secret in the header may not be decoded there', async () => {
  bed.hostile.set('token', answers.json({ error: 'invalid_client' }, 401));
  expect(await hintOf()).toMatch(/do not decode the header.*client_secret_post first/);
  await set({ tokenEndpointAuth: 'client_secret_post' });
  expect(await hintOf()).not.toContain('decode');
  await set({ tokenEndpointAuth: 'client_secret_basic' });
});

test('auth_time is to be asked for first, unless it is', async () => {
  await bed.pool.query('UPDATE orgs SET revoked_at = now() WHERE id = $1', [bed.org.id]);
  bed.hostile.setIdToken({ claims: { auth_time: undefined } });
  expect(await hintOf()).toMatch(/--request-auth-time on.*optional claim.*--reauthentication best_effort/);
  await set({ requestAuthTime: true });
  expect(await hintOf()).not.toContain('--request-auth-time on');
});

test('an issuer that the browser brought is marked so, and is to be compared first', async () => {
  bed.hostile.setAuthorizeParams((_query, honest) => ({ ...honest, iss: 'https://other.example' }));
  const { page } = await bed.attempt();
  const [line] = bed.logged(page);
  expect(line).toMatchObject({ reason: 'issuer_mixed_up', namedIssuer: 'https://other.example', idpVia: 'browser' });
  expect(line?.hint).toMatch(/came by the browser.*compare.*metadata.*--accepted-issuer/);
});
