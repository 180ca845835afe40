import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { isAway } from '../../database/errors.ts';
import { transaction } from '../../database/pool.ts';
import { joinsWaiting } from './ask-rotation.ts';
import { type EndedRights, recordEndedRights } from './record-ended-rights.ts';
import { tellOfAdministrators } from './tell-of-administrators.ts';

// Without names, so that each statement is planned for the tables as they are: a kept plan of tables
// that were empty would read all of them for each row.

/** Rows of an org that one transaction takes: each may mean a thousand accounts. */
const batchSize = 20;
/** Accounts of an org-wide sign-out, and of the schedule, that one step plans. */
const step = 500;
/** Of rights that ended: pairs of an account and a person that one transaction looks at. */
const mostPairs = 100_000;
/** What an account costs at least, in such pairs: it may be an event of the record. */
const leastPairs = 10;
/** Milliseconds that a row rests on this node after it could not be planned. */
const restMs = 10_000;

type Taken = EndedRights & Readonly<{ id: string; event_id: string | null; up_to: string; action: string | null }>;

/**
 * Takes what may have to change passwords out of the outbox, queues the rotations that follow from
 * it, and puts rights on record that ended with it: an org after the other, each in a transaction of
 * its own, so that none waits for what another's costs. A kill before the commit leaves it there.
 */
export function createPlanner({ pool, log }: Readonly<{ pool: Pool; log: Logger }>) {
  /** What could not be planned, by its id, and until when it rests. */
  const resting = new Map<string, number>();

  /** Returns how many rows of an org were taken. */
  const planOf = (orgId: string, limit: number) =>
    transaction(pool, async (client) => {
      const { rows } = await client.query<Taken>(takeSql, [orgId, limit, [...resting.keys()]]);
      const { now, later } = withinPairs(rows);
      await putBack(client, later);
      const ofEveryone = now.filter(({ action }) => action === 'access.revoked_for_everyone');
      await planOfPeople(
        client,
        now.filter((row) => !ofEveryone.includes(row)),
      );
      for (const row of ofEveryone) await planOfEveryone(client, row);
      await recordEndedRights(client, now);
      const eventIds = now.flatMap(({ event_id }) => event_id ?? []);
      if (eventIds.length > 0) await tellOfAdministrators(client, orgId, eventIds);
      return rows.length;
    });

  /**
   * Which of several rows can't be planned is seen one by one; that one rests, and the org's others
   * go on.
   */
  const planOneByOne = async (orgId: string): Promise<number> => {
    let taken = 0;
    for (let count = 0; count < batchSize; count += 1) {
      const { rows } = await pool.query<{ id: string }>(nextSql, [orgId, [...resting.keys()]]);
      const next = rows[0];
      if (!next) break;
      try {
        taken += await planOf(orgId, 1);
      } catch (error) {
        if (isAway(error)) throw error;
        log.error(
          { err: error, org: orgId, row: next.id },
          'passwords of shared accounts are not changed: rotations could not be planned',
        );
        resting.set(next.id, performance.now() + restMs);
      }
    }
    return taken;
  };

  return {
    /** A step of each org that has something in the outbox. Returns how many rows were taken. */
    async plan(): Promise<number> {
      for (const [id, until] of resting) if (performance.now() >= until) resting.delete(id);
      // Most rounds find nothing: one statement, no transaction.
      const { rows: orgs } = await pool.query<{ id: string }>(waitingSql, [[...resting.keys()]]);
      let taken = 0;
      for (const { id } of orgs)
        taken += await planOf(id, batchSize).catch((error) => {
          if (isAway(error)) throw error;
          return planOneByOne(id);
        });
      return taken;
    },
  };
}

// A skip scan: a look at an index for each org that has something there. What rests is few.
const waitingSql = `
  WITH RECURSIVE waiting AS (
    (SELECT org_id FROM account_outbox ORDER BY org_id LIMIT 1)
    UNION ALL
    SELECT next.org_id FROM waiting w CROSS JOIN LATERAL (
      SELECT o.org_id FROM account_outbox o WHERE o.org_id > w.org_id ORDER BY o.org_id LIMIT 1) next
  )
  SELECT org_id AS id FROM waiting w
  WHERE EXISTS (SELECT FROM account_outbox o WHERE o.org_id = w.org_id AND o.id <> ALL ($1::bigint[]))`;

