import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { DemoTenant } from '../../src/demo-idp/tenant.ts';
import { createBrowser } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { startTestIdp, type TestIdp } from '../support/idp.ts';
import { startReceiver } from './receiver.ts';
import { createRelyingParty, redirectUri } from './relying-party.ts';

const trinity = { subject: 'sub-trinity', email: 'trinity@whiterabbit.fake', name: 'Trinity', password: 'Zion123$' };
const neo = { subject: 'sub-neo', email: 'neo@whiterabbit.fake', name: 'Neo', password: 'Spoon1' };
const client = { id: 'the-app', secret: 'secret-of-the-app', redirectUris: [redirectUri] };

let receiver: Awaited<ReturnType<typeof startReceiver>>;
let idp: TestIdp;
let tenant: DemoTenant;
let app: Awaited<ReturnType<typeof createRelyingParty>>;

beforeAll(async () => {
  receiver = await startReceiver();
  idp = await startTestIdp({
    tenants: [
      {
        path: '1',
        name: 'White Rabbit',
        client,
        users: [trinity, neo],
        app: {
          name: 'The app',
          revocationEndpoint: `${receiver.url}/global-token-revocation`,
          backchannelLogoutUri: `${receiver.url}/openid/backchannel-logout/1`,
          securityEventsUrl: async () => `${receiver.url}/ssf/events/con_1`,
        },
      },
      { path: '2', name: 'Alone', client, users: [trinity] },
    ],
  });
  tenant = idp.tenant('1');
  app = await createRelyingParty(tenant.issuer, client);
});

afterAll(async () => {
  await idp.stop();
  await receiver.stop();
  expect(idp.faults).toEqual([]);
});

afterEach(() => {
  receiver.answer(null);
  receiver.received.length = 0;
  tenant.updateApp({ subjectFormat: 'email', timeLimit: undefined });
  for (const { subject } of tenant.users()) tenant.endSessions(subject);
});

/**
 * Header and claims of a token whose signature fits the published keys; times are checked and made
 * relative to `iat`.
 */
async function open(token: string) {
  const { payload, protectedHeader } = await jwtVerify(token, createRemoteJWKSet(new URL(app.metadata.jwks_uri)));
  const { iat, exp, nbf, ...claims } = payload as JWTPayload & { iat: number };
  expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(30);
  return { header: protectedHeader, claims, exp: exp && exp - iat, nbf: nbf && nbf - iat };
}

const anything = expect.stringMatching(/^[\w-]{20,}$/);
const header = (typ: string) => ({ alg: 'RS256', kid: tenant.signingKeys()[0]?.kid, typ });

describe('clear user sessions', () => {
  test('with apps: posts the signed request that Okta sends, and nothing else', async () => {
    const { call } = await tenant.clearSessions(trinity.email, { includeApps: true });
    const request = receiver.take();
    expect([request.method, request.url]).toEqual(['POST', '/global-token-revocation']);
    expect(request.headers['content-type']).toBe('application/json');
    expect(JSON.parse(request.body)).toEqual({ sub_id: { format: 'email', email: trinity.email } });
    const [scheme, token = ''] = (request.headers.authorization ?? '').split(' ');
    expect(scheme).toBe('Bearer');
    expect(await open(token)).toEqual({
      header: header('global-token-revocation+jwt'),
      claims: { jti: anything, iss: tenant.issuer, sub: client.id, aud: `${receiver.url}/global-token-revocation` },
      exp: 300,
      nbf: -300,
    });
    expect(Object.keys(decodeJwt(token)).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'nbf', 'sub']);
    expect(call?.answer).toMatchObject({ status: 204, body: '' });
    expect(call?.token).toEqual({ header: decodeProtectedHeader(token), claims: decodeJwt(token) });
    expect(JSON.stringify(tenant.history())).not.toContain(token);
  });

  test('its ID tokens are signed by the same key, also after a rotation', async () => {
    tenant.rotateKeys();
    const { header: ofIdToken } = await app.signIn(createBrowser(), trinity);
    await tenant.clearSessions(trinity.subject, { includeApps: true });
    const token = receiver.take().headers.authorization?.split(' ')[1] ?? '';
    expect(decodeProtectedHeader(token)).toMatchObject({ kid: ofIdToken.kid, alg: ofIdToken.alg });
    await open(token);
  });

  test('names the person by issuer and subject where the app is set so', async () => {
    tenant.updateApp({ subjectFormat: 'iss_sub' });
    await tenant.clearSessions(trinity.subject, { includeApps: true });
    const subject = { format: 'iss_sub', iss: tenant.issuer, sub: trinity.subject };
    expect(JSON.parse(receiver.take().body)).toEqual({ sub_id: subject });
  });

  test('the audience has neither query nor fragment; each request has a jti of its own', async () => {
    const plain = `${receiver.url}/global-token-revocation`;
    tenant.updateApp({ revocationEndpoint: `${plain}?org=1#top` });
    const signals = [await tenant.clearSessions(trinity.subject, { includeApps: true })];
    signals.push(await tenant.clearSessions(trinity.subject, { includeApps: true }));
    tenant.updateApp({ revocationEndpoint: plain });
    expect(receiver.received.map(({ url }) => url)).toEqual(Array(2).fill('/global-token-revocation?org=1'));
    expect(signals.map(({ call }) => call?.token.claims.aud)).toEqual([plain, plain]);
    expect(new Set(signals.map(({ call }) => call?.token.claims.jti)).size).toBe(2);
  });

  test('without apps: sends nothing, and only the person’s own sessions end', async () => {
    const browser = createBrowser();
    const other = createBrowser();
    await app.signIn(browser, trinity);
    await app.signIn(other, neo);
    const { ended, call } = await tenant.clearSessions(trinity.email);
    expect([ended, call, receiver.received]).toEqual([1, null, []]);
    expect((await app.signIn(browser, trinity)).silent).toBe(false);
    expect((await app.signIn(other, neo)).silent).toBe(true);
  });

  test('a tenant without an app ends its own sessions; nobody is nobody', async () => {
    expect(await idp.tenant('2').clearSessions(trinity.email, { includeApps: true })).toMatchObject({ call: null });
    await expect(idp.tenant('2').sendBackchannelLogout(trinity.email)).rejects.toThrow('2 has no app');
    await expect(tenant.clearSessions('smith@x.fake')).rejects.toThrow('1 has no user smith@x.fake');
  });
});

