import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createJsonCli, type Env, runCli } from './processes.ts';

let database: TestDatabase;
let db: pg.Client;
let env: Env;
const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'universal-logout-cli-accounts-'));
const secret = 'correct-horse-battery';

beforeAll(async () => {
  database = await createTestDatabase();
  db = new pg.Client({ connectionString: database.url });
  await db.connect();
  await db.query(
    `INSERT INTO orgs (id, slug, name) VALUES ('org_seed', 'seed', 'Seed'), ('org_other', 'other', 'Other')`,
  );
  await db.query(
    `INSERT INTO users (org_id, id, email, email_key, name) VALUES ('org_seed', 'usr_neo', 'neo@seed.fake', 'neo@seed.fake', 'Neo')`,
  );
  env = {
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    PUBLIC_URL: 'http://localhost:3333',
    ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
  };
});
afterAll(async () => {
  await db.end();
  await database.drop();
  fs.rmSync(dataDir, { recursive: true, force: true });
});

const { cli, refusal } = createJsonCli(() => env);
const org = ['--org', 'seed'] as const;
const elsewhere = ['--org', 'other'] as const;
const shared = (...args: string[]) => cli('shared-account', ...args);
const revealed = async (id: string) =>
  (
    await db.query<{ actor_type: string; detail: object }>(
      `SELECT actor_type, detail FROM audit_events WHERE action = 'account.revealed' AND target_id = $1`,
      [id],
    )
  ).rows;

async function add(name: string, ...more: string[]): Promise<string> {
  env = { ...env, ACCOUNT_PASSWORD: secret };
  const added = await shared('add', ...org, '--name', name, '--user-name', 'operator', ...more);
  env = { ...env, ACCOUNT_PASSWORD: '' };
  expect(JSON.stringify(added)).not.toContain(secret);
  return String(added.id);
}

it('adds, finds, changes and removes a shared account', async () => {
  const id = await add('Computer', '--place', 'On the bridge', '--every-days', '30');
  expect(await shared('list', ...org, '--search', 'BRIDGE')).toMatchObject([{ id, state: 'steady', version: 1 }]);
  const changed = await shared('change', id, ...org, '--notes', 'Ask Tank', '--every-days', 'never');
  await db.query(
    `UPDATE accounts SET password_rules = '{"length": 32, "classes": ["digit", "lower"], "leaveOut": "0"}' WHERE id = $1`,
    [id],
  );
  expect(await shared('change', id, ...org, '--length', '12')).toMatchObject({
    passwordRules: { length: 12, classes: ['digit', 'lower'], leaveOut: '0' },
  });
  expect(changed).toMatchObject({ notes: 'Ask Tank', everyDays: null, place: 'On the bridge' });
  expect(await refusal('shared-account', 'change', id, ...org)).toMatchObject({ code: 'usage' });
  const settings = JSON.stringify({ host: 'db.internal' });
  const admin = ['--administrator', 'user:rotator'];
  const toPostgresql = ['change', id, ...org, '--connector', 'postgresql', '--settings', settings, ...admin];
  expect(await refusal('shared-account', ...toPostgresql)).toMatchObject({ code: 'usage' });
  env = { ...env, ADMIN_PASSWORD: 'rotators-own' };
  expect(await shared(...toPostgresql)).toMatchObject({
    connector: 'postgresql',
    settings: { host: 'db.internal', port: 5432 },
    administrator: { userName: 'rotator' },
  });
  env = { ...env, ADMIN_PASSWORD: '' };
  // No network is allowed to this operator.
  expect(await shared('test', id, ...org)).toMatchObject({ id, result: 'unavailable' });
  expect(await refusal('shared-account', 'remove', id, ...org)).toMatchObject({ code: 'usage' });
  await db.query(
    `INSERT INTO account_rotations (org_id, id, account_id, cause, state) VALUES ('org_seed', 'rot_open', $1, 'hand', 'manual')`,
    [id],
  );
  // What may be the only copy goes with no script.
  const inDoubt = await refusal('shared-account', 'remove', id, ...org, '--yes');
  expect(inDoubt).toMatchObject({ code: 'conflict', message: expect.stringContaining('may be what signs in') });
  await db.query(`UPDATE account_rotations SET state = 'done' WHERE id = 'rot_open'`);
  expect(await shared('remove', id, ...org, '--yes')).toEqual({ id, removed: true });
  expect(await shared('list', ...org, '--search', 'Computer')).toEqual([]);
  const rows = await db.query('SELECT FROM account_versions WHERE account_id = $1', [id]);
  expect(rows.rowCount).toBe(0);
});

