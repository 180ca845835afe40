import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { sealAnew } from '../../src/database/seal-anew.ts';
import {
  connectionSecretPurpose,
  idTokenPurpose,
  type SealedPlace,
  sealedPlaces,
  webhookSecretPurpose,
} from '../../src/database/sealed-places.ts';
import { createKeyring, type Keyring, keyId, sealedPrefixes, sealingKeyId } from '../../src/keyring.ts';
import { nodeName } from '../../src/sessions/running-nodes.ts';
import { startReceiver, verify } from '../notifications/receiver.ts';
import { createTestDatabase } from '../support/database.ts';
import { spawnWithUs } from '../support/end-with-us.ts';
import { whileLocked } from '../support/locks.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startNode, startProduct } from '../support/product.ts';
import { createJsonCli, environmentOf, runCli } from './processes.ts';

const old = Buffer.alloc(32, 7);
const next = Buffer.alloc(32, 8);
const foreign = Buffer.alloc(32, 9);
const written = (...keys: Buffer[]) => keys.map((key) => key.toString('base64')).join(',');

let product: Product;
/** What a command is given as ENCRYPTION_KEYS, and more. */
let given: Record<string, string> = {};
const { cli, refusal } = createJsonCli(() => ({ DATABASE_URL: product.databaseUrl, ...given }));

// Every node knows both keys, the old one in front: the first step of a rotation is done.
beforeAll(async () => {
  product = await startProduct({ processes: 1, env: { ENCRYPTION_KEYS: written(old, next) } });
  await product.context.prisma.connection.updateMany({ data: { signOutAtIdp: true } });
});
afterAll(() => product?.stop());
beforeEach(() => {
  given = { ENCRYPTION_KEYS: written(next, old) };
});

/** By which keys the client secrets, or another place's texts, are sealed. */
async function sealedBy(column = 'client_secret', table = 'connections'): Promise<(string | null)[]> {
  const { rows } = await product.context.pool.query(
    `SELECT ${column} AS text FROM ${table} WHERE ${column} IS NOT NULL`,
  );
  return [...new Set(rows.map(({ text }) => sealingKeyId(text)))].toSorted();
}
const keyOf = (report: { keys: { id: string }[] }, key: Buffer) => report.keys.find(({ id }) => id === keyId(key));

/** ID tokens of many sessions, as sign-ins keep them. */
async function plantIdTokens(count: number, { key = old, org = 'whiterabbit' as keyof Product['orgs'] } = {}) {
  const people = await plantUsers(product, count, { org });
  const sealed = await createKeyring([key]).encrypt('x'.repeat(900), idTokenPurpose(product.orgs[org].id));
  const ids = people.map(({ id }) => id);
  await product.context.pool.query('UPDATE sessions SET id_token = $1 WHERE user_id = ANY ($2)', [sealed, ids]);
  onTestFinished(async () => {
    await product.context.pool.query('UPDATE sessions SET id_token = NULL WHERE user_id = ANY ($1)', [ids]);
  });
  return ids;
}

/** Of each place where something was sealed anew, how much. */
const sealedAnewIn = (report: { sealed: { sealedAnew: number }[] }): number[] =>
  report.sealed.map(({ sealedAnew }) => sealedAnew).filter((count) => count > 0);

