import type { Pool } from 'pg';

/**
 * What an operator ought to know of a database server that is fit. What can't be found out, as this
 * role may not see it, is left out.
 */
export async function findServerWarnings(pool: Pool): Promise<string[]> {
  const found = await Promise.all([warnOfReplicas(pool)].map((warning) => warning.catch(() => '')));
  return found.filter((warning) => warning !== '');
}

/**
 * Without pg_monitor a role sees how many walsenders there are, and nothing else of them: those of
 * logical replication are taken off by their slots, which everybody sees.
 */
async function warnOfReplicas(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ replicas: number; synchronous: boolean }>(
    `SELECT (SELECT count(*) FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup')::int
              - (SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'logical' AND active)::int AS replicas,
            current_setting('synchronous_standby_names') <> '' AS synchronous`,
  );
  const [facts] = rows;
  if (!facts || facts.synchronous || facts.replicas < 1) return '';
  return `The database has replicas (${facts.replicas}), and none is synchronous: when one of them takes over, the last revocations that were answered may be lost, and sessions that were ended are alive again. Set synchronous_standby_names, or run "revoke --all" after each failover (docs/operators.md, "Replication").`;
}