it('gives rights and takes them, by an address', async () => {
  const id = await add('Router');
  const right = await shared('give', id, ...org, '--user', 'NEO@seed.fake', '--right', 'manage');
  expect(right).toMatchObject({ right: 'manage', user: { id: 'usr_neo' } });
  expect(await shared('rights', id, ...org)).toMatchObject([{ id: right.id }]);
  expect(await refusal('shared-account', 'give', id, ...org, '--user', 'nobody@seed.fake')).toMatchObject({
    code: 'not_found',
  });
  expect(await refusal('shared-account', 'give', id, ...org)).toMatchObject({ code: 'usage' });
  expect(await refusal('shared-account', 'take', id, String(right.id), ...elsewhere)).toMatchObject({
    code: 'not_found',
  });
  expect(await shared('take', id, String(right.id), ...org)).toMatchObject({ taken: true });
  expect(await shared('rights', id, ...org)).toEqual([]);
});

it('prints a password for whoever says yes alone, on record, and takes none from its own line', async () => {
  const id = await add('Safe');
  expect(await refusal('shared-account', 'reveal', id, ...org)).toMatchObject({ code: 'usage' });
  const reveals = async () =>
    (await db.query('SELECT version, user_id FROM account_reveals WHERE account_id = $1', [id])).rows;
  expect([await revealed(id), await reveals()]).toEqual([[], []]);
  const plain = await runCli(['shared-account', 'reveal', id, ...org, '--yes'], env);
  expect(plain).toMatchObject({ code: 0, stdout: `${secret}\n`, stderr: '' });
  expect(await revealed(id)).toMatchObject([{ actor_type: 'operator', detail: { version: 1 } }]);
  expect(await reveals()).toEqual([{ version: 1, user_id: null }]);
  const given = await runCli(
    ['--json', 'shared-account', 'password', id, ...org, '--password-stdin'],
    env,
    'the-second-one\n',
  );
  expect([given.code, JSON.parse(given.stdout)]).toEqual([0, { id, version: 2 }]);
  expect(await shared('reveal', id, ...org, '--yes')).toMatchObject({ version: 2, password: 'the-second-one' });
  expect(await shared('reveal', id, ...org, '--version', '1', '--yes')).toMatchObject({ password: secret });
  expect(await refusal('shared-account', 'reveal', id, ...org, '--version', '3', '--yes')).toMatchObject({
    code: 'not_found',
  });
});

it('lists versions and reveals, and gives a group a right by its name', async () => {
  const id = await add('Compass');
  expect(await shared('versions', id, ...org)).toMatchObject([{ version: 1, state: 'current' }]);
  expect(await shared('reveals', id, ...org)).toEqual([]);
  await shared('reveal', id, ...org, '--yes');
  expect(await shared('reveals', id, ...org)).toMatchObject([{ version: 1, user: null }]);
  for (const list of ['versions', 'reveals'])
    expect(await refusal('shared-account', list, id, ...elsewhere)).toMatchObject({ code: 'not_found' });
  await db.query(`INSERT INTO groups (org_id, id, display_name) VALUES ('org_seed', 'grp_watch', 'Night watch')`);
  expect(await shared('give', id, ...org, '--group', 'Night watch')).toMatchObject({ group: { id: 'grp_watch' } });
  expect(await refusal('shared-account', 'give', id, ...org, '--group', 'Day')).toMatchObject({ code: 'not_found' });
});

