import type { Pool } from 'pg';
import type { ClaimedForward, Names } from './forward.ts';

/** Seconds that a claim lasts: a node that dies leaves its forwards to others after it. */
const leaseSeconds = 60;
/** Forwards under way on a node at once: to one app, of one org. So a hanging app leaves its org others. */
const most = { ofApp: 2, ofOrg: 8 };

type Row = Omit<ClaimedForward, 'app'> & {
  appId: string;
  kind: ClaimedForward['app']['kind'];
  name: string;
  settings: unknown;
  credential: string | null;
};

/**
 * Claims up to `room` forwards that are due, single people's before those of an org-wide sign-out,
 * the apps in turn. Apps that are away get one, when their probe is due. What `underWay` names of
 * apps is what this node is sending already.
 */
export async function claimForwards(
  pool: Pool,
  room: number,
  underWay: readonly Pick<ClaimedForward, 'orgId' | 'app'>[],
): Promise<readonly ClaimedForward[]> {
  const { rows } = await pool.query<Row>({
    name: 'forwards-claim',
    text: claimSql,
    values: [room, underWay.map(({ orgId }) => orgId), underWay.map(({ app }) => app.id)],
  });
  return rows.map(({ appId, kind, name, settings, credential, ...row }) => ({
    ...row,
    names: row.names as Names,
    app: { id: appId, kind, name, settings, credential },
  }));
}

// The look at each app that something waits for is a skip scan of its own index; rows are locked
// only for the few that are taken. What is polled is left to polls, and of a stream that stands still
// only the news of that goes out.
const claimSql = `
  WITH busy AS (
    SELECT org_id, app_id, count(*) AS running FROM unnest($2::text[], $3::text[]) AS under_way (org_id, app_id) GROUP BY 1, 2
  ), open_apps AS MATERIALIZED (
    SELECT a.org_id, a.id, a.kind, a.name, a.settings, a.credential, a.away_since IS NOT NULL AS away, coalesce(b.running, 0) AS running,
           a.kind = 'ssf' AND NOT (a.state = 'enabled' AND s.status = 'enabled') AS stands_still,
           coalesce((SELECT sum(running) FROM busy o WHERE o.org_id = a.org_id), 0) AS of_org
    FROM apps a LEFT JOIN busy b ON b.org_id = a.org_id AND b.app_id = a.id
         LEFT JOIN event_streams s ON s.org_id = a.org_id AND s.app_id = a.id AND s.method = 'push'
    WHERE CASE WHEN a.kind <> 'ssf' THEN a.state = 'enabled'
               ELSE (a.state = 'enabled' AND s.status = 'enabled') OR (s.id IS NOT NULL AND EXISTS (
                 SELECT FROM forwards f WHERE f.org_id = a.org_id AND f.app_id = a.id AND f.status = 'pending' AND f.type = 'stream-updated')) END
      AND (a.away_since IS NULL OR a.probe_at <= clock_timestamp())
      AND EXISTS (SELECT FROM forwards f WHERE f.org_id = a.org_id AND f.app_id = a.id AND f.status = 'pending')
  ), due AS (
    SELECT a.org_id, f.id, a.id AS app_id, a.away,
           row_number() OVER (PARTITION BY a.org_id ORDER BY f.mass, f.place, f.due_at) + a.of_org AS place_in_org, f.mass, f.due_at, f.place
    FROM open_apps a CROSS JOIN LATERAL (
      SELECT f.id, f.mass, f.due_at, row_number() OVER (ORDER BY f.mass, f.due_at) AS place FROM (
        SELECT f.id, f.mass, f.due_at FROM forwards f
        WHERE f.org_id = a.org_id AND f.app_id = a.id AND f.status = 'pending' AND (f.due_at <= clock_timestamp() OR a.away)
          AND (NOT a.stands_still OR f.type = 'stream-updated')
        ORDER BY f.mass, f.due_at
        LIMIT CASE WHEN a.away THEN least(1, greatest(0, 1 - a.running)) ELSE greatest(0, ${most.ofApp} - a.running) END
      ) f
    ) f
  ), chosen AS (
    SELECT f.org_id, f.id FROM due d JOIN forwards f ON f.org_id = d.org_id AND f.id = d.id
    WHERE d.place_in_org <= ${most.ofOrg} AND f.status = 'pending' AND (f.due_at <= clock_timestamp() OR d.away)
    ORDER BY d.mass, d.place, d.due_at LIMIT $1
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
