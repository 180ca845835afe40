import type { Pool } from 'pg';
import { z } from 'zod';
import { roles } from '../api/permissions.ts';
import { connectionsWithoutReturn } from '../connections/no-return.ts';
import type { Role } from '../database/generated/client.ts';
import { mostCounted } from '../database/most-counted.ts';
import { readAppsToTell, whyNotTold } from '../downstream/apps-to-tell.ts';
import { deviceForm } from '../sessions/device-form.ts';
import {
  type AppOfGrants,
  clientName,
  type DeviceOwner,
  type DeviceRow,
  type DeviceWords,
  toDevices,
} from '../sessions/devices.ts';
import type { DeviceKind } from '../sessions/principal.ts';
import type { Concerned } from './concerned.ts';

const mostListed = 20;
/** Rows of each kind among which the last seen are looked for. */
const mostCompared = 1_000;

/** The access that would end. */
export const effects = z
  .object({
    user: z
      .object({ id: z.string(), name: z.string(), email: z.string(), role: z.enum(roles) })
      .nullable()
      .describe('Where it is about one person, and nobody else was named.'),
    people: z.int().describe('How many people it is about.'),
    roles: z.array(z.object({ role: z.enum(roles), people: z.int() })).describe('Which roles they have.'),
    unknown: z
      .array(z.string())
      .describe('Ids that were named and are nobody’s here.')
      .meta({ examples: [[]] }),
    sessionCount: z.int().describe(`Live sessions of browsers; ${mostCounted} stands for that many or more.`),
    grantCount: z.int().describe(`Live grants of apps; ${mostCounted} stands for that many or more.`),
    sessions: z
      .array(deviceForm)
      .describe(
        `${mostListed} of both at most, the last seen first; where there are more than ${mostCompared} of a kind, out of any ${mostCompared}.`,
      ),
    apps: z
      .array(z.string())
      .describe('The names of the apps.')
      .meta({ examples: [['Mobile app']] }),
    toTell: z
      .array(
        z.object({
          id: z.string(),
          name: z.string(),
          state: z.enum(['enabled', 'paused']).describe('`paused`: it is told once it is switched on again.'),
          why: z.enum(whyNotTold).nullable().describe('Why it can’t be told of this person; null: it is.'),
        }),
      )
      .describe('The apps behind to which it would be passed on.')
      .meta({ examples: [[{ id: 'app_4mGkZQ0bTq', name: 'Payroll', state: 'enabled', why: null }]] }),
    withoutReturn: z
      .array(z.string())
      .optional()
      .describe(
        'Where there are such: names of connections through which these people could not sign in again, and after a sign-out of everyone nobody, newcomers included: the identity provider doesn’t say when people authenticated (`auth_time`). Set `reauthentication` or `requestAuthTime` first.',
      )
      .meta({ examples: [['Google']] }),
    devices: z
      .array(z.string())
      .describe('The kinds of devices, of the sessions that are listed.')
      .meta({ examples: [['Firefox on Linux']] }),
    means: z
      .array(z.string())
      .optional()
      .describe('Where it is about who is who, or an erasure: what it means, in sentences that hold names.')
      .meta({ examples: [['All access of Trinity Moss ends.']] }),
    linking: z
      .object({
        byAddress: z.int().describe('Linked again by their addresses: the connection speaks for the domain.'),
        ifVerified: z.int().describe('Linked again only if the identity provider calls their addresses verified.'),
        byHand: z.int().describe('Not linked again, unless by hand: the connection may not speak for their addresses.'),
      })
      .optional()
      .describe('Where people are unlinked: how many of them the next sign-in links again.'),
  })
  .meta({ id: 'Effects' });

export type Effects = z.infer<typeof effects>;

