import type { Pool, PoolClient } from 'pg';
import { transaction } from '../database/pool.ts';

// Without names, so that each statement is planned for the tables as they are: a kept plan of tables
// that were empty would read all of them for each row.

/** Rows of the outbox that one transaction takes: each may mean a thousand accounts. */
const batchSize = 50;
/** Accounts of an org-wide sign-out, and of the schedule, that one step plans. */
const step = 500;

type Taken = Readonly<{
  org_id: string;
  event_id: string | null;
  account_id: string | null;
  user_id: string | null;
  up_to: string;
  action: string | null;
}>;

/**
 * Takes what may have to change passwords out of the outbox, and queues the rotations that follow
 * from it, in one transaction: a kill before the commit leaves it there. Returns how many were taken.
 */
export async function planRotations(pool: Pool): Promise<number> {
  // Most rounds find nothing: one statement, no transaction.
  const { rows } = await pool.query({ name: 'account-outbox-any', text: 'SELECT FROM account_outbox LIMIT 1' });
  if (rows.length === 0) return 0;
  return transaction(pool, async (client) => {
    const { rows: taken } = await client.query<Taken>(`
      WITH taken AS (
        DELETE FROM account_outbox
        WHERE id IN (SELECT id FROM account_outbox ORDER BY id LIMIT ${batchSize} FOR UPDATE SKIP LOCKED)
        RETURNING id, org_id, event_id, account_id, user_id, up_to)
      SELECT t.org_id, t.event_id, t.account_id, t.user_id, t.up_to, e.action
      FROM taken t LEFT JOIN audit_events e ON e.org_id = t.org_id AND e.id = t.event_id ORDER BY t.id`);
    const ofEveryone = taken.filter(({ action }) => action === 'access.revoked_for_everyone');
    await planOfPeople(
      client,
      taken.filter((row) => !ofEveryone.includes(row)),
    );
    for (const row of ofEveryone) await planOfEveryone(client, row);
    return taken.length;
  });
}

/**
 * Queues a rotation of each account of `asked`: SQL with (org_id, account_id, user_id, revocation_id,
 * cause). What waits already gains the hurry of a password that was read, and nothing else.
 */
const queueSql = (asked: string) => `
  INSERT INTO account_rotations (org_id, id, account_id, cause, user_id, revocation_id, revealed)
  SELECT DISTINCT ON (w.org_id, w.account_id)
         w.org_id, 'rot_' || replace(gen_random_uuid()::text, '-', ''), w.account_id, w.cause, w.user_id, w.revocation_id, w.revealed
  FROM (
    SELECT asked.*, EXISTS (
             SELECT FROM account_reveals v
             WHERE v.org_id = asked.org_id AND v.account_id = asked.account_id AND (v.version >= a.version OR v.at >= a.changed_at)
               AND (asked.user_id IS NULL OR v.user_id = asked.user_id)) AS revealed
    FROM (${asked}) asked JOIN accounts a ON a.org_id = asked.org_id AND a.id = asked.account_id
  ) w
  ORDER BY w.org_id, w.account_id, w.revealed DESC, w.revocation_id NULLS LAST
  ON CONFLICT (org_id, account_id) WHERE state = 'queued'
    DO UPDATE SET revealed = account_rotations.revealed OR EXCLUDED.revealed,
                  due_at = least(account_rotations.due_at, clock_timestamp())`;

/** Whether the person of `row` has a right to its account: of their own or by a group. */
const mayUse = (row: string) => `EXISTS (
  SELECT FROM account_rights r WHERE r.org_id = ${row}.org_id AND r.account_id = ${row}.account_id AND (r.user_id = ${row}.user_id OR EXISTS (
    SELECT FROM group_members m WHERE m.org_id = r.org_id AND m.group_id = r.group_id AND m.user_id = ${row}.user_id)))`;

