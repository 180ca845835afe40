import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Env, runCli } from './processes.ts';

let database: TestDatabase;
let db: pg.Client;
let env: Env;
beforeAll(async () => {
  database = await createTestDatabase();
  db = new pg.Client({ connectionString: database.url });
  await db.connect();
  env = { DATABASE_URL: database.url, PUBLIC_URL: 'http://localhost:3333' };
  for (const slug of ['one', 'two'])
    await db.query(`INSERT INTO orgs (id, slug, name) VALUES ('org_' || $1::text, $1, $1)`, [slug]);
});
afterAll(async () => {
  await db.end();
  await database.drop();
});

const cli = async (...args: string[]) => {
  const { code, stdout, stderr } = await runCli([...args, '--json'], env);
  return { exit: code, ...JSON.parse(stdout || stderr).error, answer: stdout ? JSON.parse(stdout) : null };
};
const setRole = (who: string, role: string, org = 'one') => cli('user', 'set-role', who, '--org', org, '--role', role);
const add = async (email: string, org = 'one', role = 'member') =>
  (await cli('user', 'add', email, '--org', org, '--role', role)).answer.id as string;

it('makes the first owner, by address or id, and records it', async () => {
  const id = await add('zoe@one.fake');
  expect(await setRole('Zoe@one.fake', 'owner')).toMatchObject({ exit: 0, answer: { id, role: 'owner' } });
  expect(await setRole(id, 'owner')).toMatchObject({ exit: 0, answer: { role: 'owner' } });
  const { rows } = await db.query(
    `SELECT actor_type, detail FROM audit_events WHERE target_id = $1 AND action = 'role.changed'`,
    [id],
  );
  expect(rows).toEqual([{ actor_type: 'operator', detail: { from: 'member', to: 'owner' } }]);
  expect((await runCli(['user', 'set-role', id, '--org', 'one', '--role', 'owner'], env)).stdout).toBe(
    'zoe@one.fake is owner in one.\n',
  );
});

it('keeps the last active owner, and says how', async () => {
  const id = await add('last@two.fake', 'two', 'owner');
  await add('off@two.fake', 'two', 'owner');
  await cli('user', 'deactivate', 'off@two.fake', '--org', 'two');
  expect(await setRole(id, 'member', 'two')).toMatchObject({
    exit: 1,
    code: 'conflict',
    message: expect.stringMatching(/somebody else an owner/),
  });
  await add('next@two.fake', 'two', 'owner');
  expect(await setRole(id, 'member', 'two')).toMatchObject({ exit: 0, answer: { role: 'member' } });
});

it('switches the last active owner off only when there is another, and says what to do', async () => {
  await db.query(`INSERT INTO orgs (id, slug, name) VALUES ('org_three', 'three', 'three')`);
  const id = await add('last@three.fake', 'three', 'owner');
  const off = () => cli('user', 'deactivate', id, '--org', 'three');
  expect(await off()).toMatchObject({
    exit: 1,
    code: 'conflict',
    message: expect.stringMatching(/`user set-role`.*`revoke`/),
  });
  const { rows } = await db.query('SELECT active, generation FROM users WHERE id = $1', [id]);
  expect(rows).toEqual([{ active: true, generation: 0 }]);
  await add('next@three.fake', 'three', 'owner');
  expect(await off()).toMatchObject({ exit: 0, answer: { id, active: false } });
});

it('refuses nobody, another org’s person, somebody who was removed, and what is no role', async () => {
  const id = await add('here@one.fake');
  const gone = await add('gone@one.fake');
  await db.query('UPDATE users SET deleted_at = now(), active = false WHERE id = $1', [gone]);
  for (const [who, org] of [
    ['nobody@one.fake', 'one'],
    [id, 'two'],
    ['here@one.fake', 'two'],
    [gone, 'one'],
    ['gone@one.fake', 'one'],
  ] as const)
    expect(await setRole(who, 'owner', org)).toMatchObject({ exit: 1, code: 'user_not_found' });
  expect(await setRole(id, 'god')).toMatchObject({ exit: 2 });
  expect(await cli('user', 'set-role', id, '--org', 'one')).toMatchObject({ exit: 2 });
  const { rows } = await db.query('SELECT role FROM users WHERE id = ANY ($1)', [[id, gone]]);
  expect(rows).toEqual([{ role: 'member' }, { role: 'member' }]);
});

it('erases a person with their names on record, not the last owner, and only where that is meant', async () => {
  const erase = (who: string, org = 'one', ...options: string[]) => cli('user', 'erase', who, '--org', org, ...options);
  const id = await add('erased@one.fake');
  expect(await erase('erased@one.fake')).toMatchObject({ exit: 2 });
  expect(await erase('erased@one.fake', 'two', '--yes')).toMatchObject({ exit: 1, code: 'user_not_found' });
  expect(await erase('Erased@one.fake', 'one', '--yes')).toMatchObject({ exit: 0, answer: { id, erased: true } });
  expect((await db.query('SELECT FROM audit_names WHERE subject_id = $1', [id])).rowCount).toBe(0);
  expect(await erase('erased@one.fake', 'one', '--yes')).toMatchObject({ exit: 1, code: 'user_not_found' });
  expect(await erase(id, 'one', '--yes')).toMatchObject({ exit: 0 });
  const { rows } = await db.query('SELECT action, actor_type FROM audit_events WHERE target_id = $1 ORDER BY at', [id]);
  expect(rows.map(({ action, actor_type }) => `${action} ${actor_type}`)).toEqual([
    'user.added operator',
    'user.deactivated operator',
    'user.erased operator',
    'user.erased operator',
  ]);
  await db.query(`INSERT INTO orgs (id, slug, name) VALUES ('org_four', 'four', 'four')`);
  const last = await add('owner@four.fake', 'four', 'owner');
  expect(await erase(last, 'four', '--yes')).toMatchObject({
    exit: 1,
    code: 'conflict',
    message: expect.stringMatching(/somebody else an owner/),
  });
});
