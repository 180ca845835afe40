import { randomBytes } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import type { AppState } from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import { appClientSecretPurpose, appCredentialPurpose } from '../database/sealed-places.ts';
import { AppError } from '../errors.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import type { Keyring } from '../keyring.ts';
import {
  type AppForm,
  checkedSettings,
  credentialAddress,
  hostOf,
  parseSettings,
  takesClientSecret,
  takesCredential,
} from './app-checks.ts';
import { requireConnection, requireCredential, requireGroups } from './app-requirements.ts';
import { endGrantsOfApp } from './end-grants.ts';
import { withoutReasons } from './forgotten.ts';
import { tellStreamUpdated } from './ssf/stream.ts';

export type Apps = ReturnType<typeof createApps>;

/** Apps of one org: each revocation makes a forward for each. */
export const mostApps = 50;

export type AppRow = AppForm &
  Readonly<{
    id: string;
    name: string;
    state: AppState;
    hasCredential: boolean;
    hasClientSecret: boolean;
    /** Since when it hasn't answered; null: it isn't away. */
    awaySince: Date | null;
    lastReceivedAt: Date | null;
    /** The stream that a receiver of events has set up; null: none. */
    stream: Readonly<{ method: 'push' | 'poll'; status: 'enabled' | 'paused' | 'disabled'; lastUsedAt: string }> | null;
    /** Forwards that wait, and that are dead; 10,000 at most are counted. */
    waiting: number;
    dead: number;
    createdAt: Date;
    updatedAt: Date;
  }>;
export type AppWithSecret = AppRow & Readonly<{ clientSecret: string | null }>;

/** A credential is sealed, and never given out again. `settings`: members that replace those before. */
export type AppChanges = Readonly<{
  name?: string | undefined;
  state?: AppState | undefined;
  settings?: Readonly<Record<string, unknown>> | undefined;
  credential?: string | undefined;
}>;
export type NewApp = AppForm &
  Readonly<{ name: string; state?: AppState | undefined; credential?: string | undefined }>;

const countOf = (status: string) =>
  `(SELECT count(*)::int FROM (SELECT FROM forwards f WHERE f.org_id = a.org_id AND f.app_id = a.id AND f.status = '${status}' LIMIT 10000) counted)`;
const columns = `a.id, a.kind, a.name, a.state, a.settings, a.credential IS NOT NULL AS "hasCredential",
  a.client_secret IS NOT NULL AS "hasClientSecret", a.away_since AS "awaySince", a.last_received_at AS "lastReceivedAt",
  (SELECT jsonb_build_object('method', s.method, 'status', s.status,
     'lastUsedAt', to_char(s.last_used_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
   FROM event_streams s WHERE s.org_id = a.org_id AND s.app_id = a.id) AS stream,
  ${countOf('pending')} AS waiting, ${countOf('dead')} AS dead, a.created_at AS "createdAt", a.updated_at AS "updatedAt"`;

type Detail = Record<string, string | number | boolean | null>;
type AppAction = 'app.added' | 'app.changed' | 'app.removed' | 'app.secret_made' | 'app.tested';