describe('keys rotate', () => {
  it('seals everything of all orgs anew, beside nodes that go on', async () => {
    const browser = await product.signIn();
    await product.signIn('metacortex');
    const { id } = await product.context.webhooks.add(
      product.orgs.metacortex.id,
      { url: 'https://hooks.example/in', kinds: ['user_deactivated'], active: true },
      byOperator,
    );
    await product.context.webhooks.rotateSecret(product.orgs.metacortex.id, id, byOperator);
    expect(await sealedBy('id_token', 'sessions')).toEqual([keyId(old)]);
    const before = await cli('keys', 'status');
    expect([before.id, before.nodes]).toEqual([keyId(next), { running: 2, silent: 0, lacking: 0 }]);
    expect(keyOf(before, next)).toMatchObject({ position: 1, stored: 0, nodes: 0, state: 'seals' });
    expect(keyOf(before, old)).toMatchObject({ position: 2, stored: 6, nodes: 2, state: 'in use' });

    const report = await cli('keys', 'rotate');
    expect(sealedAnewIn(report)).toEqual([2, 1, 1, 2]);
    expect(keyOf(report, next)).toMatchObject({ stored: 6 });
    // The nodes still seal with the old one: it can't go yet.
    expect(keyOf(report, old)).toMatchObject({ stored: 0, nodes: 2, state: 'in use' });
    expect((await browser.post('/api/signout')).json().logoutUrl).toContain('id_token_hint=ey');
    await product.signIn();
    expect(await sealedBy('id_token', 'sessions')).toEqual([keyId(old), keyId(next)].toSorted());
    const told = await runCli(['keys', 'status'], { DATABASE_URL: product.databaseUrl, ...given });
    expect(told.stdout).toContain(`${keyId(old)} has to stay. 2 running node(s) seal with it`);
    expect(told.stdout).toContain('1 stored text(s) need it: `keys rotate` seals them anew.');

    const again = await cli('keys', 'rotate');
    expect(sealedAnewIn(again)).toEqual([1]);
  });

  it('changes nothing while a running node lacks the first key', async () => {
    const before = await sealedBy();
    given = { ENCRYPTION_KEYS: written(foreign, old, next) };
    for (const way of [[], ['--signing'], ['--signing', '--leaked']]) {
      const refused = await refusal('keys', 'rotate', ...way);
      expect(refused).toMatchObject({ exit: 1, code: 'conflict' });
      expect(refused.message).toContain(`2 running node(s) lack the key ${keyId(foreign)}`);
    }
    expect(await sealedBy()).toEqual(before);
    expect((await cli('keys', 'status')).nodes).toMatchObject({ lacking: 2 });
  });

  it('knows four keys of a node', async () => {
    const { url, drop } = await createTestDatabase();
    onTestFinished(drop);
    const others = [1, 2].map((byte) => Buffer.alloc(32, byte));
    const client = new pg.Client({ connectionString: url, application_name: nodeName([old, next, ...others]) });
    await client.connect();
    onTestFinished(() => client.end());
    const rotate = (first: Buffer) =>
      runCli(['keys', 'rotate'], { DATABASE_URL: url, ENCRYPTION_KEYS: written(first, old) });
    expect((await rotate(foreign)).stderr).toContain('1 running node(s) lack the key');
    for (const first of others) expect((await rotate(first)).stderr).not.toContain('lack the key');
  });

  it('says which rows cannot be opened, by which key, and does all others', async () => {
    const { whiterabbit, metacortex } = product.orgs;
    const { pool, prisma } = product.context;
    const kept = await prisma.connection.findMany({ select: { orgId: true, id: true, clientSecret: true } });
    onTestFinished(async () => {
      for (const { orgId, id, clientSecret } of kept)
        await prisma.connection.update({ where: { orgId_id: { orgId, id } }, data: { clientSecret } });
    });
    const sealed = await createKeyring([foreign]).encrypt('a secret', connectionSecretPurpose(whiterabbit.id, 'con_x'));
    const set = 'UPDATE connections SET client_secret = $2 WHERE org_id = $1';
    await pool.query(set, [whiterabbit.id, sealed]);
    // The other org's text, copied from a row of this org: its key is here, but it's another's.
    const copied = await createKeyring([old]).encrypt(
      'a secret',
      connectionSecretPurpose(whiterabbit.id, whiterabbit.connectionId),
    );
    await pool.query(set, [metacortex.id, copied]);
    await plantIdTokens(3);
    const refused = await refusal('keys', 'rotate');
    expect(refused).toMatchObject({ exit: 1, code: 'conflict' });
    const row = ({ id, connectionId }: typeof whiterabbit) => `connections ${id} ${connectionId}`;
    expect(refused.message).toMatch(/ text\(s\) were sealed anew, 2 were not\./);
    expect(refused.message).toContain(
      `${row(whiterabbit)} (client secrets of connections), by the key ${keyId(foreign)}`,
    );
    expect(refused.message).toContain(`${row(metacortex)} (client secrets of connections), by the key ${keyId(old)}`);
    const { rows } = await pool.query('SELECT client_secret FROM connections ORDER BY org_id = $1 DESC', [
      whiterabbit.id,
    ]);
    expect(rows.map((stored) => stored.client_secret)).toEqual([sealed, copied]);
    expect(await sealedBy('id_token', 'sessions')).toEqual([keyId(next)]);
    const status = await cli('keys', 'status');
    expect(keyOf(status, foreign)).toMatchObject({ position: null, stored: 1, state: 'missing' });
  });

  it('leaves everything as it is where ENCRYPTION_KEYS has lost the old key', async () => {
    const ids = await plantIdTokens(30);
    given = { ENCRYPTION_KEYS: written(next) };
    const { message, exit } = await refusal('keys', 'rotate');
    expect([exit, message.split('\n').length]).toEqual([1, 23]);
    expect(message).toMatch(/^0 text\(s\) were sealed anew, 30 were not\./);
    expect(message).toMatch(/sessions \S+ \S+ \(ID tokens of sessions\), by the key \S+\n {2}and 10 more$/);
    const { rows } = await product.context.pool.query('SELECT id_token FROM sessions WHERE user_id = ANY ($1)', [ids]);
    expect(rows.map(({ id_token }) => sealingKeyId(id_token))).toEqual(ids.map(() => keyId(old)));
  });

  it('goes round rows that somebody holds, and comes back for them', async () => {
    const [held = ''] = await plantIdTokens(5, { org: 'metacortex' });
    const rotating = { outcome: undefined as ReturnType<typeof cli> | undefined };
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT FROM sessions WHERE user_id = $1 FOR UPDATE', [held]),
      async () => {
        rotating.outcome = cli('keys', 'rotate');
        while ((await sealedBy('id_token', 'sessions')).length < 2) await delay(20);
        await delay(300);
        expect(await sealedBy('id_token', 'sessions')).toEqual([keyId(old), keyId(next)].toSorted());
      },
    );
    const report = await rotating.outcome;
    expect(report.sealed.at(-1)).toEqual({ what: 'ID tokens of sessions', sealedAnew: 5 });
    expect(await sealedBy('id_token', 'sessions')).toEqual([keyId(next)]);
  });

  it('lets a node do without the old key', async () => {
    const [person] = await plantUsers(product, 1);
    const sealed = await createKeyring([old]).encrypt('the-id-token', idTokenPurpose(product.orgs.whiterabbit.id));
    await product.context.pool.query('UPDATE sessions SET id_token = $1 WHERE user_id = $2', [sealed, person?.id]);
    const secrets = 'UPDATE connections SET client_secret = $2 WHERE id = $1';
    for (const { id: orgId, slug, connectionId } of Object.values(product.orgs)) {
      const purpose = connectionSecretPurpose(orgId, connectionId);
      const secret = await createKeyring([old]).encrypt(`the secret of ${slug}`, purpose);
      await product.context.pool.query(secrets, [connectionId, secret]);
    }
    const node = await startNode({ ...product.env, ENCRYPTION_KEYS: written(next) });
    onTestFinished(() => void node.process.kill());
    const ready = async () => (await fetch(`${node.url}/readyz`)).text();
    expect(await ready()).toContain('client secrets of connections: 2');
    await cli('keys', 'rotate');
    for (let tries = 0; tries < 100 && !(await ready()).includes('"ready"'); tries += 1) await delay(100);
    expect(await ready()).toContain('"ready"');
    const headers = { cookie: person?.cookies[0] ?? '', origin: product.url };
    const answer = await fetch(`${node.url}/api/signout`, { method: 'POST', headers });
    expect(await answer.text()).toContain('id_token_hint=the-id-token');
  });

  it('goes on where a kill has ended it', async () => {
    const ids = await plantIdTokens(8_000);
    const counts = async () => {
      const { rows } = await product.context.pool.query(
        'SELECT left(id_token, 64) AS beginning, count(*)::int AS count FROM sessions WHERE user_id = ANY ($1) GROUP BY 1',
        [ids],
      );
      return new Map(rows.map(({ beginning, count }) => [sealingKeyId(beginning), count as number]));
    };
    const main = path.resolve(import.meta.dirname, '../../src/cli/main.ts');
    const env = environmentOf({ DATABASE_URL: product.databaseUrl, ...given });
    const child = spawnWithUs(process.execPath, [main, 'keys', 'rotate'], { env });
    const ended = once(child, 'exit');
    while (!(await counts()).has(keyId(next))) await delay(5);
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    // What the server was doing for it is over in a moment.
    await delay(200);
    const half = await counts();
    expect(half.get(keyId(old))).toBeGreaterThan(0);
    const report = await cli('keys', 'rotate');
    expect(report.sealed.at(-1).sealedAnew).toBe(half.get(keyId(old)));
    expect([...(await counts())]).toEqual([[keyId(next), 8_000]]);
  });

  it('keeps what a text changed to between its reading and its writing', async () => {
    const { context, orgs } = product;
    const hook = { url: 'https://hooks.example/in', kinds: ['user_deactivated'], active: true };
    const { id } = await context.webhooks.add(orgs.whiterabbit.id, hook, byOperator);
    const place = sealedPlaces.find(({ column }) => column === 'secret') as SealedPlace;
    const keyring = createKeyring([next, old]);
    let changed = '';
    const slow: Keyring = {
      ...keyring,
      async encrypt(text, purpose) {
        const isTheirs = purpose === webhookSecretPurpose(id);
        if (isTheirs && !changed)
          changed = (await context.webhooks.rotateSecret(orgs.whiterabbit.id, id, byOperator))?.secret ?? '';
        return keyring.encrypt(text, purpose);
      },
    };
    const [prefix = ''] = sealedPrefixes([next]);
    const deps = { pool: context.pool, keyring: slow, prefix };
    const outcome = await sealAnew(deps, place, () => {});
    expect(outcome).toMatchObject({ held: 0, closed: 0 });
    const { rows } = await context.pool.query('SELECT secret FROM webhooks WHERE id = $1', [id]);
    expect(sealingKeyId(rows[0].secret)).toBe(keyId(next));
    expect(await keyring.decrypt(rows[0].secret, webhookSecretPurpose(id))).toBe(changed);
  });

  it('never undoes what a node writes meanwhile, and nothing fails: sign-ins, webhooks', async () => {
    const { context, orgs } = product;
    const { id: orgId } = orgs.whiterabbit;
    const receiver = await startReceiver();
    onTestFinished(() => receiver.stop());
    const addHook = (path: string) =>
      context.webhooks.add(orgId, { url: receiver.url + path, kinds: ['user_deactivated'], active: true }, byOperator);
    const [steady, changing] = [await addHook('/steady'), await addHook('/changing')];
    let done = false;
    const work = { secret: changing.secret, previous: '', signIns: 0, sent: 0 };
    const rotateSecrets = async () => {
      for (; !done; await delay(20)) {
        const made = await context.webhooks.rotateSecret(orgId, changing.id, byOperator);
        work.previous = work.secret;
        work.secret = made?.secret ?? '';
      }
    };
    const deliver = async () => {
      for (; !done; work.sent += 1) {
        await context.webhooks.sendTest(orgId, steady.id, byOperator);
        await receiver.arrived('/steady', work.sent + 1);
      }
    };
    const signInAndOut = async () => {
      for (; !done; work.signIns += 1) {
        const browser = await product.signIn();
        expect((await browser.post('/api/signout')).json().logoutUrl).toContain('id_token_hint=ey');
      }
    };
    const working = Promise.all([rotateSecrets(), deliver(), signInAndOut()]);
    working.catch(() => {});
    for (let round = 0; round < 10; round += 1) {
      given = { ENCRYPTION_KEYS: round % 2 === 0 ? written(old, next) : written(next, old) };
      await cli('keys', 'rotate');
    }
    done = true;
    await working;
    expect(Math.min(work.signIns, work.sent)).toBeGreaterThan(2);
    for (const message of receiver.at('/steady')) verify(steady.secret, message);
    const { rows } = await context.pool.query('SELECT secret, previous_secret FROM webhooks WHERE id = $1', [
      changing.id,
    ]);
    const opened = (sealed: string) => context.keyring.decrypt(sealed, webhookSecretPurpose(changing.id));
    expect([await opened(rows[0].secret), await opened(rows[0].previous_secret)]).toEqual([work.secret, work.previous]);
    expect((await fetch(`${product.nodes[1]}/readyz`)).status).toBe(200);
  });
});

