import type { Pool, PoolClient } from 'pg';
import { transaction } from '../database/pool.ts';
import { joinsWaiting } from './ask-rotation.ts';
import { recordEndedRights } from './record-ended-rights.ts';

// Without names, so that each statement is planned for the tables as they are: a kept plan of tables
// that were empty would read all of them for each row.

/** Rows of the outbox that one transaction takes: each may mean a thousand accounts. */
const batchSize = 50;
/** Accounts that these rows name together, unless the first of them names more: each may be an event of the record. */
const mostNamed = 5_000;
/** Accounts of an org-wide sign-out, and of the schedule, that one step plans. */
const step = 500;

type Taken = Readonly<{
  org_id: string;
  event_id: string | null;
  account_ids: readonly string[];
  user_ids: readonly string[];
  revocation_id: string | null;
  up_to: string;
  action: string | null;
  ended: string | null;
}>;

/**
 * Takes what may have to change passwords out of the outbox, queues the rotations that follow from
 * it, and puts rights on record that ended with it, in one transaction: a kill before the commit leaves it there. Returns how many were taken.
 */
export async function planRotations(pool: Pool): Promise<number> {
  // Most rounds find nothing: one statement, no transaction.
  const { rows } = await pool.query({ name: 'account-outbox-any', text: 'SELECT FROM account_outbox LIMIT 1' });
  if (rows.length === 0) return 0;
  return transaction(pool, async (client) => {
    const { rows: taken } = await client.query<Taken>(takeSql);
    const ofEveryone = taken.filter(({ action }) => action === 'access.revoked_for_everyone');
    await planOfPeople(
      client,
      taken.filter((row) => !ofEveryone.includes(row)),
    );
    for (const row of ofEveryone) await planOfEveryone(client, row);
    await recordEndedRights(
      client,
      taken.filter(({ ended }) => ended !== null),
    );
    return taken.length;
  });
}

// The orgs in turn, and of each first what ended somebody's access: whoever takes a thousand rights
// away holds up nobody's sign-out. Which orgs wait is a skip scan.
const takeSql = `
  WITH RECURSIVE waiting AS (
    (SELECT org_id FROM account_outbox ORDER BY org_id LIMIT 1)
    UNION ALL
    SELECT next.org_id FROM waiting w CROSS JOIN LATERAL (
      SELECT o.org_id FROM account_outbox o WHERE o.org_id > w.org_id ORDER BY o.org_id LIMIT 1) next
  ), free AS MATERIALIZED (
    SELECT f.* FROM waiting w CROSS JOIN LATERAL (
      SELECT o.id, o.org_id, o.event_id IS NULL AS later, cardinality(o.account_ids) AS named FROM account_outbox o WHERE o.org_id = w.org_id
      ORDER BY o.org_id, (o.event_id IS NULL), o.id LIMIT ${batchSize} FOR UPDATE SKIP LOCKED) f
  ), in_turn AS MATERIALIZED (
    SELECT id FROM (
      SELECT id, row_number() OVER by_turn AS place, sum(named) OVER by_turn AS named
      FROM (SELECT id, named, row_number() OVER (PARTITION BY org_id ORDER BY later, id) AS turn FROM free) turns
      WINDOW by_turn AS (ORDER BY turn, id)
    ) turns WHERE place = 1 OR (place <= ${batchSize} AND named <= ${mostNamed})
  ), taken AS (
    DELETE FROM account_outbox WHERE id IN (SELECT id FROM in_turn)
    RETURNING *)
  SELECT t.org_id, t.event_id, t.account_ids, t.user_ids, t.revocation_id, t.up_to, e.action,
         t.ended, t.rights, t.group_id, t.created_at
  FROM taken t LEFT JOIN audit_events e ON e.org_id = t.org_id AND e.id = t.event_id ORDER BY t.id`;

/** Whether a password that was read, or typed in, is the one that signs in, or a later one. */
const stillKnown = '(v.version >= a.version OR v.at >= a.changed_at)';

