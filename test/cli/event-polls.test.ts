import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createJsonCli, type Env } from './processes.ts';

let database: TestDatabase;
let env: Env;
const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'universal-logout-cli-polls-'));

beforeAll(async () => {
  database = await createTestDatabase();
  env = {
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    PUBLIC_URL: 'http://localhost:3333',
    CLIENT_SECRET: 'of-the-connection',
    POLL_CREDENTIAL: 'the-token',
    ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
  };
});
afterAll(async () => {
  await database.drop();
  fs.rmSync(dataDir, { recursive: true, force: true });
});

const { cli, refusal } = createJsonCli(() => env);

it('sets, shows and ends where the events of a connection are fetched; a receiver of events is an app', async () => {
  await cli('org', 'create', '--name', 'Seed', '--slug', 'seed', '--domain', 'seed.fake');
  await cli('org', 'create', '--name', 'Other', '--slug', 'other', '--domain', 'other.fake');
  const endpoints = ['authorization-endpoint', 'token-endpoint', 'jwks-uri'].flatMap((name) => [
    `--${name}`,
    `https://idp.example/${name}`,
  ]);
  const described = ['--issuer', 'https://idp.example', '--client-id', 'us', ...endpoints];
  const { id } = await cli('connection', 'add', '--org', 'seed', ...described);
  const poll = (...args: string[]) => ['connection', 'poll', String(id), '--org', 'seed', ...args] as const;

  expect(await refusal(...poll())).toMatchObject({ code: 'not_found' });
  const endpoint = ['--endpoint', 'https://idp.example/poll'];
  const set = await cli(...poll(...endpoint));
  expect(set).toMatchObject({ endpoint: 'https://idp.example/poll', auth: { method: 'bearer' }, failures: 0 });
  expect(JSON.stringify(set)).not.toContain('the-token');
  const byClient = ['--token-endpoint', 'https://idp.example/token', '--client-id', 'us'];
  expect(await cli(...poll(...endpoint, ...byClient))).toMatchObject({
    auth: { method: 'client_credentials', clientId: 'us', scope: 'ssf.read' },
  });
  expect(await cli(...poll())).toMatchObject({ auth: { method: 'client_credentials' } });
  expect(await refusal('connection', 'poll', String(id), '--org', 'other')).toMatchObject({ code: 'not_found' });
  expect(await cli(...poll('--off'))).toMatchObject({ polled: false });

  const settings = JSON.stringify({ audience: 'https://siem.example', connection: id });
  const app = ['app', 'add', '--kind', 'ssf', '--name', 'SIEM', '--settings', settings];
  env = { ...env, POLL_CREDENTIAL: '', APP_CREDENTIAL: '' };
  expect(await cli(...app, '--org', 'seed')).toMatchObject({ kind: 'ssf', clientSecret: expect.any(String) });
  expect(await refusal(...app, '--org', 'other')).toMatchObject({ code: 'invalid_request' });
});