describe('keys status', () => {
  it('counts the files of the journal on this machine', async () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'universal-logout-journal-'));
    onTestFinished(() => fs.rmSync(dir, { recursive: true, force: true }));
    fs.writeFileSync(path.join(dir, '1.calls'), await createKeyring([old]).encrypt('[]', 'journal'));
    fs.writeFileSync(path.join(dir, '2.tmp'), 'half a file');
    given = { ENCRYPTION_KEYS: written(next, old), JOURNAL_DIR: dir };
    expect(keyOf(await cli('keys', 'status'), old)).toMatchObject({ noted: 1, state: 'in use' });
    const told = await runCli(['keys', 'status'], { DATABASE_URL: product.databaseUrl, ...given });
    expect(told.stdout).toContain('1 file(s) in JOURNAL_DIR need it');
    given = { ENCRYPTION_KEYS: written(next, old), JOURNAL_DIR: `${dir}/none` };
    expect(keyOf(await cli('keys', 'status'), old)).toMatchObject({ noted: 0 });
  });

  it('lets a key go once nothing is sealed with it and no running node has it in front', async () => {
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    const env = { DATABASE_URL: database.url, ENCRYPTION_KEYS: written(next, old) };
    const status = async () => (await runCli(['keys', 'status'], env)).stdout;
    /** A node's LISTEN connection, by its name alone. */
    const startListening = async (application_name: string) => {
      const client = new pg.Client({ connectionString: database.url, application_name });
      await client.connect();
      onTestFinished(() => client.end().catch(() => {}));
      return client;
    };
    const before = await startListening(nodeName([old, next]));
    expect(await status()).toContain(`${keyId(old)} has to stay. 1 running node(s) seal with it`);
    await before.end();
    await startListening(nodeName([next, old]));
    await startListening(nodeName([next, old, foreign]));
    expect(await status()).toContain(
      `${keyId(old)} may go, 10 minutes after the last node was restarted with ${keyId(next)} in front`,
    );
    await startListening('universal-logout live channel');
    expect(await status()).toContain("1 running node(s) of another version don't say which keys they have");
    // What is sealed with a key that this command isn't given can't be told from a lost one.
    await startListening(nodeName([foreign, next]));
    expect(await status()).toContain(`${keyId(foreign)}: ENCRYPTION_KEYS lacks it here.`);
  });
});

it('refuses what makes no sense', async () => {
  for (const way of [['--now'], ['--leaked'], ['--signing', '--now', '--leaked']])
    expect(await refusal('keys', 'rotate', ...way)).toMatchObject({ exit: 2, code: 'usage' });
});