/** The apps behind orgs. A client secret is returned once, when it is made. */
export function createApps({ pool, keyring, appFetch }: { pool: Pool; keyring: Keyring; appFetch: GuardedFetch }) {
  const record = (
    db: PoolClient,
    orgId: string,
    action: AppAction,
    { id, name }: { id: string; name: string },
    by: By,
    detail: Detail,
  ) => recordEvent(db, { orgId, action, by, target: { type: 'app', id }, detail: { name, ...detail } });

  const find = async (db: Pool | PoolClient, orgId: string, id: string): Promise<AppRow | null> => {
    const { rows } = await db.query<AppRow>(`SELECT ${columns} FROM apps a WHERE a.org_id = $1 AND a.id = $2`, [
      orgId,
      id,
    ]);
    return rows[0] ? parsed(rows[0]) : null;
  };

  const sealSecret = (orgId: string, id: string, secret: string) =>
    keyring.encrypt(secret, appClientSecretPurpose(orgId, id));

  const sealCredential = async (orgId: string, id: string, credential: string | undefined) =>
    credential === undefined ? null : keyring.encrypt(credential, appCredentialPurpose(orgId, id));

  return {
    /** All of them, the oldest first. */
    async list(orgId: string): Promise<readonly AppRow[]> {
      const text = `SELECT ${columns} FROM apps a WHERE a.org_id = $1 ORDER BY a.created_at, a.id`;
      return (await pool.query<AppRow>(text, [orgId])).rows.map(parsed);
    },

    find: (orgId: string, id: string) => find(pool, orgId, id),

    /** @throws AppError invalid_request, or conflict when the org has as many as it may */
    async add(orgId: string, input: NewApp, by: By): Promise<AppWithSecret> {
      const { name, state = 'enabled' } = input;
      const form = checkedSettings(appFetch, { kind: input.kind, settings: input.settings } as AppForm);
      requireCredential(form, input.credential !== undefined, input.credential !== undefined);
      const id = newId('app');
      const clientSecret = takesClientSecret(form) ? newSecret() : null;
      const credential = await sealCredential(orgId, id, input.credential);
      const sealed = clientSecret === null ? null : await sealSecret(orgId, id, clientSecret);
      return transaction(pool, async (client) => {
        // The lock makes additions wait for each other, so that the count holds.
        await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`apps ${orgId}`]);
        const { rows } = await client.query('SELECT count(*)::int AS count FROM apps WHERE org_id = $1', [orgId]);
        if (rows[0].count >= mostApps)
          throw new AppError('conflict', ({ answers }) => answers.limits.apps({ most: mostApps }));
        await requireGroups(client, orgId, form);
        await requireConnection(client, orgId, form);
        await client.query(
          `INSERT INTO apps (org_id, id, kind, name, state, settings, client_secret, credential, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now())`,
          [orgId, id, form.kind, name, state, form.settings, sealed, credential],
        );
        await record(client, orgId, 'app.added', { id, name }, by, { kind: form.kind, host: hostOf(form), state });
        return { ...((await find(client, orgId, id)) as AppRow), clientSecret };
      });
    },

    /**
     * Null when the org has no such app. Disabled, it hears of nothing any more, what waits for it is
     * cancelled, and its grants end. Whatever is changed, an app that was away is tried again at once.
     * An app that shows a secret from now on gets one, which is returned this once.
     */
    async change(orgId: string, id: string, input: AppChanges, by: By): Promise<AppWithSecret | null> {
      const credential = await sealCredential(orgId, id, input.credential);
      const clientSecret = newSecret();
      const sealedSecret = await sealSecret(orgId, id, clientSecret);
      return transaction(pool, async (client) => {
        await client.query('SELECT FROM apps WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE', [orgId, id]);
        const before = await find(client, orgId, id);
        if (!before) return null;
        const form = input.settings
          ? checkedSettings(appFetch, parseSettings(before.kind, { ...before.settings, ...input.settings }))
          : before;
        // A group may be gone since it was chosen: whatever else is changed then goes on.
        if (input.settings?.concerns !== undefined) await requireGroups(client, orgId, form);
        await requireConnection(client, orgId, form);
        // A credential is for the address that it was given for: another one needs it again.
        const keeps = before.hasCredential && credentialAddress(form) === credentialAddress(before);
        requireCredential(form, credential !== null || keeps, credential !== null);
        const makesSecret = takesClientSecret(form) && !before.hasClientSecret;
        await client.query(
          `UPDATE apps SET name = coalesce($3, name), state = coalesce($4, state), settings = $5,
             credential = CASE WHEN $7 THEN coalesce($6, credential) END,
             client_secret = CASE WHEN $8 THEN coalesce(client_secret, $9) END,
             held_until = CASE WHEN apps.state <> 'enabled' OR away_since IS NOT NULL THEN clock_timestamp() ELSE held_until END,
             failures = 0, away_since = NULL, probe_at = NULL, updated_at = now()
           WHERE org_id = $1 AND id = $2`,
          [
            orgId,
            id,
            input.name ?? null,
            input.state ?? null,
            form.settings,
            credential,
            takesCredential(form),
            takesClientSecret(form),
            sealedSecret,
          ],
        );
        // What was planned while it was being disabled, and saw it enabled, is found when it comes back.
        const goes = input.state !== undefined && (input.state === 'disabled' || before.state === 'disabled');
        const cancelled = goes ? await cancelWaiting(client, orgId, id) : 0;
        const grants = input.state === 'disabled' ? await endGrantsOfApp(client, orgId, id) : 0;
        if (before.kind === 'ssf' && input.state !== undefined && input.state !== before.state)
          await tellStreamUpdated(client, orgId, id, null);
        await record(client, orgId, 'app.changed', { id, name: input.name ?? before.name }, by, {
          changed: changedMembers(input),
          ...(input.state === undefined ? {} : { state: input.state }),
          ...(input.settings === undefined ? {} : { host: hostOf(form) }),
          ...(cancelled > 0 ? { cancelled } : {}),
          ...(grants > 0 ? { grants } : {}),
        });
        if (makesSecret) await record(client, orgId, 'app.secret_made', before, by, {});
        return { ...((await find(client, orgId, id)) as AppRow), clientSecret: makesSecret ? clientSecret : null };
      });
    },

    /** Removes what waits for it too, and its log, and ends its grants. False when the org has no such app. */
    async remove(orgId: string, id: string, by: By): Promise<boolean> {
      return transaction(pool, async (client) => {
        await client.query('SELECT FROM apps WHERE org_id = $1 AND id = $2 FOR UPDATE', [orgId, id]);
        const app = await find(client, orgId, id);
        if (!app) return false;
        const grants = await endGrantsOfApp(client, orgId, id);
        await client.query('DELETE FROM apps WHERE org_id = $1 AND id = $2', [orgId, id]);
        const ended = grants > 0 ? { grants } : {};
        await record(client, orgId, 'app.removed', app, by, { waiting: app.waiting, ...ended });
        return true;
      });
    },

    /** Puts a test on record. Nothing where the org has no such app. */
    async noteTest(orgId: string, id: string, by: By, detail: Detail): Promise<void> {
      await transaction(pool, async (client) => {
        const app = await find(client, orgId, id);
        if (app) await record(client, orgId, 'app.tested', app, by, detail);
      });
    },

    /**
     * Makes a new client secret; the one before counts no longer. Null: the org has no such app.
     * @throws AppError conflict for an app that shows no secret
     */
    async newClientSecret(orgId: string, id: string, by: By): Promise<AppWithSecret | null> {
      const clientSecret = newSecret();
      const sealed = await sealSecret(orgId, id, clientSecret);
      return transaction(pool, async (client) => {
        await client.query('SELECT FROM apps WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE', [orgId, id]);
        const app = await find(client, orgId, id);
        if (!app) return null;
        if (!takesClientSecret(app)) throw new AppError('conflict', ({ answers }) => answers.appWithoutSecret);
        await client.query('UPDATE apps SET client_secret = $3, updated_at = now() WHERE org_id = $1 AND id = $2', [
          orgId,
          id,
          sealed,
        ]);
        await record(client, orgId, 'app.secret_made', app, by, {});
        return { ...((await find(client, orgId, id)) as AppRow), clientSecret };
      });
    },
  };
}

const parsed = (row: AppRow): AppRow => ({ ...row, ...parseSettings(row.kind, row.settings) });

const newSecret = () => randomBytes(32).toString('base64url');

/** Names of members, never their values. */
const changedMembers = ({ name, state, settings, credential }: AppChanges): string =>
  [
    ...(name === undefined ? [] : ['name']),
    ...(state === undefined ? [] : ['state']),
    ...Object.keys(settings ?? {}),
    ...(credential === undefined ? [] : ['credential']),
  ].join(' ');

async function cancelWaiting(client: PoolClient, orgId: string, appId: string): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE forwards f SET status = 'cancelled', error = 'app_disabled', names = '{}', said = ${withoutReasons}, finished_at = clock_timestamp()
     WHERE org_id = $1 AND app_id = $2 AND status = 'pending'`,
    [orgId, appId],
  );
  return rowCount ?? 0;
}
