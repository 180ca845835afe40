import type { Pool } from 'pg';
import { revocationsTogether } from '../database/revocations-together.ts';
import type { ForwardStatus } from './forwards.ts';

/** How far the forwards of some revocations to one app are that came to the same. */
export type ToldApp = Readonly<{
  app: string;
  appName: string;
  /** Of the app: what waits for a paused one goes nowhere until it is enabled. */
  appState: 'enabled' | 'paused' | 'disabled';
  /** `logout`, or the short name of a security event. */
  type: string;
  status: ForwardStatus;
  error: string | null;
  forwards: number;
  /** The forward, where it is the only one. */
  forward: string | null;
  /** When the last of them was settled. */
  at: string | null;
}>;

export type ToldApps = Readonly<{ apps: readonly ToldApp[]; more: boolean; planning: boolean }>;

/** A sign-out of a whole organisation has a forward a person and app. */
export const mostForwardsCounted = 100_000;

/**
 * What was passed on of a revocation; `together`: of all that the same request ended. `planning`:
 * forwards are still being made.
 */
export async function readToldApps(
  pool: Pool,
  orgId: string,
  revocation: string,
  { together }: { together: boolean },
): Promise<ToldApps> {
  const of = together ? 'together' : 'one';
  const { rows } = await pool.query<ToldApps & { counted: number }>({
    name: `told-apps-${of}`,
    text: toldSql[of],
    values: [orgId, revocation],
  });
  const { apps, counted, planning } = rows[0] as ToldApps & { counted: number };
  return { apps, planning, more: counted > mostForwardsCounted };
}

const meantSql = {
  one: 'SELECT org_id, id, user_id, created_at FROM revocations WHERE org_id = $1 AND id = $2',
  together: `SELECT r.org_id, r.id, r.user_id, r.created_at ${revocationsTogether('$1', '$2')}`,
};

/** Events are read by their target and time, as the record of revocations does. */
const sqlOf = (meant: string) => `
  WITH meant AS MATERIALIZED (${meant}
  ), sent AS MATERIALIZED (
    SELECT f.app_id, f.id, f.type, f.status, f.error, f.finished_at
    FROM meant m JOIN forwards f ON f.org_id = m.org_id AND f.revocation_id = m.id
    WHERE f.org_id = $1 LIMIT ${mostForwardsCounted + 1}
  ), counted AS (
    SELECT s.app_id AS app, a.name AS "appName", a.state AS "appState", s.type, s.status, s.error, count(*)::int AS forwards,
           CASE WHEN count(*) = 1 THEN min(s.id) END AS forward, to_char(max(s.finished_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at
    FROM sent s JOIN apps a ON a.org_id = $1 AND a.id = s.app_id
    GROUP BY s.app_id, a.name, a.state, s.type, s.status, s.error
  )
  SELECT coalesce((SELECT jsonb_agg(to_jsonb(c) ORDER BY c."appName", c.app, c.type DESC, c.status, c.error) FROM counted c), '[]') AS apps,
         (SELECT count(*)::int FROM sent) AS counted,
         EXISTS (SELECT FROM meant m
                 JOIN audit_events e ON e.org_id = m.org_id AND e.target_id = coalesce(m.user_id, m.org_id)
                  AND e.at BETWEEN m.created_at AND m.created_at + interval '30 seconds' AND e.detail ->> 'revocation' = m.id
                 WHERE EXISTS (SELECT FROM forward_outbox o WHERE o.org_id = e.org_id AND o.event_id = e.id)
                    OR EXISTS (SELECT FROM org_forwards o WHERE o.org_id = e.org_id AND o.event_id = e.id AND o.done_at IS NULL)) AS planning`;

const toldSql = { one: sqlOf(meantSql.one), together: sqlOf(meantSql.together) };
