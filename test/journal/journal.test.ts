import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { createFolder } from '../../src/journal/folder.ts';
import { type CallerBed, mallory, startCallerBed, statusOf } from '../revocation/caller-bed.ts';
import { startTestPostgres, type TestPostgres } from '../support/database.ts';
import { answers } from '../support/hostile-answers.ts';
import { postRevocation } from '../support/idp-jwt.ts';
import { inParallel, plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { startNode, stopProcess, trinity } from '../support/product.ts';

let postgres: TestPostgres;
const metricsToken = 'the-token-of-the-metrics';
let bed: CallerBed;
let dir: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
  dir = mkdtempSync(path.join(os.tmpdir(), 'journal-'));
  bed = await startCallerBed({ databaseUrl: postgres.url, env: { JOURNAL_DIR: dir, METRICS_TOKEN: metricsToken } });
});
afterAll(async () => {
  await bed?.stop();
  await postgres?.stop();
  if (dir) rmSync(dir, { recursive: true });
});

const files = () => readdirSync(dir);
const text = () => files().map((name) => readFileSync(path.join(dir, name), 'latin1'));
const byKey = (subject: unknown, options: { from?: string; key?: string } = {}) =>
  postRevocation(bed.shared, options.key ?? bed.product.orgs.whiterabbit.apiKey, subject, {
    ...(options.from ? { from: options.from } : {}),
  });
const address = (email: string) => ({ format: 'email', email });

/** The database is away while `work` runs, and there again afterwards. */
async function without<T>(work: () => Promise<T>): Promise<T> {
  await postgres.kill();
  try {
    return await work();
  } finally {
    await postgres.restart();
  }
}

async function until(done: () => Promise<boolean> | boolean, ms = 20_000): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end && !(await done())) await sleep(50);
  expect(await done()).toBe(true);
}
/** Nothing is left to be carried out, and the database answers. */
const carriedOut = (ms?: number) =>
  until(async () => files().length === 0 && (await fetch(`${bed.url}/readyz`)).status === 200, ms);
