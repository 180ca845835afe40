import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createJsonCli, type Env } from './processes.ts';

let database: TestDatabase;
let db: pg.Client;
let env: Env;
const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'universal-logout-cli-apps-'));

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
    APP_CREDENTIAL: 'the-key',
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

it('adds, shows, changes and removes an app, and says what was passed on to it', async () => {
  const settings = JSON.stringify({ endpoint: 'https://payroll.example/revoke', auth: { method: 'bearer' } });
  const added = await cli('app', 'add', ...org, '--kind', 'gtr', '--name', 'Payroll', '--settings', settings);
  expect(added).toMatchObject({ name: 'Payroll', hasCredential: true, clientSecret: null });
  expect(JSON.stringify(added)).not.toContain('the-key');
  const id = String(added.id);
  env = { ...env, APP_CREDENTIAL: '' };
  expect(await cli('app', 'change', id, ...org, '--state', 'paused', '--settings', '{"naming":"id"}')).toMatchObject({
    state: 'paused',
    settings: { naming: 'id' },
  });
  expect(await cli('app', 'list', ...org)).toMatchObject([{ id, waiting: 0, dead: 0 }]);
  expect(await cli('app', 'test', id, ...org)).toMatchObject({ id, result: 'again', error: 'network' });
  const file = path.join(dataDir, 'people.csv');
  fs.writeFileSync(file, 'user,id\nNEO@seed.fake,E-1\nnobody@seed.fake,E-2\n');
  expect(await cli('app', 'people', id, file, ...org)).toMatchObject({ set: 1, unknown: [{ line: 3 }] });
  await db.query(
    `INSERT INTO forwards (org_id, id, app_id, user_id, event_id, status, attempts, revoked_at, names)
     VALUES ('org_seed', 'fwd_1', $1, 'usr_neo', 'evt_1', 'dead', 1, now(), '{"email":"a@b.fake"}')`,
    [id],
  );
  expect(await cli('forward', 'list', ...org, '--status', 'dead')).toMatchObject([{ id: 'fwd_1', appName: 'Payroll' }]);
  expect(await cli('forward', 'replay', 'fwd_1', ...org)).toMatchObject({ status: 'pending' });

  const elsewhere = ['--org', 'other'] as const;
  expect(await cli('app', 'list', ...elsewhere)).toEqual([]);
  expect(await cli('forward', 'list', ...elsewhere)).toEqual([]);
  for (const args of [
    ['app', 'show', id],
    ['app', 'test', id],
    ['app', 'change', id, '--state', 'disabled'],
    ['app', 'secret', id],
    ['app', 'remove', id],
    ['forward', 'replay', 'fwd_1'],
  ])
    expect(await refusal(...args, ...elsewhere)).toMatchObject({ code: 'not_found' });

  expect(await cli('app', 'remove', id, ...org)).toEqual({ id, removed: true });
  const mail = [
    '--kind',
    'oidc',
    '--name',
    'Mail',
    '--settings',
    '{"redirectUris":["https://mail.example/callback"]}',
  ] as const;
  const { id: mailId, clientSecret } = await cli('app', 'add', ...org, ...mail);
  const made = await cli('app', 'secret', String(mailId), ...org);
  expect(made.clientSecret).not.toBe(clientSecret);
  expect(JSON.stringify(await cli('app', 'show', String(mailId), ...org))).not.toContain(String(made.clientSecret));
});

it('shows which keys sign in the name of organisations', async () => {
  expect((await cli('keys', 'status')).signingOfOrgs).toEqual([]);
  await cli('keys', 'rotate', '--signing', ...org);
  await cli('keys', 'rotate', '--signing', ...org);
  const { signingOfOrgs } = await cli('keys', 'status');
  expect(signingOfOrgs).toMatchObject([
    { org: 'seed', state: 'published' },
    { org: 'seed', state: 'signs' },
  ]);
});
