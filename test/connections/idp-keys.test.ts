import { generateKeyPairSync, type JsonWebKey, randomUUID } from 'node:crypto';
import { CompactSign, compactVerify } from 'jose';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { createIdpKeys, type IdpKeys, peek, UntrustedJwt } from '../../src/connections/idp-keys.ts';
import { createGuardedFetch } from '../../src/http/guarded-fetch.ts';
import { answers } from '../support/hostile-answers.ts';
import { type HostileIdp, startHostileIdp } from '../support/hostile-idp.ts';
import { createHostileKeys } from '../support/hostile-keys.ts';

const minute = 60_000;
const guardedFetch = createGuardedFetch({ mode: 'development', privateHosts: [] });
let idp: HostileIdp;
let keys: IdpKeys;
/** Milliseconds by which this process's monotonic clock is ahead. */
let ahead = 0;
beforeAll(async () => {
  idp = await startHostileIdp();
  const real = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => real() + ahead);
});
beforeEach(() => {
  keys = createIdpKeys({ guardedFetch, log: pino({ level: 'silent' }) });
});
afterEach(() => {
  keys.stop();
  idp.reset();
});
afterAll(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await idp.stop();
});

const connection = (id = 'con_1') => ({ orgId: 'org_1', id, jwksUri: `${idp.issuer}/jwks` });
const fetches = () => idp.requests.filter(({ endpoint }) => endpoint === 'jwks').length;
const token = (header: Record<string, unknown> = {}) => idp.keys.sign({ iss: 'i' }, { header });
const verify = (which = token(), id = 'con_1') => keys.verify(which, connection(id), { types: ['JWT'] });
const foreign = () => idp.keys.sign({}, { signer: 'foreign', header: { kid: randomUUID() } });
const unavailable = { code: 'unavailable', status: 503, headers: { 'Retry-After': expect.stringMatching(/^\d+$/) } };

it('fetches a set once for all who need it, and again for each connection', async () => {
  const before = fetches();
  await Promise.all(Array.from({ length: 20 }, () => verify()));
  expect(fetches()).toBe(before + 1);
  await verify(token(), 'con_2');
  await keys.verify(token(), { ...connection(), orgId: 'org_2' }, { types: ['JWT'] });
  expect(fetches()).toBe(before + 3);
});

it('uses a set for five minutes; then on, while it is fetched anew beside', async () => {
  await verify();
  const before = fetches();
  ahead += 4 * minute;
  await verify();
  expect(fetches()).toBe(before);
  ahead += 2 * minute;
  idp.set('jwks', answers.hang());
  await verify();
  await expect.poll(fetches).toBe(before + 1);
});

it('learns new keys and forgets old ones by that, without any that is unknown', async () => {
  const old = token();
  await verify(old);
  const before = fetches();
  idp.keys.rotate();
  ahead += 6 * minute;
  await verify(old);
  await expect.poll(fetches).toBe(before + 1);
  await expect.poll(() => verify(old).catch((error) => error.reason ?? error.code)).toMatch(/unknown_key|unavailable/);
  await verify();
});

it('goes on with what it has for an hour while the keys cannot be had, and not longer', async () => {
  await verify();
  idp.set('jwks', answers.status(500));
  ahead += 59 * minute;
  await verify();
  ahead += 2 * minute;
  await expect(verify()).rejects.toMatchObject(unavailable);
  idp.reset();
  ahead += 1_001;
  await verify();
});

it('asks an address that fails once a second, however many ask', async () => {
  idp.set('jwks', answers.status(500));
  const before = fetches();
  for (let count = 0; count < 20; count += 1) await expect(verify()).rejects.toMatchObject(unavailable);
  expect(fetches()).toBe(before + 1);
});

it('says 401 of an unknown key right after a fetch, and 503 within the minute after', async () => {
  await expect(verify(foreign())).rejects.toMatchObject({ reason: 'unknown_key' });
  await expect(verify(foreign())).rejects.toMatchObject({ reason: 'unknown_key' });
  const before = fetches();
  for (let count = 0; count < 5; count += 1) await expect(verify(foreign())).rejects.toMatchObject(unavailable);
  expect(fetches()).toBe(before);
  ahead += minute;
  await expect(verify(foreign())).rejects.toMatchObject({ reason: 'unknown_key' });
  expect(fetches()).toBe(before + 1);
});

it('fetches by itself when the minute is over, if somebody asked for a key within it', async () => {
  await verify();
  await expect(verify(foreign())).rejects.toMatchObject({ reason: 'unknown_key' });
  const before = fetches();
  idp.keys.rotate();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await expect(verify()).rejects.toMatchObject(unavailable);
  await expect(verify()).rejects.toMatchObject(unavailable);
  vi.advanceTimersByTime(minute);
  vi.useRealTimers();
  await expect.poll(fetches).toBe(before + 1);
  await expect.poll(() => verify().then(() => 'verified', String)).toBe('verified');
  expect(fetches()).toBe(before + 1);
});

it('fetches nothing more once it was stopped', async () => {
  await verify();
  await expect(verify(foreign())).rejects.toMatchObject({ reason: 'unknown_key' });
  const before = fetches();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await expect(verify(foreign())).rejects.toMatchObject(unavailable);
  keys.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  expect(fetches()).toBe(before);
});

