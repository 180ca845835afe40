import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { toldOfAuthTime } from '../connections/no-return.ts';
import { newId } from '../database/ids.ts';
import type { ProvenSignIn } from './attempt.ts';

type Deps = Readonly<{ pool: Pool; log: Logger }>;

/**
 * Keeps with the connection whether its IdP tells `auth_time`, as the first ID token shows: nobody
 * returns without it after a revocation, unless the connection is `best_effort`. Administrators are
 * told at once, and of one connection at most once a day. The sign-in goes on in any case.
 */
export function createNoteAuthTime({ pool, log }: Deps) {
  return async (requestId: string, { found, connection, verified, state }: ProvenSignIn): Promise<void> => {
    const tells = (verified.claims.auth_time ?? null) !== null;
    if (tells === connection.tellsAuthTime) return;
    const connectionId = connection.id;
    try {
      const values = [found.org.id, connectionId, tells, state.snapshot, newId('auditEvent'), requestId];
      const { rowCount } = await pool.query({ name: 'sign-in-auth-time', text: sql, values });
      if (rowCount === 1) log.warn({ requestId, orgId: found.org.id, connectionId }, warning);
    } catch (err) {
      log.warn({ err, requestId, connectionId }, 'whether the IdP tells auth_time was not kept');
    }
  };
}

const warning =
  'the IdP does not tell auth_time: whoever is revoked cannot sign in again. Use "connection update" with --request-auth-time on; or let the IdP send the claim (Entra ID: the optional claim auth_time); or use --reauthentication best_effort';

// The row's xmin with the higher half of today's numbers: after four billion transactions it may
// pass for a recent one, and the next sign-in is noted in place of this.
const version = `(pg_snapshot_xmax(pg_current_snapshot())::text::bigint
      - ((pg_snapshot_xmax(pg_current_snapshot())::text::bigint - xmin::text::bigint) & 4294967295))::text::xid8`;

// A start from before a change of the connection may have asked for something else: the snapshot
// that it sealed must see the row as it is. Nobody waits for a row that somebody changes: the next
// sign-in shows the same.
const sql = `
  WITH free AS (
    SELECT org_id, id FROM connections
    WHERE org_id = $1 AND id = $2 AND tells_auth_time IS DISTINCT FROM $3
      AND pg_visible_in_snapshot(${version}, $4::pg_snapshot)
    FOR NO KEY UPDATE SKIP LOCKED
  ), changed AS (
    UPDATE connections c SET tells_auth_time = $3 FROM free WHERE c.org_id = free.org_id AND c.id = free.id
    RETURNING c.org_id, c.id, c.reauthentication
  )
  INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, request_id)
  SELECT org_id, $5, 'connection.auth_time_missing', 'connection', id, 'connection', id, $6 FROM changed
  WHERE NOT $3 AND reauthentication = 'verified'
    AND NOT ${toldOfAuthTime('$1', '$2')}`;