/** A node that starts with what is on the disk. */
async function inAnotherNode(work: (url: string) => Promise<void>): Promise<void> {
  const node = await startNode(bed.product.env);
  try {
    await work(node.url);
  } finally {
    await stopProcess(node.process);
  }
}
/** Rewrites all that is noted, as if it had come earlier. */
async function dateBack(ms: number): Promise<void> {
  const folder = createFolder({ dir, keyring: bed.product.context.keyring });
  for (const file of await folder.list()) {
    const calls = await folder.read(file);
    await folder.write(calls.map((call) => ({ ...call, at: new Date(Date.now() - ms) })));
    await folder.remove(file);
  }
}
async function figure(url: string, sample: string): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${metricsToken}` } });
  const line = (await answer.text()).split('\n').find((each) => each.startsWith(`universal_logout_${sample} `));
  return Number(line?.split(' ').at(-1));
}
const audited = (action: string, orgId = bed.product.orgs.whiterabbit.id) =>
  bed.prisma.auditEvent.findMany({ where: { orgId, action }, orderBy: { at: 'asc' } });

describe('a call that comes while the database is away', () => {
  it('is noted, answered 503, and carried out once the database is back', async () => {
    const [person] = await plantUsers(bed.product, 1);
    const cookie = person?.cookies[0] ?? '';
    expect(await statusOfMe(bed.url, cookie)).toBe(200);
    // The key has been here: it is known.
    expect((await byKey(address('nobody@whiterabbit.fake'))).status).toBe(404);
    const answer = await without(() => byKey(address(person?.email ?? '')));
    expect([answer.status, answer.code, answer.headers.get('retry-after')]).toEqual([503, 'unavailable', '5']);
    expect(answer.detail).toMatch(/noted/);
    await carriedOut();
    expect(await statusOfMe(bed.url, cookie)).toBe(401);
    const [event] = await audited('call.carried_out');
    expect(event).toMatchObject({ actorType: 'api_key', targetId: person?.id });
    const { askedAt } = (event?.detail ?? {}) as { askedAt?: string };
    expect(Date.parse(askedAt ?? '')).toBeLessThan(event?.at.getTime() ?? 0);
  });

  it('is answered 204 when the database is back within seconds', async () => {
    const [person] = await plantUsers(bed.product, 1);
    await postgres.kill();
    const answering = byKey(address(person?.email ?? ''));
    await until(() => files().length > 0);
    await postgres.restart();
    expect((await answering).status).toBe(204);
    expect(await statusOfMe(bed.url, person?.cookies[0] ?? '')).toBe(401);
  });

  it('holds neither key, nor address, nor JWT in plain text on the disk', async () => {
    await bed.revokeBy();
    const jwt = bed.jwt();
    const kept = await without(async () => {
      await Promise.all([byKey(address(trinity.email)), bed.post(bed.shared, jwt, mallory)]);
      return text();
    });
    expect(kept.length).toBeGreaterThan(0);
    for (const secret of [bed.product.orgs.whiterabbit.apiKey, trinity.email, jwt, mallory.email])
      expect(kept.filter((content) => content.includes(secret))).toEqual([]);
    await carriedOut();
  });

  it('is refused at once for what it says wrong, and noted for nobody who is known not to hold', async () => {
    await bed.revokeBy();
    const answers = await without(() =>
      Promise.all([
        byKey({ format: 'email' }),
        byKey({ format: 'did', url: 'did:example:1' }),
        bed.revokeBy({ signer: 'foreign' }),
        bed.revokeBy({ claims: { aud: 'https://other.example' } }),
        bed.post(bed.shared, 'x', mallory, { body: '{' }),
      ]),
    );
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 503, 401, 400]);
    expect(files()).toEqual([]);
  });
});

describe('while the database is well', () => {
  it('a wrong key notes nothing, also in the pause that it makes', async () => {
    await bed.revokeBy();
    const notedBefore = await figure(bed.url, 'noted_calls_total{result="noted"}');
    const from = '203.0.113.9';
    const statuses = [];
    for (let calls = 0; calls < 3; calls += 1) {
      const jwt = bed.jwt({ signer: 'foreign', header: { kid: 'unknown' } });
      statuses.push((await bed.post(bed.shared, jwt, mallory, { from })).status);
    }
    expect(statuses.at(-1)).toBe(503);
    expect(await figure(bed.url, 'noted_calls_total{result="noted"}')).toBe(notedBefore);
  });

  it('a call whose keys truly cannot be had is noted, and carried out once they can', async () => {
    const browser = await bed.signedIn();
    bed.hostile.set('jwks', answers.status(500));
    onTestFinished(() => bed.hostile.reset());
    // Another node knows no keys yet.
    await inAnotherNode(async (url) => {
      const answer = await bed.post(`${url}/global-token-revocation`, bed.jwt(), mallory);
      expect([answer.status, answer.detail]).toEqual([503, expect.stringMatching(/noted/)]);
      bed.hostile.reset();
      await carriedOut();
    });
    expect(await statusOf(browser)).toBe(401);
  });
});

describe('a signed call', () => {
  it('is carried out, and its repeat answered as done; with another body it was used before', async () => {
    const before = await audited('call.carried_out', bed.org.id);
    const browser = await bed.signedIn();
    // The connection and its key are known to the node from now on.
    await bed.revokeBy({}, address('nobody@hostile.fake'));
    const jwt = bed.jwt();
    expect((await without(() => bed.post(bed.shared, jwt, mallory))).status).toBe(503);
    await carriedOut();
    expect(await statusOf(browser)).toBe(401);
    const again = await bed.signedIn();
    expect((await bed.post(bed.shared, jwt, mallory)).status).toBe(204);
    expect(await statusOf(again)).toBe(200);
    expect((await bed.post(bed.shared, jwt, address('other@hostile.fake'))).status).toBe(401);
    expect(await audited('call.carried_out', bed.org.id)).toHaveLength(before.length + 1);
  });

  it('is carried out though the identity provider has another key by then', async () => {
    const browser = await bed.signedIn();
    await bed.revokeBy({}, address('nobody@hostile.fake'));
    await without(() => bed.revokeBy());
    bed.hostile.keys.rotate();
    await carriedOut();
    expect(await statusOf(browser)).toBe(401);
  });
});

describe('a call by a key', () => {
  it('of a key that was not here lately has a small quota in each network', async () => {
    const answers = await without(() =>
      Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          byKey(address(trinity.email), { key: `ul_unknown-${index}`, from: '203.0.113.7' }),
        ),
      ),
    );
    const noted = answers.filter(({ detail }) => /noted/.test(detail));
    expect([answers.every(({ status }) => status === 503), noted.length]).toEqual([true, 20]);
    await carriedOut();
  });
});

describe('an organisation that floods with many keys', () => {
  it('leaves the others room: their calls are noted and carried out', async () => {
    const { apiKeys } = bed.product.context;
    const [person] = await plantUsers(bed.product, 1);
    const nobody = { sub_id: address('nobody@metacortex.fake'), padding: 'x'.repeat(16_000) };
    const keys: string[] = [bed.product.orgs.whiterabbit.apiKey];
    while (keys.length < 21)
      keys.push((await apiKeys.create(bed.product.orgs.metacortex.id, { name: 'flooding' }, byOperator)).apiKey);
    // The node knows them all.
    for (const key of keys) expect((await byKey(address('nobody@nowhere.fake'), { key })).status).toBe(404);
    const isNoted = ({ detail }: { detail: string }) => /noted/.test(detail);
    const [flood, own] = await without(async () => {
      const flooding = keys
        .slice(1)
        .flatMap((key) =>
          Array.from({ length: 45 }, () => postRevocation(bed.shared, key, null, { body: JSON.stringify(nobody) })),
        );
      const answers = await Promise.all(flooding);
      return [answers, await byKey(address(person?.email ?? ''))] as const;
    });
    // A key alone may have more than 45, and all of them together no more than 700.
    expect(flood.filter(isNoted).length).toBeGreaterThan(300);
    expect(flood.filter(isNoted).length).toBeLessThan(750);
    expect(isNoted(own)).toBe(true);
    await carriedOut(60_000);
    expect(await statusOfMe(bed.url, person?.cookies[0] ?? '')).toBe(401);
  });
});

describe('a call that its own node carries out no more', () => {
  beforeAll(() => bed.product.context.journal.stop());

  it('counts for nothing where its key was revoked since', async () => {
    const { apiKeys } = bed.product.context;
    const orgId = bed.product.orgs.whiterabbit.id;
    const { id, apiKey: key } = await apiKeys.create(orgId, { name: 'leaked' }, byOperator);
    const [person] = await plantUsers(bed.product, 1);
    await byKey(address('nobody@whiterabbit.fake'), { key });
    await without(() => byKey(address(person?.email ?? ''), { key }));
    expect(files()).not.toEqual([]);
    await apiKeys.revoke(orgId, id, byOperator);
    await inAnotherNode(() => carriedOut());
    expect(await statusOfMe(bed.url, person?.cookies[0] ?? '')).toBe(200);
  });

  it('counts for nothing where its connection was switched off since', async () => {
    const browser = await bed.signedIn();
    await bed.revokeBy({}, address('nobody@hostile.fake'));
    await postgres.kill();
    await bed.revokeBy();
    expect(files()).not.toEqual([]);
    await postgres.restart();
    await until(async () => (await fetch(`${bed.url}/readyz`)).status === 200);
    await bed.prisma.connection.updateMany({ where: { id: bed.connectionId }, data: { active: false } });
    await inAnotherNode(() => carriedOut());
    await bed.prisma.connection.updateMany({ where: { id: bed.connectionId }, data: { active: true } });
    expect(await statusOf(browser)).toBe(200);
  });

  it('holds no other up where it has to wait', async () => {
    const [locked, free] = await plantUsers(bed.product, 2);
    await byKey(address('nobody@whiterabbit.fake'));
    await postgres.kill();
    const answer = byKey(address(locked?.email ?? ''));
    await until(() => files().length === 1);
    await Promise.all([answer, byKey(address(free?.email ?? ''))]);
    await postgres.restart();
    await until(async () => (await fetch(`${bed.url}/readyz`)).status === 200);
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM users WHERE email_key = $1 FOR UPDATE', [locked?.email]);
    await inAnotherNode(async () => {
      // A wait for a lock ends after five seconds.
      await until(async () => (await statusOfMe(bed.url, free?.cookies[0] ?? '')) === 401, 3_000);
      expect(await statusOfMe(bed.url, locked?.cookies[0] ?? '')).toBe(200);
      await client.end();
      await until(async () => (await statusOfMe(bed.url, locked?.cookies[0] ?? '')) === 401);
    });
  });

  it('holds no other up where it waits for keys, however many are before it', async () => {
    const [person] = await plantUsers(bed.product, 1);
    await inAnotherNode(async (url) => {
      const at = `${url}/global-token-revocation`;
      const { apiKey } = bed.product.orgs.whiterabbit;
      await bed.post(at, apiKey, address('nobody@whiterabbit.fake'));
      await postgres.kill();
      const strangers = Array.from({ length: 8 }, () => bed.post(at, bed.jwt(), mallory));
      await until(() => files().length > 0);
      await sleep(200);
      await Promise.all([...strangers, bed.post(at, apiKey, address(person?.email ?? ''))]);
    });
    await postgres.restart();
    bed.hostile.set('jwks', answers.hang());
    onTestFinished(() => bed.hostile.reset());
    await inAnotherNode(async (url) => {
      await until(async () => (await statusOfMe(url, person?.cookies[0] ?? '')) === 401, 3_000);
      expect(await figure(url, 'noted_calls_total{result="carried_out"}')).toBe(1);
      bed.hostile.reset();
      await carriedOut();
    });
  });

  it('is shown while it waits, and is gone after a day though nobody can tell whose it is', async () => {
    await bed.forgetKeys('http://localhost:1/jwks');
    onTestFinished(() => bed.forgetKeys());
    const iat = Math.floor(Date.now() / 1000) - 100;
    const jwt = bed.jwt({ claims: { iat, nbf: iat, exp: iat + 300 } });
    // This node knows nothing of the connection: it can't verify the JWT.
    await inAnotherNode(async (url) => {
      await without(() => bed.post(`${url}/global-token-revocation`, jwt, mallory));
    });
    await dateBack(90_000);
    await inAnotherNode(async (url) => {
      const ready = async () => (await (await fetch(`${url}/readyz`)).json()) as { degraded?: string[] };
      await until(async () => (await ready()).degraded?.includes('noted calls') ?? false);
      expect(await figure(url, 'noted_calls')).toBe(1);
      expect(await figure(url, 'noted_calls_oldest_seconds')).toBeGreaterThan(89);
    });
    expect(files()).toHaveLength(1);
    await dateBack(25 * 3_600_000);
    await inAnotherNode(async (url) => {
      await until(() => files().length === 0);
      expect(await figure(url, 'noted_calls_total{result="lapsed"}')).toBe(1);
      expect(await figure(url, 'noted_calls')).toBe(0);
    });
  });

  it('stays on the disk where its file cannot be opened', async () => {
    writeFileSync(path.join(dir, 'strange.calls'), 'e30.e30.e30');
    await inAnotherNode(async (url) => expect(await figure(url, 'noted_files_unreadable')).toBe(1));
    expect(files()).toContain('strange.calls');
    rmSync(path.join(dir, 'strange.calls'));
  });
});

it('carries out all that was noted, and nothing else, though its node is killed', async () => {
  const ownDir = mkdtempSync(path.join(os.tmpdir(), 'journal-'));
  onTestFinished(() => rmSync(ownDir, { recursive: true }));
  const env = { ...bed.product.env, JOURNAL_DIR: ownDir };
  const folder = createFolder({ dir: ownDir, keyring: bed.product.context.keyring });
  const hostile = { ...bed.product.orgs.whiterabbit, id: bed.org.id, issuer: bed.hostile.issuer };
  const keyed = await plantUsers(bed.product, 110);
  const signed = await plantUsers({ ...bed.product, orgs: { ...bed.product.orgs, whiterabbit: hostile } }, 110);
  const node = await startNode(env);
  const revokeAt = (credential: string, email: string) =>
    postRevocation(`${node.url}/global-token-revocation`, credential, address(email));
  const asked = keyed.slice(0, 100).flatMap(({ email }, index) => [
    { email, credential: bed.product.orgs.whiterabbit.apiKey },
    { email: signed[index]?.email ?? '', credential: bed.jwt() },
  ]);
  // The node knows both callers.
  expect((await revokeAt(bed.product.orgs.whiterabbit.apiKey, 'nobody@whiterabbit.fake')).status).toBe(404);
  expect((await revokeAt(bed.jwt(), 'nobody@hostile.fake')).status).toBe(404);

  await postgres.kill();
  const ask = ({ email, credential }: (typeof asked)[number]) => revokeAt(credential, email);
  const first = await Promise.all(asked.slice(0, 100).map(ask));
  expect(first.filter(({ status, detail }) => status !== 503 || !/noted/.test(detail))).toEqual([]);
  const readDisk = async () => (await Promise.all((await folder.list()).map(folder.read))).flat();
  // Half of the calls are in the air when the node dies: what was noted is known by the disk alone.
  const second = asked.slice(100).map(async (call, index) => {
    await sleep(index * 10);
    return ask(call).catch(() => null);
  });
  await until(async () => (await readDisk()).length > 120);
  node.process.kill('SIGKILL');
  await once(node.process, 'exit');
  await Promise.all(second);
  const onDisk = new Set((await readDisk()).map(({ body }) => JSON.parse(body).sub_id.email as string));
  expect(asked.slice(0, 100).filter(({ email }) => !onDisk.has(email))).toEqual([]);
  expect(onDisk.size).toBeLessThan(asked.length);

  await postgres.restart();
  const another = await startNode(env);
  onTestFinished(() => void another.process.kill('SIGTERM'));
  await until(async () => (await folder.list()).length === 0, 30_000);
  const ended = new Set<string>();
  await inParallel([...keyed, ...signed], 8, async ({ email, cookies }) => {
    if ((await statusOfMe(another.url, cookies[0] ?? '')) === 401) ended.add(email);
  });
  expect([...ended].sort()).toEqual([...onDisk].sort());
  // No genuine repeat hears 401.
  const repeats = asked.filter(({ email }) => onDisk.has(email) && signed.some((person) => person.email === email));
  const repeated = await Promise.all(
    repeats.map(({ credential, email }) =>
      postRevocation(`${another.url}/global-token-revocation`, credential, address(email)),
    ),
  );
  expect(repeats.length).toBeGreaterThan(50);
  expect(repeated.filter(({ status }) => status !== 204)).toEqual([]);
});