// What somebody read and has no right to any more counts too: the password is still the same.
async function planOfPeople(client: PoolClient, taken: readonly Taken[]): Promise<void> {
  if (taken.length === 0) return;
  const text = queueSql(`
    WITH taken AS MATERIALIZED (
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS t (org_id, event_id, account_id, user_id)
    ), gone AS MATERIALIZED (
      SELECT DISTINCT e.org_id, coalesce(r.user_id, e.target_id) AS user_id, r.id AS revocation_id
      FROM taken t
      JOIN audit_events e ON e.org_id = t.org_id AND e.id = t.event_id
      JOIN orgs o ON o.id = e.org_id
      LEFT JOIN revocations r ON r.org_id = e.org_id AND r.id = e.detail ->> 'revocation'
      WHERE (e.target_type = 'user' AND e.action IN ('user.deactivated', 'user.removed', 'user.erased'))
         OR (e.action = 'access.revoked' AND r.user_id IS NOT NULL AND r.user_generation IS NOT NULL
             AND r.initiator = ANY (o.rotate_after))
    )
    SELECT g.org_id, r.account_id, g.user_id, g.revocation_id, 'revocation' AS cause
    FROM gone g JOIN account_rights r ON r.org_id = g.org_id AND r.user_id = g.user_id
    UNION
    SELECT g.org_id, r.account_id, g.user_id, g.revocation_id, 'revocation'
    FROM gone g JOIN group_members m ON m.org_id = g.org_id AND m.user_id = g.user_id
    JOIN account_rights r ON r.org_id = m.org_id AND r.group_id = m.group_id
    UNION
    SELECT g.org_id, v.account_id, g.user_id, g.revocation_id, 'revocation'
    FROM gone g JOIN account_reveals v ON v.org_id = g.org_id AND v.user_id = g.user_id
    JOIN accounts a ON a.org_id = v.org_id AND a.id = v.account_id AND (v.version >= a.version OR v.at >= a.changed_at)
    UNION
    SELECT t.org_id, t.account_id, t.user_id, NULL, 'right_ended'
    FROM taken t WHERE t.account_id IS NOT NULL AND NOT ${mayUse('t')}`);
  const column = (name: keyof Taken) => taken.map((row) => row[name]);
  await client.query(text, [column('org_id'), column('event_id'), column('account_id'), column('user_id')]);
}

/** One step: the next accounts that anybody may use. Where there may be more, the event goes back. */
async function planOfEveryone(client: PoolClient, { org_id, event_id, up_to }: Taken): Promise<void> {
  const { rows } = await client.query<{ id: string; revocation: string }>(
    `SELECT a.id, r.id AS revocation FROM audit_events e
     JOIN orgs o ON o.id = e.org_id
     JOIN revocations r ON r.org_id = e.org_id AND r.id = e.detail ->> 'revocation' AND r.initiator = ANY (o.rotate_after)
     JOIN accounts a ON a.org_id = e.org_id
     WHERE e.org_id = $1 AND e.id = $2 AND a.id > $3
       AND EXISTS (SELECT FROM account_rights h WHERE h.org_id = a.org_id AND h.account_id = a.id)
     ORDER BY a.id LIMIT ${step}`,
    [org_id, event_id, up_to],
  );
  const last = rows.at(-1);
  if (!last) return;
  const ids = rows.map(({ id }) => id);
  await client.query(
    queueSql(`SELECT $1::text AS org_id, account_id, NULL::text AS user_id, $3::text AS revocation_id, 'revocation' AS cause
              FROM unnest($2::text[]) AS chosen (account_id)`),
    [org_id, ids, last.revocation],
  );
  if (rows.length < step) return;
  await client.query('INSERT INTO account_outbox (org_id, event_id, up_to) VALUES ($1, $2, $3)', [
    org_id,
    event_id,
    last.id,
  ]);
}

/** Queues what is due by its schedule and has nothing under way. Returns whether there may be more. */
export async function planScheduled(pool: Pool): Promise<boolean> {
  const { rowCount } = await pool.query(`
    INSERT INTO account_rotations (org_id, id, account_id, cause)
    SELECT a.org_id, 'rot_' || replace(gen_random_uuid()::text, '-', ''), a.id, 'schedule' FROM accounts a
    WHERE a.every_days IS NOT NULL
      AND coalesce(a.changed_at, a.created_at) + make_interval(days => a.every_days) <= clock_timestamp()
      AND NOT EXISTS (SELECT FROM account_rotations r WHERE r.org_id = a.org_id AND r.account_id = a.id
                        AND r.state NOT IN ('old_works', 'done', 'cancelled'))
    LIMIT ${step}
    ON CONFLICT DO NOTHING`);
  return rowCount === step;
}
