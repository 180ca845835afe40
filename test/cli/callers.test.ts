import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDemoIdp } from '../../src/demo-idp/demo-idp.ts';
import { hashSecret } from '../../src/keyring.ts';
import { seedApiKeys } from '../../src/orgs/seed-keys.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Env, runCli } from './processes.ts';

const publicUrl = 'http://localhost:3333';
let database: TestDatabase;
let db: pg.Client;
let env: Env;
let idp: Awaited<ReturnType<typeof startDemoIdp>>;
const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'universal-logout-cli-'));

beforeAll(async () => {
  database = await createTestDatabase();
  db = new pg.Client({ connectionString: database.url });
  await db.connect();
  // What makes a database development's own.
  await db.query(`INSERT INTO orgs (id, slug, name) VALUES ('org_seed', 'seed', 'Seed')`);
  const seeded = `INSERT INTO api_keys (org_id, id, name, key_hash, hint, scopes) VALUES ('org_seed', 'key_seed', 'Demo', $1, '', '{}')`;
  await db.query(seeded, [hashSecret(seedApiKeys.whiteRabbit)]);
  const encryption = Buffer.alloc(32, 9).toString('base64');
  env = { DATABASE_URL: database.url, DATA_DIR: dataDir, PUBLIC_URL: publicUrl, ENCRYPTION_KEYS: encryption };
  const client = { id: 'app', secret: 'a-secret-of-some-length', redirectUris: [`${publicUrl}/cb`] };
  idp = await startDemoIdp({ port: 0, tenants: [{ path: 'one', name: 'One', client, users: [] }] });
  await run('org', 'create', '--name', 'Caller', '--slug', 'caller', '--domain', 'caller.fake');
});
afterAll(async () => {
  await idp.stop();
  await db.end();
  await database.drop();
  fs.rmSync(dataDir, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(args, env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}
const json = async (...args: string[]) => JSON.parse(await run(...args, '--json'));
const describe = () => ['--org', 'caller', '--issuer', `${idp.url}/one`, '--client-id', 'app', '--client-secret', 's'];

it('switches callers, and whether a first sign-in creates the user, on and off', async () => {
  const update = (...options: string[]) => json('org', 'update', '--org', 'caller', ...options);
  expect(await update('--api-key-callers', 'off')).toMatchObject({ apiKeyCallers: false, jwtCallers: true });
  expect(await update('--jwt-callers', 'off', '--create-users', 'off')).toMatchObject({
    apiKeyCallers: false,
    jwtCallers: false,
    createUsers: false,
  });
  const all = ['--api-key-callers', 'on', '--jwt-callers', 'on', '--create-users', 'on', '--name', 'Caller & Sons'];
  expect(await update(...all)).toMatchObject({ apiKeyCallers: true, jwtCallers: true, name: 'Caller & Sons' });
  const { rows } = await db.query(
    `SELECT action, detail FROM audit_events WHERE action IN ('org.changed', 'policy.changed') ORDER BY at`,
  );
  expect(rows.slice(0, 3).map(({ detail }) => detail)).toEqual([
    { policy: 'apiKeyCallers', before: true, after: false },
    ...['jwtCallers', 'createUsers'].map((policy) => ({ policy, before: true, after: false })),
  ]);
  expect(rows.at(-1)).toEqual({ action: 'org.changed', detail: { changed: 'name' } });
  expect(rows).toHaveLength(7);
  expect(await update('--keep-names-of-removed', 'on')).toMatchObject({ keepNamesOfRemoved: true });
  for (const wrong of [[], ['--jwt-callers', 'maybe'], ['--jwt-callers', '']])
    expect((await runCli(['org', 'update', '--org', 'caller', ...wrong], env)).code).toBe(2);
  const { code, stderr } = await runCli(['org', 'update', '--org', 'nobody', '--jwt-callers', 'on', '--json'], env);
  expect([code, JSON.parse(stderr).error.code]).toEqual([1, 'not_found']);
});

it('sets the policies that an administrator sets over HTTP, within the deployment’s bounds', async () => {
  const update = (...options: string[]) => json('org', 'update', '--org', 'caller', ...options);
  const idle = ['--session-idle-seconds', '900', '--session-absolute-seconds', '3600', '--global-logout', 'on'];
  const apps = ['--grant-idle-seconds', '700', '--grant-absolute-seconds', '7000'];
  const grace = ['--refresh-grace-seconds', '0'];
  const record = ['--admin-reauthentication-seconds', '600', '--audit-retention-days', '365'];
  expect(await update(...idle, ...apps, ...grace, ...record)).toMatchObject({
    ...{ sessionIdleSeconds: 900, sessionAbsoluteSeconds: 3600, globalLogout: true },
    ...{ grantIdleSeconds: 700, grantAbsoluteSeconds: 7000, refreshGraceSeconds: 0 },
    ...{ adminReauthenticationSeconds: 600, auditRetentionDays: 365 },
  });
  expect(await update('--session-idle-seconds', 'default', '--audit-retention-days', 'default')).toMatchObject({
    ...{ sessionIdleSeconds: null, sessionAbsoluteSeconds: 3600, auditRetentionDays: null },
  });
  expect(await update('--help-text', 'Help desk\nhelp@caller.fake')).toMatchObject({
    helpText: 'Help desk\nhelp@caller.fake',
  });
  const rotations = ['--rotate-after', 'user=on', '--rotate-after', 'signal=off'];
  expect(await update(...rotations)).toMatchObject({ rotateAfter: { user: true, signal: false, idp: true } });
  expect(await run('org', 'update', '--org', 'caller', '--rotate-after', 'signal=default')).toMatch(
    /^Rotate after signal +on$/m,
  );
  for (const wrong of ['user', 'user=maybe', 'neo=on', 'user=on=off'])
    expect((await runCli(['org', 'update', '--org', 'caller', '--rotate-after', wrong], env)).code).toBe(2);
  const said = await run('org', 'update', '--org', 'caller', '--global-logout', 'on');
  expect(said).toMatch(/^helpText +Help desk \/ help@caller\.fake$/m);
  expect(await update('--help-text', 'default')).toMatchObject({ helpText: null });
  expect((await runCli(['org', 'update', '--org', 'caller', '--help-text', 'x'.repeat(301)], env)).code).toBe(2);
  expect((await runCli(['org', 'update', '--org', 'caller', '--refresh-grace-seconds', '61'], env)).code).toBe(2);
  for (const wrong of ['299', '43201', 'never', '-1', ''])
    expect((await runCli(['org', 'update', '--org', 'caller', '--session-idle-seconds', wrong], env)).code).toBe(2);
});

it('says what to enter at the identity provider, and lists whether a connection is proven and its own address', async () => {
  const text = await run('connection', 'add', ...describe(), '--sign-out-at-idp', 'on');
  const [listed] = await json('connection', 'list', '--org', 'caller');
  const own = `${publicUrl}/global-token-revocation/${listed.id}`;
  expect(listed).toMatchObject({ provenAt: null, signOutAtIdp: true, revocationEndpoint: own });
  for (const part of [`${publicUrl}/global-token-revocation\n`, `${own}\n`, 'signed JWT', 'email, or issuer', 'Proven'])
    expect(text).toContain(part);
  expect(await run('connection', 'list', '--org', 'caller')).toContain(own);

  const update = (...options: string[]) => json('connection', 'update', listed.id, '--org', 'caller', ...options);
  expect(await update('--sign-out-at-idp', 'off')).toMatchObject({ signOutAtIdp: false, provenAt: null });
  expect((await update('--proven')).provenAt).toMatch(/^\d{4}-/);
  expect((await update('--name', 'N')).provenAt).toMatch(/^\d{4}-/);
  expect((await update('--client-id', 'another')).provenAt).toBeNull();
  expect(await run('connection', 'update', listed.id, '--org', 'caller', '--name', 'M')).toContain('first sign-in');
});

it('vouches for one connection of an issuer and client id only', async () => {
  await run('org', 'create', '--name', 'Other', '--slug', 'other', '--domain', 'other.fake');
  const { id } = await json('connection', 'add', ...describe().with(1, 'other'));
  const second = await json('connection', 'add', ...describe());
  await run('connection', 'update', id, '--org', 'other', '--proven');
  const args = ['connection', 'update', second.id, '--org', 'caller', '--proven', '--json'];
  const { code, stderr } = await runCli(args, env);
  expect([code, JSON.parse(stderr).error.code]).toEqual([1, 'conflict']);
});