it('has a password changed, and takes what people have set', async () => {
  const id = await add('Printer');
  const asked = await shared('rotate', id, ...org);
  expect(await shared('rotations', ...org, '--account', id)).toMatchObject([
    { id: asked.id, state: 'queued', cause: 'hand' },
  ]);
  const confirm = ['shared-account', 'confirm', id, String(asked.id)];
  expect(await refusal(...confirm, ...org)).toMatchObject({ code: 'conflict' });
  await db.query(`UPDATE account_rotations SET state = 'manual', do_until = now() WHERE id = $1`, [asked.id]);
  expect(await refusal(...confirm, ...org)).toMatchObject({ code: 'conflict' });
  expect(await refusal(...confirm, ...elsewhere)).toMatchObject({ code: 'not_found' });
  env = { ...env, ACCOUNT_PASSWORD: 'set-by-hand' };
  expect(await cli(...confirm, ...org)).toMatchObject({ id: asked.id, version: 2 });
  env = { ...env, ACCOUNT_PASSWORD: '' };
  expect(await shared('reveal', id, ...org, '--yes')).toMatchObject({ password: 'set-by-hand' });
});

it('finds out after a restore which passwords sign in, of one organisation', async () => {
  const id = await add('Archive');
  expect(await shared('reconcile', ...elsewhere)).toEqual({ id: 'org_other', accounts: 0 });
  const { accounts } = await shared('reconcile', ...org);
  expect(Number(accounts)).toBeGreaterThan(0);
  expect(await shared('rotations', ...org, '--account', id)).toMatchObject([{ cause: 'reconcile' }]);
});

it('imports a file, all of it or nothing', async () => {
  const file = path.join(dataDir, 'accounts.csv');
  fs.writeFileSync(file, `name,user_name,password,use\nKiosk,kiosk,${secret},neo@seed.fake\n`);
  expect(await shared('import', file, ...org, '--dry-run')).toMatchObject({ accounts: 1, rights: 1, dryRun: true });
  expect(await shared('list', ...org, '--search', 'Kiosk')).toEqual([]);
  expect(await shared('import', file, ...org)).toMatchObject({ accounts: 1, rights: 1 });
  expect(await shared('list', ...org, '--search', 'Kiosk')).toMatchObject([{ version: 1 }]);
  fs.writeFileSync(file, `name,user_name,password,use\nDoor,door,${secret},nobody@seed.fake\nGate,gate,,\n`);
  const refused = await refusal('shared-account', 'import', file, ...org);
  expect(refused).toMatchObject({ code: 'invalid_request' });
  expect(JSON.stringify(refused)).not.toContain(secret);
  expect(await shared('list', ...org, '--search', 'Gate')).toEqual([]);
  expect(await refusal('shared-account', 'import', `${file}.txt`, ...org)).toMatchObject({
    code: 'usage',
    message: expect.stringContaining('cannot be read'),
  });
});

it('shows and changes nothing of another organisation', async () => {
  const id = await add('Turbine');
  expect(await shared('list', ...elsewhere)).toEqual([]);
  expect(await shared('rotations', ...elsewhere)).toEqual([]);
  env = { ...env, ACCOUNT_PASSWORD: 'x' };
  for (const args of [
    ['show', id],
    ['change', id, '--notes', 'x'],
    ['remove', id, '--yes'],
    ['rights', id],
    ['give', id, '--user', 'usr_neo'],
    ['rotate', id],
    ['reveal', id, '--yes'],
    ['password', id],
    ['test', id],
  ])
    expect(await refusal('shared-account', ...args, ...elsewhere)).toMatchObject({ code: 'not_found' });
  env = { ...env, ACCOUNT_PASSWORD: '' };
  expect(await shared('show', id, ...org)).toMatchObject({ version: 1, notes: '' });
});
