import type { Pool } from 'pg';
import type { ClaimedForward, Names } from './forward.ts';
import { type AppPace, lanes, leastOfApp } from './paces.ts';

/** Seconds that a claim lasts: a node that dies leaves its forwards to others after it. */
const leaseSeconds = 60;

type Row = Omit<ClaimedForward, 'app'> & {
  appId: string;
  kind: ClaimedForward['app']['kind'];
  name: string;
  settings: unknown;
  credential: string | null;
};

/**
 * Claims forwards that are due, as many as the lanes have room for: single people's before those of
 * an org-wide sign-out, the orgs in turn and in each the apps. Apps that are away get one, when
 * their probe is due; those that asked us to wait none before.
 */
export async function claimForwards(pool: Pool, paces: readonly AppPace[]): Promise<readonly ClaimedForward[]> {
  const runningIn = (quick: boolean) =>
    paces.filter((pace) => pace.quick === quick).reduce((sum, { running }) => sum + running, 0);
  const rooms = [lanes.quick.ofNode - runningIn(true), lanes.unproven.ofNode - runningIn(false)];
  if (rooms.every((left) => left <= 0)) return [];
  const { rows } = await pool.query<Row>({
    text: claimSql,
    values: [
      ...rooms,
      paces.map(({ orgId }) => orgId),
      paces.map(({ appId }) => appId),
      paces.map(({ quick }) => quick),
      paces.map(({ most }) => most),
      paces.map(({ running }) => running),
    ],
  });
  return rows.map(({ appId, kind, name, settings, credential, ...row }) => ({
    ...row,
    names: row.names as Names,
    app: { id: appId, kind, name, settings, credential },
  }));
}

// Without a name, as in plan-forwards.ts: a kept plan of a queue that was empty reads all of it.
// Which apps something waits for is a skip scan: it costs a look at an index for each of them, not
// for each forward. Rows are locked only for the few that are taken. What is polled is left to polls,
// and of a stream that stands still only the news of that goes out.
const claimSql = `
  WITH RECURSIVE waiting AS (
    (SELECT org_id, app_id FROM forwards WHERE status = 'pending' ORDER BY org_id, app_id LIMIT 1)
    UNION ALL
    SELECT next.org_id, next.app_id FROM waiting w CROSS JOIN LATERAL (
      SELECT f.org_id, f.app_id FROM forwards f
      WHERE f.status = 'pending' AND (f.org_id, f.app_id) > (w.org_id, w.app_id)
      ORDER BY f.org_id, f.app_id LIMIT 1) next
  ), paces AS MATERIALIZED (
    SELECT * FROM unnest($3::text[], $4::text[], $5::boolean[], $6::int[], $7::int[]) AS p (org_id, app_id, quick, most, running)
  ), open_apps AS MATERIALIZED (
    SELECT a.org_id, a.id, a.kind, a.name, a.settings, a.credential, a.away_since IS NOT NULL AS away,
           coalesce(p.quick, false) AS quick,
           a.kind = 'ssf' AND NOT (a.state = 'enabled' AND s.status = 'enabled') AS stands_still,
           greatest(0, CASE WHEN a.away_since IS NULL THEN coalesce(p.most, ${leastOfApp}) ELSE 1 END - coalesce(p.running, 0)) AS room,
           coalesce((SELECT sum(running) FROM paces o WHERE o.org_id = a.org_id AND o.quick = coalesce(p.quick, false)), 0) AS of_org
    FROM waiting w
    JOIN apps a ON a.org_id = w.org_id AND a.id = w.app_id
    LEFT JOIN paces p ON p.org_id = a.org_id AND p.app_id = a.id
    LEFT JOIN event_streams s ON s.org_id = a.org_id AND s.app_id = a.id AND s.method = 'push'
    WHERE CASE WHEN a.kind <> 'ssf' THEN a.state = 'enabled'
               ELSE (a.state = 'enabled' AND s.status = 'enabled') OR (s.id IS NOT NULL AND EXISTS (
                 SELECT FROM forwards f WHERE f.org_id = a.org_id AND f.app_id = a.id AND f.status = 'pending' AND f.type = 'stream-updated')) END
      AND (a.probe_at IS NULL OR a.probe_at <= clock_timestamp())
  ), due AS (
    SELECT a.org_id, f.id, a.away, a.quick, f.mass, f.due_at,
           row_number() OVER (PARTITION BY a.org_id, a.quick ORDER BY f.mass, f.place, f.due_at) + a.of_org AS place
    FROM open_apps a CROSS JOIN LATERAL (
      SELECT f.id, f.mass, f.due_at, row_number() OVER (ORDER BY f.mass, f.due_at) AS place FROM (
        SELECT f.id, f.mass, f.due_at FROM forwards f
        WHERE f.org_id = a.org_id AND f.app_id = a.id AND f.status = 'pending' AND (f.due_at <= clock_timestamp() OR a.away)
          AND (NOT a.stands_still OR f.type = 'stream-updated')
        ORDER BY f.mass, f.due_at LIMIT a.room
      ) f
    ) f
  ), in_lane AS (
    SELECT due.*, row_number() OVER (PARTITION BY quick ORDER BY mass, place, due_at) AS place_in_lane FROM due
    WHERE place <= CASE WHEN quick THEN ${lanes.quick.ofOrg} ELSE ${lanes.unproven.ofOrg} END
  ), chosen AS (
    SELECT f.org_id, f.id FROM in_lane l JOIN forwards f ON f.org_id = l.org_id AND f.id = l.id
    WHERE l.place_in_lane <= CASE WHEN l.quick THEN $1::int ELSE $2::int END
      AND f.status = 'pending' AND (f.due_at <= clock_timestamp() OR l.away)
    FOR NO KEY UPDATE OF f SKIP LOCKED
  ), probed AS (
    UPDATE apps a SET probe_at = clock_timestamp() + interval '1 minute'
    WHERE a.away_since IS NOT NULL AND (a.org_id, a.id) IN (
      SELECT f.org_id, f.app_id FROM chosen c JOIN forwards f ON f.org_id = c.org_id AND f.id = c.id)
  )
  UPDATE forwards f SET claim = f.claim + 1, due_at = clock_timestamp() + interval '${leaseSeconds} seconds'
  FROM chosen c, open_apps a
  WHERE f.org_id = c.org_id AND f.id = c.id AND a.org_id = f.org_id AND a.id = f.app_id
  RETURNING f.org_id AS "orgId", f.id, f.claim, f.user_id AS "userId", f.revocation_id AS "revocationId", f.type, f.sid, f.names, f.said,
            f.jti, f.attempts, f.revoked_at AS "revokedAt", a.id AS "appId", a.kind, a.name, a.settings, a.credential`;
