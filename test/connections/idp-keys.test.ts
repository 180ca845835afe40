import { generateKeyPairSync, type JsonWebKey, randomUUID } from 'node:crypto';
import { CompactSign, compactVerify } from 'jose';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createIdpKeys, type IdpKeys, peek, UntrustedJwt } from '../../src/connections/idp-keys.ts';
import { createGuardedFetch } from '../../src/http/guarded-fetch.ts';
import { type Answer, answers } from '../support/hostile-answers.ts';
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
  idp.reset();
});
afterAll(async () => {
  vi.restoreAllMocks();
  await idp.stop();
});

const connection = (id = 'con_1') => ({ orgId: 'org_1', id, jwksUri: `${idp.issuer}/jwks` });
const fetches = () => idp.requests.filter(({ endpoint }) => endpoint === 'jwks').length;
const token = (header: Record<string, unknown> = {}) => idp.keys.sign({ iss: 'i' }, { header });
const network = '192.0.2.0/24';
const expected = { types: ['JWT'], network };
const verify = (which = token(), id = 'con_1', from = network) =>
  keys.verify(which, connection(id), { types: ['JWT'], network: from });
/** As for a token that the IdP itself handed over. */
const verifyOwn = (which = token(), patience = 5_000) =>
  keys.withKeys(which, connection(), (key) => compactVerify(which, key), { patience });
const foreign = () => idp.keys.sign({}, { signer: 'foreign', header: { kid: randomUUID() } });
const unavailable = { code: 'unavailable', status: 503, headers: { 'Retry-After': expect.stringMatching(/^\d+$/) } };

it('fetches a set once for all who need it, and again for each connection', async () => {
  const before = fetches();
  await Promise.all(Array.from({ length: 20 }, () => verify()));
  expect(fetches()).toBe(before + 1);
  await verify(token(), 'con_2');
  await keys.verify(token(), { ...connection(), orgId: 'org_2' }, expected);
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

it('lets the junk of one network use up the fetch of no other', async () => {
  await verify();
  for (let count = 0; count < 2; count += 1) await verify(foreign()).catch(() => {});
  idp.keys.rotate();
  const before = fetches();
  await expect(verify()).rejects.toMatchObject(unavailable);
  expect(fetches()).toBe(before);
  await verify(token(), 'con_1', '198.51.100.0/24');
  expect(fetches()).toBe(before + 1);
  await verify();
});

it('gives an IdP that has called before its fetch, while junk comes from five hundred networks', async () => {
  await verify();
  const before = fetches();
  const startedAt = performance.now();
  const answered = new Map<string, number>();
  for (let count = 0; count < 500; count += 1) {
    const { reason, code } = await verify(foreign(), 'con_1', `network ${count}`).catch((error) => error);
    answered.set(reason ?? code, (answered.get(reason ?? code) ?? 0) + 1);
  }
  const made = fetches() - before;
  expect(made).toBeLessThanOrEqual(10 + Math.ceil((performance.now() - startedAt) / 6_000));
  expect([...answered]).toEqual([
    ['unknown_key', made],
    ['unavailable', 500 - made],
  ]);
  idp.keys.rotate();
  await verify();
  expect(fetches() - before).toBe(made + 1);
});

it('has a new network wait for six seconds at most in such a flood', async () => {
  await verify();
  for (let count = 0; count < 20; count += 1) await verify(foreign(), 'con_1', `network ${count}`).catch(() => {});
  idp.keys.rotate();
  const refused = await verify(token(), 'con_1', 'new').catch((error) => error);
  expect(refused).toMatchObject({ ...unavailable, headers: { 'Retry-After': expect.stringMatching(/^[1-6]$/) } });
  ahead += 6_000;
  await verify(token(), 'con_1', 'new');
});

it('learns a new key under the id of the old one, by one fetch of a network a minute', async () => {
  await verify();
  idp.keys.rotate({ keepKid: true });
  const before = fetches();
  await verify();
  expect(fetches()).toBe(before + 1);
  await expect(verify(idp.keys.sign({}, { signer: 'foreign' }))).rejects.toMatchObject(unavailable);
  ahead += minute;
  await expect(verify(idp.keys.sign({}, { signer: 'foreign' }))).rejects.toMatchObject({ reason: 'signature' });
  expect(fetches()).toBe(before + 2);
});

describe('a token that the IdP itself handed over', () => {
  /** From here on the first `count` answers are made so. */
  function answerFirst(count: number, answer: Answer) {
    let left = count;
    const honest = async () => answers.json(await idp.keys.jwks());
    idp.set('jwks', async (...args) => (left-- > 0 ? answer : await honest())(...args));
  }

  it.each([
    ['under a new id', {}, {}],
    ['under the same id', { keepKid: true }, {}],
    ['under none', {}, { kid: undefined }],
  ])('is verified by keys that changed right after a fetch, %s', async (_name, how, header) => {
    await verifyOwn();
    const before = fetches();
    idp.keys.rotate(how);
    const late = token(header);
    await Promise.all(Array.from({ length: 10 }, () => verifyOwn(late)));
    expect(fetches()).toBe(before + 1);
  });

  it('is verified once a set that lags behind has its key', async () => {
    await verifyOwn();
    answerFirst(2, answers.json(await idp.keys.jwks()));
    idp.keys.rotate();
    const before = fetches();
    await Promise.all([verifyOwn(), verifyOwn()]);
    expect(fetches()).toBe(before + 3);
  });

  it('is verified once the set can be had again', async () => {
    answerFirst(2, answers.status(500));
    const before = fetches();
    await Promise.all([verifyOwn(), verifyOwn()]);
    expect(fetches()).toBe(before + 3);
  });

  it('is verified though a fetch was under way that lacks its key', async () => {
    await verifyOwn();
    const old = answers.json(await idp.keys.jwks());
    const asked = Promise.withResolvers<void>();
    const rotated = Promise.withResolvers<void>();
    answerFirst(1, async (...args) => {
      asked.resolve();
      await rotated.promise;
      return old(...args);
    });
    const junk = expect(verify(foreign())).rejects.toMatchObject({ reason: 'unknown_key' });
    await asked.promise;
    idp.keys.rotate();
    const verified = verifyOwn();
    rotated.resolve();
    await Promise.all([junk, verified]);
  });

  it('is refused when patience ends, at once if that is none, or where its key is known', async () => {
    await verifyOwn();
    const before = fetches();
    await expect(verifyOwn(foreign(), 2_000)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    const made = fetches() - before;
    expect(made).toBeLessThanOrEqual(4);
    await expect(verifyOwn(foreign(), 0)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    const known = idp.keys.sign({}, { signer: 'foreign' });
    await expect(verifyOwn(known)).rejects.toMatchObject({ code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
    expect(fetches()).toBe(before + made + 2);
  });
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
  await keys.withKeys(unnamed, connection(), check, { network });
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
  await keys.verify(untyped, connection(), { ...expected, types: ['logout+jwt', null] });
  await expect(verify(untyped)).rejects.toMatchObject({ reason: 'type' });
  await expect(keys.verify(token(), connection(), { ...expected, types: [null] })).rejects.toThrow(UntrustedJwt);
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