// First what ended somebody's access: whoever takes a thousand rights away holds up nobody's sign-out.
const inTurn = `
  SELECT id FROM account_outbox WHERE org_id = $1 AND id <> ALL ($2::bigint[])
  ORDER BY org_id, (event_id IS NULL), id`;
const nextSql = `${inTurn} LIMIT 1`;
const takeSql = `
  WITH free AS MATERIALIZED (
    ${inTurn.replace('$2', '$3')} LIMIT $2 FOR UPDATE SKIP LOCKED
  ), taken AS (
    DELETE FROM account_outbox WHERE id IN (SELECT id FROM free)
    RETURNING *)
  SELECT t.id, t.org_id, t.event_id, t.account_ids, t.user_ids, t.revocation_id, t.up_to, e.action,
         t.ended, t.rights::text[] AS rights, t.group_id, t.created_at
  FROM taken t LEFT JOIN audit_events e ON e.org_id = t.org_id AND e.id = t.event_id ORDER BY t.id`;

/**
 * What one step looks at, and what is left to later ones: a row may name all people and all accounts
 * of an org.
 */
function withinPairs(rows: readonly Taken[]): Readonly<{ now: readonly Taken[]; later: readonly Taken[] }> {
  const now: Taken[] = [];
  const later: Taken[] = [];
  let room = mostPairs;
  for (const row of rows) {
    const { account_ids: accounts, user_ids: people, rights } = row;
    const pairs = Math.max(people.length, leastPairs);
    const fits = Math.max(Math.floor(room / pairs), now.length === 0 ? 1 : 0);
    if (fits >= accounts.length) now.push(row);
    else {
      if (fits > 0) now.push({ ...row, account_ids: accounts.slice(0, fits), rights: rights.slice(0, fits) });
      later.push({ ...row, account_ids: accounts.slice(fits), rights: rights.slice(fits) });
    }
    room -= Math.min(fits, accounts.length) * pairs;
  }
  return { now, later };
}

async function putBack(client: PoolClient, rows: readonly Taken[]): Promise<void> {
  for (const { org_id, account_ids, user_ids, revocation_id, ended, rights, group_id, created_at } of rows)
    await client.query(
      `INSERT INTO account_outbox (org_id, account_ids, user_ids, revocation_id, ended, rights, group_id, created_at)
       VALUES ($1, $2, $3, $4, $5, $6::text[]::"AccountRightKind"[], $7, $8)`,
      [org_id, account_ids, user_ids, revocation_id, ended, rights, group_id, created_at],
    );
}

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
    ), lost AS MATERIALIZED (
      -- By sets, not pair by pair: a group that empties is all its people times all its accounts.
      SELECT t.org_id, k.account_id, u.user_id, t.revocation_id
      FROM taken t CROSS JOIN LATERAL unnest(t.account_ids) AS k (account_id) CROSS JOIN LATERAL unnest(t.user_ids) AS u (user_id)
      EXCEPT
      (SELECT t.org_id, r.account_id, r.user_id, t.revocation_id
       FROM taken t CROSS JOIN LATERAL unnest(t.account_ids) AS k (account_id)
       JOIN account_rights r ON r.org_id = t.org_id AND r.account_id = k.account_id
       WHERE r.user_id IS NOT NULL
       UNION ALL
       SELECT t.org_id, r.account_id, m.user_id, t.revocation_id
       FROM taken t CROSS JOIN LATERAL unnest(t.user_ids) AS u (user_id)
       JOIN group_members m ON m.org_id = t.org_id AND m.user_id = u.user_id
       JOIN account_rights r ON r.org_id = m.org_id AND r.group_id = m.group_id
       WHERE r.account_id = ANY (t.account_ids))
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
    SELECT org_id, account_id, user_id, revocation_id, CASE WHEN revocation_id IS NULL THEN 'right_ended' ELSE 'revocation' END
    FROM (
      SELECT DISTINCT ON (l.org_id, l.account_id, l.revocation_id) l.*
      FROM lost l LEFT JOIN LATERAL (
        SELECT true AS knows FROM account_reveals v JOIN accounts a ON a.org_id = v.org_id AND a.id = v.account_id
        WHERE v.org_id = l.org_id AND v.account_id = l.account_id AND v.user_id = l.user_id AND ${stillKnown} LIMIT 1) v ON true
      ORDER BY l.org_id, l.account_id, l.revocation_id, v.knows NULLS LAST) ended`);
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
