import type { PoolClient } from 'pg';
import { erased, idpEndedAt } from '../sessions/session-end.ts';
import type { Table } from './statements.ts';

/**
 * Removes spent things an hour after their last possible replay, and ended IdP sessions when their
 * time is over. A session or grant that was inserted at the very moment when its IdP session ended
 * is dead only by that row of `spent`: such rows get their tombstones first. Names that were revoked
 * while nobody was known by them go too.
 */
export async function sweepSpent(client: PoolClient): Promise<boolean> {
  const { rowCount } = await client.query(
    `WITH old AS (
       SELECT org_id, kind, id, ${idpEndedAt} AS ended_at FROM spent
       WHERE expires_at < now() AND (kind = 'idp_session' OR expires_at < now() - interval '1 hour')
       LIMIT 5000 FOR UPDATE SKIP LOCKED
     ), idp_sessions AS (
       SELECT org_id, split_part(id, ' ', 1) AS connection_id, substr(id, strpos(id, ' ') + 1) AS sid, ended_at
       FROM old WHERE kind = 'idp_session'
     ), sessions_left AS (
       ${idpTombstonesOf('sessions')}
     ), grants_left AS (
       ${idpTombstonesOf('grants')}
     )
     DELETE FROM spent s USING old WHERE s.org_id = old.org_id AND s.kind = old.kind AND s.id = old.id`,
  );
  const names = await client.query(
    `DELETE FROM released_names WHERE (org_id, name) IN (
       SELECT org_id, name FROM released_names WHERE expires_at < now() LIMIT 5000)`,
  );
  return (rowCount ?? 0) + (names.rowCount ?? 0) > 0;
}

const idpTombstonesOf = (table: Table) => `
       UPDATE ${table} d SET revoked_at = greatest(d.created_at, i.ended_at)${erased(table)}
       FROM idp_sessions i
       WHERE d.org_id = i.org_id AND d.connection_id = i.connection_id AND d.idp_sid = i.sid
         AND d.revoked_at IS NULL AND d.ended_at IS NULL`;
