import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createBrowser } from '../support/browser.ts';
import { answers, startHostileIdp } from '../support/idp.ts';
import { createRelyingParty } from './relying-party.ts';

let idp: Awaited<ReturnType<typeof startHostileIdp>>;
let app: Awaited<ReturnType<typeof createRelyingParty>>;

beforeAll(async () => {
  idp = await startHostileIdp();
  app = await createRelyingParty(idp.issuer, { id: idp.clientId, secret: idp.clientSecret });
  return () => idp.stop();
});
afterEach(() => idp.reset());

const token = (signal: AbortSignal | null = null) =>
  fetch(app.metadata.token_endpoint, { method: 'POST', body: 'code=x', signal });
const silence = () => AbortSignal.timeout(300);

test('left alone it is an honest identity provider', async () => {
  const { silent, claims, sent } = await app.signIn(createBrowser(), { email: '', password: '' });
  expect([silent, claims.nonce, claims.sub]).toEqual([true, sent.nonce, 'mallory']);
  expect(idp.requests.find((one) => one.endpoint === 'token')?.body).toContain('code_verifier=');
});

test('sends back whatever the authorization response is told to carry', async () => {
  idp.setAuthorizeParams((_query, { state }) => ({ state, code: ['a', 'b'], error: 'x', iss: undefined }));
  const { callbackUrl } = await app.authorize(createBrowser());
  const params = new URL(callbackUrl ?? '').searchParams;
  expect([params.getAll('code'), params.get('error'), params.has('iss')]).toEqual([['a', 'b'], 'x', false]);
});

describe('the token endpoint', () => {
  test('is silent, stops after the head, drips', async () => {
    idp.set('token', answers.hang());
    await expect(token(silence())).rejects.toThrow('timeout');
    for (const answer of [answers.hangAfterHead(), answers.drip(20)]) {
      idp.set('token', answer);
      const response = await token(silence());
      await expect(response.text()).rejects.toThrow('timeout');
    }
  });

  test('resets and breaks off', async () => {
    idp.set('token', answers.reset());
    await expect(token()).rejects.toThrow('fetch failed');
    idp.set('token', answers.truncate());
    const response = await token();
    await expect(response.text()).rejects.toThrow('terminated');
  });

  test('sends 50 MB', async () => {
    idp.set('token', answers.huge());
    expect((await (await token()).text()).length).toBeGreaterThan(50_000_000);
  });

  test('answers with an error, a redirect, null, a numeric id_token, what isn’t JSON, the wrong type', async () => {
    idp.set('token', answers.status(500));
    expect((await token()).status).toBe(500);
    idp.set('token', answers.redirect('http://localhost:9/'));
    await expect(token()).rejects.toThrow('fetch failed');
    for (const value of [null, { id_token: 42 }]) {
      idp.set('token', answers.json(value));
      expect(await (await token()).json()).toEqual(value);
    }
    idp.set('token', answers.text('{"id_token":', 'text/html'));
    const response = await token();
    expect([response.headers.get('content-type'), await response.text()]).toEqual(['text/html', '{"id_token":']);
  });
});

describe('ID tokens', () => {
  const verify = async (idToken: string) =>
    jwtVerify(idToken, createLocalJWKSet((await idp.keys.jwks()) as JSONWebKeySet), { issuer: idp.issuer });

  test('verify only when signed with the published key', async () => {
    await expect(verify(idp.signIdToken())).resolves.toBeTruthy();
    for (const signer of ['foreign', 'none', 'hs256-public'] as const) {
      await expect(verify(idp.signIdToken({ signer })), signer).rejects.toThrow();
    }
    const own = idp.signIdToken();
    idp.keys.rotate();
    await expect(verify(own)).rejects.toThrow('no applicable key');
  });

  test('carry any claims, and payloads that are not objects', async () => {
    const { payload } = await verify(idp.signIdToken({ claims: { sub: ['a'], email: undefined } }));
    expect([payload.sub, 'email' in payload]).toEqual([['a'], false]);
    await expect(verify(idp.signIdToken({ payload: null }))).rejects.toThrow();
    idp.setIdToken({ claims: { aud: 'someone-else' } });
    const { id_token } = (await (await token()).json()) as { id_token: string };
    expect((await verify(id_token)).payload.aud).toBe('someone-else');
  });
});