describe('back-channel logout', () => {
  const tokenOf = ({ headers, url, body }: ReturnType<typeof receiver.take>) => {
    expect([url, headers['content-type']]).toEqual([
      '/openid/backchannel-logout/1',
      'application/x-www-form-urlencoded',
    ]);
    const form = new URLSearchParams(body);
    expect([...form.keys()]).toEqual(['logout_token']);
    return form.get('logout_token') ?? '';
  };
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const usual = () => ({ iss: tenant.issuer, aud: client.id, jti: anything, events, sub: trinity.subject });

  test('of a person: sub and no sid; all their sessions here are over', async () => {
    const browser = createBrowser();
    await app.signIn(browser, trinity);
    expect((await tenant.sendBackchannelLogout(trinity.subject)).ended).toBe(1);
    expect(await open(tokenOf(receiver.take()))).toEqual({
      header: header('logout+jwt'),
      claims: usual(),
      exp: 120,
      nbf: undefined,
    });
    expect((await app.signIn(browser, trinity)).silent).toBe(false);
  });

  test('of one session: the sid of its ID tokens; the others go on', async () => {
    const [first, second] = [createBrowser(), createBrowser()];
    const { sid } = (await app.signIn(first, trinity)).claims;
    const { sid: otherSid } = (await app.signIn(second, trinity)).claims;
    expect([typeof sid, sid === otherSid]).toEqual(['string', false]);
    expect((await app.signIn(first, trinity)).claims.sid).toBe(sid);
    expect(tenant.sessions(trinity.subject).map((session) => session.sid)).toEqual(
      expect.arrayContaining([sid, otherSid]),
    );
    expect((await tenant.sendBackchannelLogout(trinity.subject, { sid: String(sid) })).ended).toBe(1);
    expect((await open(tokenOf(receiver.take()))).claims).toEqual({ ...usual(), sid });
    expect((await app.signIn(second, trinity)).silent).toBe(true);
    const again = await app.signIn(first, trinity);
    expect([again.silent, again.claims.sid === sid]).toEqual([false, false]);
  });

  test('can leave the sessions here as they are', async () => {
    const browser = createBrowser();
    await app.signIn(browser, trinity);
    expect((await tenant.sendBackchannelLogout(trinity.subject, { keepSessions: true })).ended).toBeNull();
    expect((await app.signIn(browser, trinity)).silent).toBe(true);
  });

  test('follows a sign-out here, with the sid of the session', async () => {
    const browser = createBrowser();
    const { idToken, claims } = await app.signIn(browser, trinity);
    const query = new URLSearchParams({ id_token_hint: idToken });
    const page = await browser.get(`${app.metadata.end_session_endpoint}?${query}`);
    await browser.submitForm(page, { logout: 'yes' });
    expect(decodeJwt(tokenOf(receiver.take()))).toMatchObject({ sub: trinity.subject, sid: claims.sid });
    expect(tenant.history()[0]?.title).toBe('Back-channel logout after a sign-out here');
  });
});