it('takes keys of an IdP that publishes a broken one beside them, and none that are private', async () => {
  const good = (await idp.keys.jwks()).keys;
  idp.set('jwks', answers.json({ keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }, { kty: 'oct', k: 'x' }, ...good] }));
  await verify();
  await verify(token({ kid: undefined }));
});

it('takes no key that is published with its private part', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const leaked = { ...privateKey.export({ format: 'jwk' }), kid: 'leaked' };
  idp.set('jwks', answers.json({ keys: [leaked, ...(await idp.keys.jwks()).keys] }));
  await verify();
  const stolen = await new CompactSign(Buffer.from('{}'))
    .setProtectedHeader({ alg: 'EdDSA', kid: 'leaked', typ: 'JWT' })
    .sign(privateKey);
  await expect(verify(stolen)).rejects.toMatchObject({ reason: 'unknown_key' });
});

it.each<[string, (good: JsonWebKey[]) => unknown]>([
  ['more than 100 keys', (good) => ({ keys: [...Array.from({ length: 100 }, () => ({ kty: 'RSA' })), ...good] })],
  ['keys that are no objects', (good) => ({ keys: [null, ...good] })],
  ['no list', (good) => ({ keys: good[0] })],
  ['a list alone', (good) => good],
])('takes no set with %s', async (_name, published) => {
  const good = (await idp.keys.jwks()).keys;
  idp.set('jwks', answers.json(published(good)));
  await expect(verify()).rejects.toMatchObject(unavailable);
});

it('takes a set of 100 keys, and tries ten of them for a token that names none', async () => {
  const [good] = (await idp.keys.jwks()).keys;
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
  const publish = (keys: unknown[]) => {
    const rest = Array.from({ length: 100 - keys.length }, (_, index) => ({ ...other, kid: `rest-${index}` }));
    idp.set('jwks', answers.json({ keys: [...keys, ...rest] }));
  };
  const nine = [...Array.from({ length: 4 }, () => short), ...Array.from({ length: 5 }, () => other)];
  const unnamed = token({ kid: undefined });
  publish([{ kty: 'RSA' }, ...nine, good]);
  await verify(unnamed);
  publish([...nine, other, good]);
  await expect(verify(unnamed, 'con_2')).rejects.toMatchObject({ reason: 'unknown_key' });
  await verify(token(), 'con_2');
});

it('does not count as the one fetch a minute what failed, nor what was left out after that', async () => {
  await verify();
  idp.keys.rotate();
  idp.set('jwks', answers.status(500));
  for (let count = 0; count < 2; count += 1)
    await expect(verify()).rejects.toMatchObject({ ...unavailable, headers: { 'Retry-After': '5' } });
  idp.reset();
  ahead += 5_000;
  await verify();
});

it('calls no key unknown that it has not looked for in what was fetched meanwhile', async () => {
  const [first, second] = await Promise.all([idp.keys.jwks(), createHostileKeys().then((keys) => keys.jwks())]);
  const two = [...first.keys, ...second.keys];
  idp.set('jwks', answers.json({ keys: two }));
  await verify();
  idp.keys.rotate();
  idp.set('jwks', answers.json({ keys: [...two, ...(await idp.keys.jwks()).keys] }));
  ahead += 6 * minute;
  const unnamed = token({ kid: undefined });
  let asked = false;
  const check = async (key: Parameters<Parameters<IdpKeys['withKeys']>[2]>[0]) => {
    // While the old set is tried, the fetch beside brings the new one.
    if (!asked) {
      asked = true;
      await verify();
    }
    return compactVerify(unnamed, key);
  };
  await keys.withKeys(unnamed, connection(), check, { handedOver: false });
});

it('keeps the sets of a thousand connections', async () => {
  const before = fetches();
  for (let count = 0; count < 1_000; count += 1) await verify(token(), `con_${count}`);
  await verify(token(), 'con_0');
  expect(fetches()).toBe(before + 1_000);
  await verify(token(), 'con_1000');
  await verify(token(), 'con_999');
  expect(fetches()).toBe(before + 1_001);
  await verify(token(), 'con_0');
  expect(fetches()).toBe(before + 1_002);
});

it('takes the types it is told to, "none" too', async () => {
  const untyped = token({ typ: undefined });
  await keys.verify(untyped, connection(), { types: ['logout+jwt', null] });
  await expect(verify(untyped)).rejects.toMatchObject({ reason: 'type' });
  await expect(keys.verify(token(), connection(), { types: [null] })).rejects.toThrow(UntrustedJwt);
});

it('peeks at what is a JWT, up to 16 KB', () => {
  const claims = { iss: 'i', sub: 's', aud: ['a'] };
  expect(peek(idp.keys.sign(claims))).toEqual(claims);
  expect(peek(idp.keys.sign({ iss: 1 }, { header: { typ: 7 } }))).toEqual({ iss: null, sub: null });
  for (const not of [
    '',
    'a.b.c',
    'e30',
    idp.keys.sign(null),
    idp.keys.sign([]),
    idp.keys.sign({ x: 'x'.repeat(16_384) }),
  ])
    expect(peek(not)).toBeNull();
});
