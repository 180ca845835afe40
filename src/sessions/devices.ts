import type { Pool } from 'pg';
import type { By } from '../by.ts';
import { newId } from '../database/ids.ts';
import type { TimePage } from '../database/time-key.ts';
import type { Texts } from '../texts/texts.ts';
import { deviceName } from './device-name.ts';
import type { DeviceKind, Principal } from './principal.ts';
import { erased } from './session-end.ts';

/** A live sign-in of a person, of a browser or of an app. Nothing in it gives access. */
export type Device = Readonly<{
  id: string;
  type: DeviceKind;
  /** "Browser", or the app's name. */
  client: string;
  /** A few words made of `userAgent`. */
  device: string;
  userAgent: string | null;
  createdAt: Date;
  /** The address that the sign-in came from. */
  signedInFrom: string | null;
  /** Exact to a minute. */
  lastSeenAt: Date;
  /** The address that it was last seen from; null where that wasn't kept yet. */
  lastSeenFrom: string | null;
  /** Whether this is the device that asks. */
  current: boolean;
}>;

/** What names an app: the product's own by their client ids, an org's web apps by their rows. */
export type AppOfGrants = Readonly<{ clientId: string; appName: string | null }>;
export type DeviceRow = Omit<Device, 'client' | 'device'> & { clientId: string | null; appName: string | null };

/** The person whose devices are meant; `credential` is the device that asks. */
export type DeviceOwner = Pick<Principal, 'orgId' | 'userId' | 'credential'>;

/** The texts that name devices, in the language of the person who reads them. */
export type DeviceWords = Texts['devices'];

export type Devices = ReturnType<typeof createDevices>;

const mostListed = 200;

type Deps = Readonly<{ pool: Pool; accessPool: Pool; clientNames: ReadonlyMap<string, string> }>;

/** The devices that people are signed in with. `clientNames`: names of apps by client id. */
export function createDevices({ pool, accessPool, clientNames }: Deps) {
  return {
    /** A person's live devices, the last seen first: at most 200, the one that asks among them. */
    async listDevices({ orgId, userId, credential }: DeviceOwner, words: DeviceWords): Promise<Device[]> {
      const { rows } = await pool.query<DeviceRow>({
        name: 'devices-list',
        text: listSql,
        values: [orgId, userId, credential.type, credential.id, mostListed],
      });
      return toDevices(rows, clientNames, words);
    },

    /** A person's live devices, the youngest first: up to `limit` that are older than `after`. */
    async pageDevices(
      { orgId, userId, credential }: DeviceOwner,
      { limit, after }: TimePage,
      words: DeviceWords,
    ): Promise<Device[]> {
      const { rows } = await pool.query<DeviceRow>({
        name: 'devices-page',
        text: pageSql,
        values: [orgId, userId, credential.type, credential.id, limit, after?.createdAt ?? null, after?.id ?? null],
      });
      return toDevices(rows, clientNames, words);
    },

    /**
     * Ends one live session or grant of the person and records it, in one statement. False when the
     * person has no live one of this id: unknown, dead, or another's.
     */
    async endDevice(
      { orgId, userId }: Principal,
      id: string,
      { ip, requestId }: Pick<By, 'ip' | 'requestId'>,
    ): Promise<boolean> {
      const { rowCount } = await accessPool.query({
        name: 'device-end',
        text: endSql,
        values: [orgId, userId, id, newId('auditEvent'), ip, requestId],
      });
      return rowCount === 1;
    },
  };
}

/** Names the rows' devices; a header is parsed once, for it costs more than its row. */
export function toDevices(
  rows: readonly DeviceRow[],
  clientNames: ReadonlyMap<string, string>,
  words: DeviceWords,
): Device[] {
  const names = new Map<string | null, string>();
  return rows.map(({ id, type, clientId, appName, ...row }) => {
    const device = names.get(row.userAgent) ?? deviceName(row.userAgent, words);
    names.set(row.userAgent, device);
    const client = clientId === null ? words.browser : clientName({ clientId, appName }, clientNames);
    return { id, type, client, device, ...row };
  });
}

export function clientName({ clientId, appName }: AppOfGrants, clientNames: ReadonlyMap<string, string>): string {
  return clientNames.get(clientId) ?? appName ?? clientId;
}

const listOf = (type: DeviceKind, clientId: string) => `
  SELECT id, '${type}' AS type, ${clientId} AS "clientId",
         ${type === 'grant' ? '(SELECT name FROM apps a WHERE a.org_id = $1 AND a.id = client_id)' : 'NULL'} AS "appName", user_agent AS "userAgent",
         created_at AS "createdAt", ip AS "signedInFrom", last_seen_at AS "lastSeenAt", last_seen_ip AS "lastSeenFrom",
         '${type}' = $3 AND id = $4 AS current
  FROM live_${type}s WHERE org_id = $1 AND user_id = $2`;

const bothLists = `${listOf('session', 'NULL')} UNION ALL ${listOf('grant', 'client_id')}`;

const pageSql = `
  SELECT * FROM (${bothLists}) AS live
  WHERE $6::timestamptz IS NULL OR ("createdAt", id) < ($6, $7)
  ORDER BY "createdAt" DESC, id DESC LIMIT $5`;

const listSql = `
  SELECT * FROM (
    SELECT * FROM (${bothLists}) AS live
    ORDER BY current DESC, "lastSeenAt" DESC, id LIMIT $5
  ) AS listed ORDER BY "lastSeenAt" DESC, id`;

// The row's own tombstones are compared again beside the view: see `#save` in session-store.ts.
const ended = (type: DeviceKind) => `
  UPDATE ${type}s d SET ended_at = clock_timestamp()${erased(`${type}s`)}
  WHERE d.org_id = $1 AND d.user_id = $2 AND d.id = $3 AND d.revoked_at IS NULL AND d.ended_at IS NULL
    AND EXISTS (SELECT FROM live_${type}s l WHERE l.org_id = d.org_id AND l.id = d.id)
  RETURNING d.org_id, d.id, d.user_id`;

const endSql = `
  WITH ended_session AS (${ended('session')}), ended_grant AS (${ended('grant')})
  INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id)
  SELECT org_id, $4, type || '.ended', 'user', user_id, type, id, $5, $6
  FROM (SELECT *, 'session' AS type FROM ended_session UNION ALL SELECT *, 'grant' FROM ended_grant) AS ended`;