describe('security events', () => {
  const schemas = 'https://schemas.openid.net/secevent';
  const byAdmin = { event_timestamp: expect.any(Number), initiating_entity: 'admin' };
  const person = { format: 'email', email: trinity.email };
  const cases = {
    'session-revoked': [`${schemas}/caep/event-type/session-revoked`, { ...byAdmin, reason_admin: expect.anything() }],
    'credential-change': [
      `${schemas}/caep/event-type/credential-change`,
      { ...byAdmin, credential_type: 'password', change_type: 'update' },
    ],
    'account-disabled': [`${schemas}/risc/event-type/account-disabled`, { reason: 'hijacking' }],
    verification: [`${schemas}/ssf/event-type/verification`, { state: anything }],
  } as const;

  test.each(Object.keys(cases) as (keyof typeof cases)[])('%s', async (event) => {
    await tenant.sendSecurityEvent(trinity.email, event);
    const { method, url, headers, body } = receiver.take();
    expect([method, url, headers['content-type']]).toEqual(['POST', '/ssf/events/con_1', 'application/secevent+jwt']);
    const [uri, members] = cases[event];
    expect(await open(body)).toEqual({
      header: header('secevent+jwt'),
      claims: {
        iss: tenant.issuer,
        aud: `${receiver.url}/ssf/events/con_1`,
        jti: anything,
        txn: anything,
        sub_id: event === 'verification' ? { format: 'opaque', id: client.id } : person,
        events: { [uri]: members },
      },
      exp: undefined,
      nbf: undefined,
    });
  });

  test('name the person by issuer and subject when asked', async () => {
    await tenant.sendSecurityEvent(trinity.email, 'session-revoked', { subject: 'iss_sub' });
    const subject = { format: 'iss_sub', iss: tenant.issuer, sub: trinity.subject };
    expect(decodeJwt(receiver.take().body).sub_id).toEqual(subject);
  });
});

describe('what the app answers', () => {
  const clear = async () => (await tenant.clearSessions(trinity.subject, { includeApps: true })).call?.answer;

  test('500, with a body that is cut', async () => {
    receiver.answer((response) => response.writeHead(500, { 'content-type': 'text/plain' }).end('x'.repeat(100_000)));
    const answer = await clear();
    expect(answer).toMatchObject({ status: 500, headers: { 'content-type': 'text/plain' }, cut: true });
    expect(answer?.status !== null && answer?.body).toBe('x'.repeat(4096));
  });

  test('a challenge', async () => {
    const challenge = 'Bearer realm="app", error="invalid_token"';
    receiver.answer((response) => response.writeHead(401, { 'www-authenticate': challenge }).end());
    expect(await clear()).toMatchObject({ status: 401, headers: { 'www-authenticate': challenge }, cut: false });
  });

  test('a redirect, which is not followed', async () => {
    receiver.answer((response) => response.writeHead(307, { location: '/elsewhere' }).end());
    expect(await clear()).toMatchObject({ status: 307, headers: { location: '/elsewhere' } });
    expect(receiver.take().url).toBe('/global-token-revocation');
  });

  test.each(['nothing at all', 'a head without an end'])('%s, in the time there is', async (what) => {
    tenant.updateApp({ timeLimit: 300 });
    receiver.answer((response) => {
      if (what !== 'nothing at all') response.writeHead(200).write('begun');
    });
    expect(await clear()).toMatchObject({ status: null, reason: 'nothing within 0.3 s' });
  });

  test('a connection that breaks, and an app that is down', async () => {
    receiver.answer((response) => void response.destroy());
    expect(await clear()).toMatchObject({ status: null, reason: expect.stringContaining('other side closed') });
    const { revocationEndpoint = '' } = tenant.app() ?? {};
    tenant.updateApp({ revocationEndpoint: `http://127.0.0.1:${await freePort()}/global-token-revocation` });
    expect(await clear()).toMatchObject({ status: null, reason: 'nobody listens there (ECONNREFUSED)' });
    tenant.updateApp({ revocationEndpoint });
    expect(await clear()).toMatchObject({ status: null });
    receiver.answer(null);
    expect(await clear()).toMatchObject({ status: 204 });
  });
});

test('remembers the last 20, newest first', async () => {
  for (let count = 0; count < 22; count += 1) await tenant.clearSessions(count < 21 ? trinity.subject : neo.subject);
  expect(tenant.history()).toHaveLength(20);
  expect(tenant.history()[0]?.person.subject).toBe(neo.subject);
});

test('signs anything with its current key, under any header', async () => {
  const token = await tenant.sign({ iss: 'elsewhere' }, { typ: 'odd', kid: undefined });
  expect([decodeProtectedHeader(token), decodeJwt(token)]).toEqual([
    { alg: 'RS256', typ: 'odd' },
    { iss: 'elsewhere' },
  ]);
  const usual = await tenant.sign({ iat: Math.floor(Date.now() / 1000) });
  expect((await open(usual)).header).toEqual({ alg: 'RS256', kid: tenant.signingKeys()[0]?.kid });
});
