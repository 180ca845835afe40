import type { Pool } from 'pg';
import { placeSql } from '../place.ts';
import type { Claimed } from './held-rotation.ts';

/** Rotations that are under way at once on a node: of all, of an org, at one system. */
const most = { ofNode: 24, ofOrg: 12, ofPlace: 6 } as const;

/** Of an org, in a round. What waits for a system that is busy doesn't count. */
const looked = 50;

/** What the bounds are counted by. */
export type RunningRotation = Claimed & Readonly<{ place: string }>;

/**
 * Claims rotations that are due, as many as there is room for: the orgs in turn, and of each first
 * those of passwords that the person had read. One that waits begins when no other of its account runs.
 */
export async function claimRotations(
  pool: Pool,
  running: readonly RunningRotation[],
  leaseSeconds: number,
): Promise<readonly RunningRotation[]> {
  const room = most.ofNode - running.length;
  if (room <= 0) return [];
  const { rows } = await pool.query<RunningRotation>({
    text: claimSql,
    values: [room, leaseSeconds, running.map(({ orgId }) => orgId), running.map(({ place }) => place)],
  });
  return rows;
}

/** Beyond the longest pause nothing is due: there the database's clock has stepped back. */
const isDue = "(r.due_at <= clock_timestamp() OR r.due_at > clock_timestamp() + interval '90 minutes')";

// Without a name, as in plan-rotations.ts. Which orgs have something open is a skip scan: it costs a
// look at an index for each of them. A place is a system as far as its settings tell. What is chosen
// is materialized, and an account is looked up by a subquery: before tables are analysed a join would
// read all of them for each row (10 s for 1,000).
const claimSql = `
  WITH RECURSIVE waiting AS (
    (SELECT org_id FROM account_rotations WHERE state NOT IN ('manual', 'done', 'cancelled') AND finished_at IS NULL
     ORDER BY org_id LIMIT 1)
    UNION ALL
    SELECT next.org_id FROM waiting w CROSS JOIN LATERAL (
      SELECT r.org_id FROM account_rotations r
      WHERE r.state NOT IN ('manual', 'done', 'cancelled') AND r.finished_at IS NULL AND r.org_id > w.org_id
      ORDER BY r.org_id LIMIT 1) next
  ), running AS MATERIALIZED (
    SELECT * FROM unnest($3::text[], $4::text[]) AS t (org_id, place)
  ), due AS MATERIALIZED (
    SELECT d.*, row_number() OVER (PARTITION BY d.org_id, d.place ORDER BY d.revealed DESC, d.due_at, d.id) + d.at_place AS of_place
    FROM waiting w CROSS JOIN LATERAL (
      SELECT * FROM (
        SELECT at.*, (SELECT count(*) FROM running o WHERE o.org_id = at.org_id AND o.place = at.place) AS at_place FROM (
          SELECT r.org_id, r.id, r.revealed, r.due_at, (
                   SELECT ${placeSql} FROM accounts a WHERE a.org_id = r.org_id AND a.id = r.account_id) AS place
          FROM account_rotations r
          WHERE r.org_id = w.org_id AND r.state NOT IN ('manual', 'done', 'cancelled') AND r.finished_at IS NULL
            AND ${isDue}
            AND (r.state <> 'queued' OR NOT EXISTS (
              SELECT FROM account_rotations o WHERE o.org_id = r.org_id AND o.account_id = r.account_id
                AND o.state IN ('candidate', 'set', 'uncertain', 'promoted', 'manual')))
          ORDER BY r.revealed DESC, r.due_at
          OFFSET 0) at) there
      WHERE at_place < ${most.ofPlace}
      LIMIT ${looked}) d
    WHERE (SELECT count(*) FROM running o WHERE o.org_id = w.org_id) < ${most.ofOrg}
  ), in_turn AS MATERIALIZED (
    SELECT due.*, row_number() OVER (PARTITION BY org_id ORDER BY revealed DESC, due_at, id)
                  + (SELECT count(*) FROM running o WHERE o.org_id = due.org_id) AS of_org
    FROM due WHERE of_place <= ${most.ofPlace}
  ), wanted AS MATERIALIZED (
    SELECT org_id, id, place FROM in_turn WHERE of_org <= ${most.ofOrg} ORDER BY of_org, revealed DESC, due_at LIMIT $1::int
  ), chosen AS MATERIALIZED (
    SELECT r.org_id, r.id, w.place FROM wanted w JOIN account_rotations r ON r.org_id = w.org_id AND r.id = w.id
    WHERE ${isDue} AND r.finished_at IS NULL AND r.state NOT IN ('manual', 'done', 'cancelled')
    FOR NO KEY UPDATE OF r SKIP LOCKED
  )
  UPDATE account_rotations r SET claim = r.claim + 1, due_at = clock_timestamp() + make_interval(secs => $2)
  FROM chosen c WHERE r.org_id = c.org_id AND r.id = c.id
  RETURNING r.org_id AS "orgId", r.id, r.claim, c.place`;