/** Reads which access of `whose` would end. */
export function createReadEffects({ pool, clientNames }: { pool: Pool; clientNames: ReadonlyMap<string, string> }) {
  return async (
    { orgId, credential }: Pick<DeviceOwner, 'orgId' | 'credential'>,
    whose: Concerned,
    words: DeviceWords,
  ): Promise<Effects> => {
    const { userIds, unknown, deviceId } = idsOf(whose);
    const of = whose.kind === 'everyone' ? 'everyone' : 'people';
    // Where one session ends, or a name, signing in again is no question of freshness.
    const [people, counted] = await Promise.all([
      pool.query({ name: `effects-roles-${of}`, text: rolesSql[of], values: [orgId, userIds] }),
      pool.query({ name: `effects-counts-${of}`, text: countsSql[of], values: [orgId, userIds, deviceId] }),
    ]);
    const [listed, withoutReturn] = await Promise.all([
      pool.query<DeviceRow>({
        name: `effects-devices-${of}`,
        text: devicesSql[of],
        values: [orgId, userIds, deviceId, credential.type, credential.id],
      }),
      connectionsWithoutReturn(pool, orgId, of === 'everyone' ? null : deviceId === null ? userIds : []),
    ]);
    // Where somebody gets a further name, no access ends.
    const toTell = whose.kind === 'name' ? [] : await readAppsToTell(pool, orgId, whose);
    const sessions = toDevices(listed.rows, clientNames, words);
    const { sessionCount, grantCount, apps } = counted.rows[0];
    const found: { role: Role; people: number }[] = people.rows.map(({ role, people }) => ({ role, people }));
    return {
      user: userIds.length + unknown.length === 1 ? (people.rows[0]?.user ?? null) : null,
      people: found.reduce((sum, role) => sum + role.people, 0),
      roles: found,
      unknown,
      sessionCount,
      grantCount,
      sessions: sessions as unknown as Effects['sessions'],
      apps: apps.map((app: AppOfGrants) => clientName(app, clientNames)).sort(),
      toTell: [...toTell],
      ...(withoutReturn.length > 0 ? { withoutReturn: [...withoutReturn] } : {}),
      devices: [...new Set(sessions.map(({ device }) => device))].sort(),
    };
  };
}

/** Nothing has the empty id. */
const noDevice = '';

/** `deviceId`: the only device that ends (of a person) or stays (of everyone); null: all end. */
function idsOf(whose: Concerned) {
  if (whose.kind === 'people') return { userIds: whose.userIds, unknown: [...whose.unknown], deviceId: null };
  if (whose.kind === 'name') return { userIds: [whose.userId], unknown: [], deviceId: noDevice };
  if (whose.kind === 'device') return { userIds: [whose.userId], unknown: [], deviceId: whose.deviceId };
  return { userIds: [], unknown: [], deviceId: whose.keep?.id ?? null };
}

type Of = 'everyone' | 'people';
const both = (make: (of: Of) => string): Record<Of, string> => ({ everyone: make('everyone'), people: make('people') });

const rolesSql = both(
  (of) => `
  SELECT role, count(*)::int AS people,
         CASE WHEN cardinality($2::text[]) = 1 THEN
           jsonb_build_object('id', min(id), 'name', min(name), 'email', min(email), 'role', role) END AS user
  FROM users WHERE org_id = $1 AND deleted_at IS NULL AND ${of === 'people' ? 'id = ANY ($2::text[])' : 'cardinality($2::text[]) = 0'}
  GROUP BY role ORDER BY role`,
);

const live = (table: `${DeviceKind}s`, clientId: string, of: Of, most: number) => `
  SELECT id, ${clientId} AS client_id, user_agent, ip, last_seen_ip, created_at, last_seen_at FROM live_${table}
  WHERE org_id = $1 AND ${of === 'people' ? 'user_id = ANY ($2::text[])' : 'cardinality($2::text[]) = 0'}
    AND ($3::text IS NULL OR id ${of === 'people' ? '=' : '<>'} $3)
  LIMIT ${most}`;

const countsSql = both(
  (of) => `
  WITH s AS (${live('sessions', 'NULL', of, mostCounted)}), g AS (${live('grants', 'client_id', of, mostCounted)})
  SELECT (SELECT count(*)::int FROM s) AS "sessionCount", (SELECT count(*)::int FROM g) AS "grantCount",
         (SELECT coalesce(jsonb_agg(jsonb_build_object('clientId', c.client_id, 'appName', a.name)), '[]')
          FROM (SELECT DISTINCT client_id FROM g) c LEFT JOIN apps a ON a.org_id = $1 AND a.id = c.client_id) AS apps`,
);

const devicesSql = both(
  (of) => `
  SELECT id, type, client_id AS "clientId", (SELECT name FROM apps a WHERE a.org_id = $1 AND a.id = client_id) AS "appName", user_agent AS "userAgent", created_at AS "createdAt", ip AS "signedInFrom",
         last_seen_at AS "lastSeenAt", last_seen_ip AS "lastSeenFrom", type = $4 AND id = $5 AS current
  FROM (SELECT *, 'session' AS type FROM (${live('sessions', 'NULL', of, mostCompared)}) s
        UNION ALL SELECT *, 'grant' FROM (${live('grants', 'client_id', of, mostCompared)}) g) AS live
  ORDER BY last_seen_at DESC, id LIMIT ${mostListed}`,
);
