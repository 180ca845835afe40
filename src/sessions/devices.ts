import type { Pool } from 'pg';
import { newId } from '../database/ids.ts';
import { deviceName } from './device-name.ts';
import type { Credential, Principal } from './principal.ts';

/** A live sign-in of a person, of a browser or of an app. Nothing in it gives access. */
export type Device = Readonly<{
  id: string;
  type: Credential['type'];
  /** "Browser", or the app's name. */
  client: string;
  /** A few words made of `userAgent`. */
  device: string;
  userAgent: string | null;
  /** Where the sign-in came from. */
  ip: string | null;
  createdAt: Date;
  /** Exact to a minute. */
  lastSeenAt: Date;
  /** The one that asks. */
  current: boolean;
}>;

type Row = Omit<Device, 'client' | 'device'> & { clientId: string | null };

export type Devices = ReturnType<typeof createDevices>;

const mostListed = 200;

/** What a person is signed in with. `clientNames` holds the names of apps by client id. */
export function createDevices({ pool, clientNames }: { pool: Pool; clientNames: ReadonlyMap<string, string> }) {
  return {
    /** The person's live sessions and grants, the newest seen first: at most 200, the one that asks always among them. */
    async listDevices({ orgId, userId, credential }: Principal): Promise<Device[]> {
      const { rows } = await pool.query<Row>({
        name: 'devices-list',
        text: listSql,
        values: [orgId, userId, credential.type, credential.id, mostListed],
      });
      // Reading a header costs more than reading its row, and a person's are mostly alike.
      const names = new Map<string | null, string>();
      return rows.map(({ id, type, clientId, ...row }) => {
        const device = names.get(row.userAgent) ?? deviceName(row.userAgent);
        names.set(row.userAgent, device);
        const client = clientId === null ? 'Browser' : (clientNames.get(clientId) ?? clientId);
        return { id, type, client, device, ...row };
      });
    },

    /**
     * Ends one live session or grant of the person and records it, in one statement. False when the person has no live one
     * of this id: unknown, dead, or another's.
     */
    async endDevice(
      { orgId, userId }: Principal,
      id: string,
      { ip, requestId }: { ip: string | null; requestId: string | null },
    ): Promise<boolean> {
      const { rowCount } = await pool.query({
        name: 'device-end',
        text: endSql,
        values: [orgId, userId, id, newId('auditEvent'), ip, requestId],
      });
      return rowCount === 1;
    },
  };
}

const listOf = (type: Credential['type'], clientId: string) => `
  SELECT id, '${type}' AS type, ${clientId} AS "clientId", user_agent AS "userAgent", ip, created_at AS "createdAt",
         last_seen_at AS "lastSeenAt", '${type}' = $3 AND id = $4 AS current
  FROM live_${type}s WHERE org_id = $1 AND user_id = $2`;

const listSql = `
  SELECT * FROM (
    SELECT * FROM (${listOf('session', 'NULL')} UNION ALL ${listOf('grant', 'client_id')}) AS live
    ORDER BY current DESC, "lastSeenAt" DESC, id LIMIT $5
  ) AS listed ORDER BY "lastSeenAt" DESC, id`;

// The row's own tombstones are compared again beside the view: see the session store's save.
const ended = (type: Credential['type'], erased: string) => `
  UPDATE ${type}s d SET ended_at = clock_timestamp()${erased}
  WHERE d.org_id = $1 AND d.user_id = $2 AND d.id = $3 AND d.revoked_at IS NULL AND d.ended_at IS NULL
    AND EXISTS (SELECT FROM live_${type}s l WHERE l.org_id = d.org_id AND l.id = d.id)
  RETURNING d.org_id, d.id, d.user_id`;

const endSql = `
  WITH ended_session AS (${ended('session', ", data = '{}', id_token = NULL")}), ended_grant AS (${ended('grant', '')})
  INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id)
  SELECT org_id, $4, type || '.ended', 'user', user_id, type, id, $5, $6
  FROM (SELECT *, 'session' AS type FROM ended_session UNION ALL SELECT *, 'grant' FROM ended_grant) AS ended`;
