import type pg from 'pg';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createPlanner } from '../../src/accounts/rotation/plan-rotations.ts';
import { createTestDatabase, openPool } from '../support/database.ts';

// What the planner does with rows that name many people and accounts, and with one that it can't
// plan. No node runs beside it.
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: pg.Pool;
const log = pino({ level: 'silent' });

beforeAll(async () => {
  database = await createTestDatabase();
  pool = openPool({ connectionString: database.url });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => pool.query('DELETE FROM account_outbox'));

/** An org with `accounts` shared accounts, which two groups of the same `people` may use. */
async function plant(org: string, { accounts, people }: { accounts: number; people: number }): Promise<void> {
  const values = [org];
  await pool.query(`INSERT INTO orgs (id, slug, name) VALUES ($1, $1, $1)`, values);
  await pool.query(
    `INSERT INTO users (org_id, id, email, email_key, name, updated_at)
     SELECT $1, $1 || '_p' || n, n || '@' || $1, n || '@' || $1, n, now() FROM generate_series(1, $2::int) n`,
    [org, people],
  );
  await pool.query(
    `INSERT INTO accounts (org_id, id, name, user_name, connector, settings, password_rules, version, changed_at, updated_at)
     SELECT $1, $1 || '_a' || n, n, n, 'manual', '{}', '{}', 1, now() - interval '1 day', now() FROM generate_series(1, $2::int) n`,
    [org, accounts],
  );
  await pool.query(
    `INSERT INTO groups (org_id, id, display_name, updated_at)
     SELECT $1, $1 || '_' || g, g, now() FROM unnest(ARRAY['first', 'second']) g`,
    values,
  );
  await pool.query(
    `INSERT INTO group_members (org_id, group_id, user_id) SELECT $1, g.id, u.id FROM groups g, users u WHERE g.org_id = $1 AND u.org_id = $1`,
    values,
  );
  await pool.query(
    `INSERT INTO account_rights (org_id, id, account_id, group_id, "right")
     SELECT $1, a.id || g.id, a.id, g.id, 'use' FROM accounts a, groups g WHERE a.org_id = $1 AND g.org_id = $1`,
    values,
  );
  await pool.query('ANALYZE');
}
const leave = (org: string, group: string, who = '') =>
  pool.query(
    `DELETE FROM group_members WHERE org_id = $1 AND group_id = $1 || '_' || $2 AND ($3 = '' OR user_id = $1 || '_' || $3)`,
    [...[org, group, who]],
  );
const waiting = async () => (await pool.query('SELECT FROM account_outbox')).rowCount;
const queued = async (org: string) =>
  (await pool.query('SELECT account_id, user_id, cause, revealed FROM account_rotations WHERE org_id = $1', [org]))
    .rows;

it('a group of many that empties is planned in steps, between which others come', async () => {
  await plant('large', { accounts: 300, people: 1_500 });
  await plant('small', { accounts: 1, people: 1 });
  // Two have the right by the first group alone; one of them has read a password.
  await leave('large', 'second', 'p7');
  await leave('large', 'second', 'p9');
  await pool.query('DELETE FROM account_outbox');
  await pool.query(
    `INSERT INTO account_reveals (org_id, id, account_id, version, user_id) VALUES ('large', 'read', 'large_a3', 1, 'large_p9')`,
  );
  await leave('large', 'first');
  await leave('small', 'first');
  await leave('small', 'second');
  const planner = createPlanner({ pool, log });
  await planner.plan();
  // The other org is done; of the large one some is left.
  expect(await queued('small')).toHaveLength(1);
  const first = (await queued('large')).length;
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(300);
  let rounds = 1;
  while (await waiting()) {
    await planner.plan();
    rounds += 1;
  }
  expect(rounds).toBe(5);
  const all = await queued('large');
  expect(new Set(all.map(({ account_id }) => account_id)).size).toBe(300);
  expect(all.every(({ user_id }) => ['large_p7', 'large_p9'].includes(user_id))).toBe(true);
  expect(all.filter(({ revealed }) => revealed)).toEqual([
    { account_id: 'large_a3', user_id: 'large_p9', cause: 'right_ended', revealed: true },
  ]);
});

it('whoever has the right in another way changes nothing, in whatever number', async () => {
  await plant('same', { accounts: 300, people: 1_500 });
  await leave('same', 'first');
  const planner = createPlanner({ pool, log });
  while (await waiting()) await planner.plan();
  expect(await queued('same')).toEqual([]);
});

it('what can’t be planned holds up neither its org’s other accounts nor another org', async () => {
  await plant('broken', { accounts: 3, people: 1 });
  await plant('sound', { accounts: 1, people: 1 });
  await pool.query(`
    CREATE FUNCTION break_planning() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$;
    CREATE TRIGGER break_planning BEFORE INSERT ON account_rotations FOR EACH ROW WHEN (NEW.account_id = 'broken_a2')
      EXECUTE FUNCTION break_planning()`);
  await pool.query(`DELETE FROM account_rights WHERE org_id IN ('broken', 'sound')`);
  const planner = createPlanner({ pool, log });
  await planner.plan();
  await planner.plan();
  expect((await queued('broken')).map(({ account_id }) => account_id).toSorted()).toEqual(['broken_a1', 'broken_a3']);
  expect(await queued('sound')).toHaveLength(1);
  expect(await waiting()).toBe(2);
  await pool.query('DROP TRIGGER break_planning ON account_rotations');
  // It isn't tried at once again here; a node that starts does so.
  await planner.plan();
  expect(await queued('broken')).toHaveLength(2);
  await createPlanner({ pool, log }).plan();
  expect(await queued('broken')).toHaveLength(3);
  expect(await waiting()).toBe(0);
});
