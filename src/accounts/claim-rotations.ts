import type { Pool } from 'pg';
import type { Claimed } from './held-rotation.ts';

/** Rotations that are under way at once on a node: of all, of an org, at one system. */
const most = { ofNode: 24, ofOrg: 12, ofPlace: 6 } as const;

/** What the bounds are counted by. */
export type RunningRotation = Claimed & Readonly<{ place: string }>;

/**
 * Claims rotations that are due, as many as there is room for: those of passwords that the person had
 * read before others, the orgs in turn. One that waits begins when no other of its account runs.
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

// Without a name, as in plan-rotations.ts. Which orgs have something open is a skip scan: it costs a
// look at an index for each of them. A place is a system as far as its settings tell.
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
    SELECT d.*, row_number() OVER (PARTITION BY d.org_id, d.place ORDER BY d.revealed DESC, d.due_at, d.id)
                + (SELECT count(*) FROM running o WHERE o.org_id = d.org_id AND o.place = d.place) AS of_place
    FROM waiting w CROSS JOIN LATERAL (
      SELECT r.org_id, r.id, r.revealed, r.due_at,
             CASE a.connector WHEN 'manual' THEN a.id
               ELSE a.connector || ' ' || coalesce(a.settings ->> 'host', a.settings ->> 'url', '') END AS place
      FROM account_rotations r JOIN accounts a ON a.org_id = r.org_id AND a.id = r.account_id
      WHERE r.org_id = w.org_id AND r.state NOT IN ('manual', 'done', 'cancelled') AND r.finished_at IS NULL
        AND r.due_at <= clock_timestamp()
        AND (r.state <> 'queued' OR NOT EXISTS (
          SELECT FROM account_rotations o WHERE o.org_id = r.org_id AND o.account_id = r.account_id
            AND o.state IN ('candidate', 'set', 'uncertain', 'promoted', 'manual')))
      ORDER BY r.revealed DESC, r.due_at LIMIT 1000) d
  ), in_turn AS (
    SELECT due.*, row_number() OVER (PARTITION BY org_id ORDER BY revealed DESC, due_at, id)
                  + (SELECT count(*) FROM running o WHERE o.org_id = due.org_id) AS of_org
    FROM due WHERE of_place <= ${most.ofPlace}
  ), chosen AS (
    SELECT r.org_id, r.id, t.place FROM in_turn t JOIN account_rotations r ON r.org_id = t.org_id AND r.id = t.id
    WHERE t.of_org <= ${most.ofOrg} AND r.due_at <= clock_timestamp() AND r.finished_at IS NULL
      AND r.state NOT IN ('manual', 'done', 'cancelled')
    ORDER BY t.revealed DESC, t.of_org, t.due_at LIMIT $1::int FOR NO KEY UPDATE OF r SKIP LOCKED
  )
  UPDATE account_rotations r SET claim = r.claim + 1, due_at = clock_timestamp() + make_interval(secs => $2)
  FROM chosen c WHERE r.org_id = c.org_id AND r.id = c.id
  RETURNING r.org_id AS "orgId", r.id, r.claim, c.place`;