/**
 * Queues a rotation of each account of `asked`: SQL with (org_id, account_id, user_id, revocation_id,
 * cause). What waits already is joined. Every revocation among them is noted as one of its causes.
 */
const queueSql = (asked: string) => `
  WITH asked AS MATERIALIZED (${asked}), queued AS (
    INSERT INTO account_rotations (org_id, id, account_id, cause, user_id, revocation_id, revealed)
    SELECT DISTINCT ON (w.org_id, w.account_id)
           w.org_id, 'rot_' || replace(gen_random_uuid()::text, '-', ''), w.account_id, w.cause, w.user_id, w.revocation_id, w.revealed
    FROM (
      SELECT asked.*, EXISTS (
               SELECT FROM account_reveals v
               WHERE v.org_id = asked.org_id AND v.account_id = asked.account_id AND ${stillKnown}
                 AND (asked.user_id IS NULL OR v.user_id = asked.user_id)) AS revealed
      FROM asked JOIN accounts a ON a.org_id = asked.org_id AND a.id = asked.account_id
    ) w
    ORDER BY w.org_id, w.account_id, w.revealed DESC, w.revocation_id NULLS LAST
    ${joinsWaiting}
    RETURNING org_id, id, account_id)
  INSERT INTO account_rotation_revocations (org_id, rotation_id, revocation_id)
  SELECT DISTINCT q.org_id, q.id, asked.revocation_id
  FROM queued q JOIN asked ON asked.org_id = q.org_id AND asked.account_id = q.account_id
  WHERE asked.revocation_id IS NOT NULL
  ON CONFLICT DO NOTHING`;

/** Whether the person of a row has a right to the account `k` of what was taken: of their own or by a group. */
const mayUse = (person: string) => `EXISTS (
  SELECT FROM account_rights r WHERE r.org_id = t.org_id AND r.account_id = k.account_id AND (r.user_id = ${person}.user_id OR EXISTS (
    SELECT FROM group_members m WHERE m.org_id = r.org_id AND m.group_id = r.group_id AND m.user_id = ${person}.user_id)))`;

// What somebody read and has no right to any more counts too: the password is still the same. Of many
// whose right to an account ended, one is named: who has read its password, before others.
async function planOfPeople(client: PoolClient, taken: readonly Taken[]): Promise<void> {
  if (taken.length === 0) return;
  const text = queueSql(`
    WITH taken AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset($1::jsonb)
        AS t (org_id text, event_id text, account_ids text[], user_ids text[], revocation_id text)
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
    JOIN accounts a ON a.org_id = v.org_id AND a.id = v.account_id AND ${stillKnown}
    UNION
    SELECT t.org_id, k.account_id, ended.user_id, t.revocation_id,
           CASE WHEN t.revocation_id IS NULL THEN 'right_ended' ELSE 'revocation' END
    FROM taken t CROSS JOIN LATERAL unnest(t.account_ids) AS k (account_id)
    CROSS JOIN LATERAL (
      (SELECT v.user_id FROM account_reveals v JOIN accounts a ON a.org_id = v.org_id AND a.id = v.account_id
       WHERE v.org_id = t.org_id AND v.account_id = k.account_id AND ${stillKnown}
         AND v.user_id = ANY (t.user_ids) AND NOT ${mayUse('v')} LIMIT 1)
      UNION ALL
      (SELECT u.user_id FROM unnest(t.user_ids) AS u (user_id) WHERE NOT ${mayUse('u')} LIMIT 1)
      LIMIT 1) ended`);
  await client.query(text, [JSON.stringify(taken)]);
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
    WHERE a.every_days IS NOT NULL AND a.version IS NOT NULL
      AND coalesce(a.changed_at, a.created_at) + make_interval(days => a.every_days) <= clock_timestamp()
      AND NOT EXISTS (SELECT FROM account_rotations r WHERE r.org_id = a.org_id AND r.account_id = a.id
                        AND r.state NOT IN ('old_works', 'done', 'cancelled'))
    LIMIT ${step}
    ON CONFLICT DO NOTHING`);
  return rowCount === step;
}
