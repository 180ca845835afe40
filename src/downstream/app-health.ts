import type { PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import { bySystem } from '../by.ts';

/** Failures in a row after which an app counts as away: it is tried once a minute until it answers. */
const failuresUntilAway = 10;
const secondsToProbe = 60;

const by = bySystem(null);

/** What tries said of an app. `failures`: since its last answer, if there was one. */
export type AppHealth = Readonly<{
  orgId: string;
  appId: string;
  name: string;
  answered: boolean;
  /** It took something. */
  received: boolean;
  failures: number;
  /** Of the last failure. */
  error: string | null;
  /** It asked us to wait: until then it is sent nothing. */
  waitSeconds: number;
}>;

/**
 * Notes how apps are doing, and puts on record which went away or came back. What failed while an
 * app was away is due at once when it is back. The caller holds the apps' rows.
 */
export async function noteHealth(client: PoolClient, apps: readonly AppHealth[]): Promise<void> {
  if (apps.length === 0) return;
  const { rows } = await client.query<{ org_id: string; id: string; went_away: boolean; came_back: boolean }>({
    name: 'apps-health',
    text: healthSql,
    values: [
      apps.map(({ orgId }) => orgId),
      apps.map(({ appId }) => appId),
      apps.map(({ answered }) => answered),
      apps.map(({ failures }) => failures),
      apps.map(({ waitSeconds }) => waitSeconds),
      apps.map(({ received }) => received),
    ],
  });
  for (const { org_id: orgId, id, went_away, came_back } of rows) {
    const app = apps.find((each) => each.orgId === orgId && each.appId === id);
    const target = { type: 'app', id } as const;
    const name = app?.name ?? '';
    if (came_back) {
      await recordEvent(client, { orgId, by, action: 'app.back', target, detail: { name } });
      await client.query({ name: 'forwards-go-on', text: goOnSql, values: [orgId, id] });
    }
    if (went_away)
      await recordEvent(client, { orgId, by, action: 'app.away', target, detail: { name, error: app?.error ?? null } });
  }
}

// A success writes the app's row at most once a second, unless it changes something.
const healthSql = `
  WITH noted AS (
    SELECT a.org_id, a.id, a.away_since AS away_before, n.answered, n.wait, n.received, CASE WHEN n.answered THEN 0 ELSE a.failures END + n.failures AS failures
    FROM unnest($1::text[], $2::text[], $3::boolean[], $4::int[], $5::float8[], $6::boolean[]) AS n (org_id, app_id, answered, failures, wait, received)
    JOIN apps a ON a.org_id = n.org_id AND a.id = n.app_id
    WHERE n.failures > 0 OR n.wait > 0 OR a.failures > 0 OR a.probe_at IS NOT NULL OR a.away_since IS NOT NULL
       OR a.last_received_at IS NULL OR a.last_received_at < clock_timestamp() - interval '1 second'
  )
  UPDATE apps a SET
    failures = n.failures,
    away_since = CASE WHEN n.failures >= ${failuresUntilAway} THEN coalesce(CASE WHEN NOT n.answered THEN a.away_since END, clock_timestamp())
                      WHEN n.answered THEN NULL ELSE a.away_since END,
    probe_at = CASE WHEN n.wait > 0 OR n.failures >= ${failuresUntilAway}
                    THEN clock_timestamp() + make_interval(secs => greatest(n.wait, CASE WHEN n.failures >= ${failuresUntilAway} THEN ${secondsToProbe} END))
                    WHEN n.answered THEN NULL ELSE a.probe_at END,
    held_until = CASE WHEN n.away_before IS NOT NULL AND n.answered THEN clock_timestamp() ELSE a.held_until END,
    last_received_at = CASE WHEN n.received THEN clock_timestamp() ELSE a.last_received_at END
  FROM noted n WHERE a.org_id = n.org_id AND a.id = n.id
  RETURNING a.org_id, a.id, a.away_since IS NOT NULL AND (n.away_before IS NULL OR n.answered) AS went_away,
            n.away_before IS NOT NULL AND n.answered AS came_back`;

// What wasn't tried meanwhile is due already.
const goOnSql = `
  UPDATE forwards SET due_at = clock_timestamp()
  WHERE org_id = $1 AND app_id = $2 AND status = 'pending' AND attempts > 0 AND due_at > clock_timestamp() + interval '60 seconds'`;
