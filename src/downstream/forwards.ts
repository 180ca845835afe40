import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { transaction } from '../database/pool.ts';
import type { TimePage } from '../database/time-key.ts';
import { AppError } from '../errors.ts';
import { joinThere, namesOf, noNameFor, plannedPeople } from './planned-people.ts';

export type Forwards = ReturnType<typeof createForwards>;

/** What becomes of a forward. These names are API. */
export const forwardStatuses = ['pending', 'delivered', 'dead', 'superseded', 'cancelled', 'left_out'] as const;
export type ForwardStatus = (typeof forwardStatuses)[number];

export type ForwardRow = Readonly<{
  id: string;
  appId: string;
  appName: string;
  userId: string;
  /** What the person is called now, by name or address; null: removed. Of a shared account its name of then. */
  userName: string | null;
  revocationId: string | null;
  type: string;
  status: ForwardStatus;
  error: string | null;
  httpStatus: number | null;
  attempts: number;
  /** The next try; null where there is none. */
  dueAt: Date | null;
  revokedAt: Date;
  createdAt: Date;
  finishedAt: Date | null;
  /** It is dead or was left out, and may be sent again: its names are kept, or are found anew. */
  replayable: boolean;
}>;
export type ForwardAttemptRow = Readonly<{
  number: number;
  at: Date;
  status: number | null;
  durationMs: number;
  error: string | null;
}>;
export type ForwardWithLog = ForwardRow & Readonly<{ log: readonly ForwardAttemptRow[] }>;
export type ForwardFilter = Readonly<{
  app?: string | undefined;
  revocation?: string | undefined;
  user?: string | undefined;
  status?: ForwardStatus | undefined;
}>;

/** Why a forward was left out that may be sent once the person has a name there, or the app an address. */
const lacking = ['no_name_there', 'no_identity', 'no_endpoint'];

const columns = `f.id, f.app_id AS "appId", a.name AS "appName", f.user_id AS "userId",
  coalesce(nullif(u.name, ''), u.email, f.names ->> 'account') AS "userName", f.revocation_id AS "revocationId",
  f.type, f.status, f.error, f.http_status AS "httpStatus", f.attempts,
  CASE WHEN f.status = 'pending' THEN f.due_at END AS "dueAt", f.revoked_at AS "revokedAt", f.created_at AS "createdAt",
  f.finished_at AS "finishedAt",
  (f.status = 'dead' AND f.names <> '{}'
   OR f.status = 'left_out' AND (f.names <> '{}' OR u.id IS NOT NULL AND f.error IN ('${lacking.join("', '")}'))) AS replayable`;
const from = `FROM forwards f JOIN apps a ON a.org_id = f.org_id AND a.id = f.app_id
  LEFT JOIN users u ON u.org_id = f.org_id AND u.id = f.user_id AND u.deleted_at IS NULL`;
const filters = { app: 'f.app_id', revocation: 'f.revocation_id', user: 'f.user_id', status: 'f.status' } as const;

/** SQL: what makes a forward wait again, for a day. */
const asNew = `status = 'pending', error = NULL, finished_at = NULL, due_at = clock_timestamp(),
  tried_until = clock_timestamp() + interval '24 hours'`;

/** SQL over two forwards: the later takes the earlier's place. Off, on and removed are one. */
const isOfSameKind = `(l.type = f.type OR (l.type LIKE 'account-%' AND f.type LIKE 'account-%'))`;

/** What was passed on to apps, and what became of it. */
export function createForwards({ pool, wake }: { pool: Pool; wake: () => void }) {
  return {
    /** Newest first. */
    async list(orgId: string, filter: ForwardFilter, { after, limit }: TimePage): Promise<readonly ForwardRow[]> {
      const values: unknown[] = [orgId];
      const conditions = Object.entries(filters).flatMap(([name, column]) => {
        const value = filter[name as keyof typeof filters];
        return value === undefined ? [] : [`AND ${column} = $${values.push(value)}`];
      });
      if (after)
        conditions.push(`AND (f.created_at, f.id) < ($${values.push(after.createdAt)}, $${values.push(after.id)})`);
      const text = `SELECT ${columns} ${from} WHERE f.org_id = $1 ${conditions.join(' ')}
                    ORDER BY f.created_at DESC, f.id DESC LIMIT $${values.push(limit)}`;
      return (await pool.query<ForwardRow>(text, values)).rows;
    },

    /** With its tries, the latest first; null when the org has no such forward. */
    async find(orgId: string, id: string): Promise<ForwardWithLog | null> {
      const { rows } = await pool.query<ForwardRow>(`SELECT ${columns} ${from} WHERE f.org_id = $1 AND f.id = $2`, [
        orgId,
        id,
      ]);
      if (!rows[0]) return null;
      const log = await pool.query<ForwardAttemptRow>(
        `SELECT number, at, status, duration_ms AS "durationMs", error FROM forward_attempts
         WHERE org_id = $1 AND forward_id = $2 ORDER BY number DESC LIMIT 100`,
        [orgId, id],
      );
      return { ...rows[0], log: log.rows };
    },

    /**
     * Sends what is dead, or was left out, again; what was left out for want of a name by that of
     * now. Null when the org has no such forward.
     * @throws AppError conflict when it isn't, a later one has taken its place, or the app is off
     */
    async replay(orgId: string, id: string, by: By): Promise<ForwardRow | null> {
      const again = await transaction(pool, async (client) => {
        const { rows } = await client.query<ForwardRow & { off: boolean; later: boolean; nameless: boolean }>(
          `SELECT ${columns}, a.state = 'disabled' AS off, f.names = '{}' AS nameless, EXISTS (
             SELECT FROM forwards l WHERE l.org_id = f.org_id AND l.app_id = f.app_id AND l.user_id = f.user_id
               AND ${isOfSameKind} AND l.sid IS NOT DISTINCT FROM f.sid AND l.revoked_at > f.revoked_at
               AND l.status IN ('pending', 'delivered')) AS later
           ${from} WHERE f.org_id = $1 AND f.id = $2 FOR UPDATE OF f`,
          [orgId, id],
        );
        const [found] = rows;
        if (!found) return null;
        const { off, later, nameless, ...forward } = found;
        const lacked = forward.status === 'left_out' && lacking.includes(forward.error ?? '');
        const kept = !nameless && (forward.status === 'dead' || forward.status === 'left_out');
        const isForgotten = nameless && (forward.status === 'dead' || forward.error === 'echo');
        if (isForgotten) throw new AppError('conflict', ({ answers }) => answers.forwardForgotten);
        if (!lacked && !kept) throw new AppError('conflict', ({ answers }) => answers.forwardNotDead);
        if (later) throw new AppError('conflict', ({ answers }) => answers.forwardOvertaken);
        if (off) throw new AppError('conflict', ({ answers }) => answers.itsAppOff);
        const names = lacked ? await namesNow(client, orgId, id) : null;
        await client.query(`UPDATE forwards SET ${asNew}, names = coalesce($3, names) WHERE org_id = $1 AND id = $2`, [
          orgId,
          id,
          names,
        ]);
        await recordEvent(client, {
          orgId,
          action: 'forward.replayed',
          by,
          target: { type: 'app', id: forward.appId },
          detail: { name: forward.appName, forward: id, revocation: forward.revocationId },
        });
        return {
          ...forward,
          status: 'pending' as const,
          replayable: false,
          error: null,
          finishedAt: null,
          dueAt: new Date(),
        };
      });
      if (again) wake();
      return again;
    },

    /**
     * Sends again what an app could not be told, of each person the latest, in steps of a
     * transaction each. Returns how many, and whether there may be more than it takes at once; null
     * when the org has no such app. @throws AppError conflict when it is off
     */
    async replayDead(
      orgId: string,
      appId: string,
      by: By,
    ): Promise<Readonly<{ replayed: number; more: boolean }> | null> {
      let [replayed, from] = [0, '-infinity'];
      for (let steps = 0; steps < mostSteps; steps++) {
        const step = await transaction(pool, (client) => replayStep(client, { orgId, appId, from, by }));
        if (!step) return null;
        if (step.forwards > 0) wake();
        replayed += step.forwards;
        if (step.forwards < mostInStep) return { replayed, more: false };
        from = step.until as string;
      }
      return { replayed, more: true };
    },
  };
}

type Step = Readonly<{ forwards: number; until: string | null }>;

/** `from`: what was made before is done. */
async function replayStep(
  client: PoolClient,
  { orgId, appId, from, by }: Readonly<{ orgId: string; appId: string; from: string; by: By }>,
): Promise<Step | null> {
  const { rows } = await client.query<{ name: string; off: boolean }>(
    `SELECT name, state = 'disabled' AS off FROM apps WHERE org_id = $1 AND id = $2 FOR SHARE`,
    [orgId, appId],
  );
  const [app] = rows;
  if (!app) return null;
  if (app.off) throw new AppError('conflict', ({ answers }) => answers.itsAppOff);
  const step = (await client.query<Step>(replayDeadSql, [orgId, appId, from])).rows[0] as Step;
  const target = { type: 'app', id: appId };
  const detail = { name: app.name, forwards: step.forwards };
  if (step.forwards > 0) await recordEvent(client, { orgId, action: 'forward.replayed', by, target, detail });
  return step;
}

/**
 * By which names the app of a forward knows its person now. @throws AppError conflict where it still
 * has none
 */
async function namesNow(client: PoolClient, orgId: string, id: string): Promise<object> {
  const { rows } = await client.query<{ names: object; why: string | null }>(namesNowSql, [[orgId], [], id]);
  if (!rows[0]) throw new AppError('conflict', ({ answers }) => answers.forwardForgotten);
  if (rows[0].why !== null) throw new AppError('conflict', ({ answers }) => answers.forwardNameless);
  return rows[0].names;
}

const namesNowSql = `${plannedPeople('SELECT f.org_id, f.user_id, f.app_id FROM forwards f WHERE f.org_id = ANY ($1::text[]) AND f.id = $3')}
  SELECT ${namesOf} AS names, ${noNameFor} AS why
  FROM person p JOIN apps a ON a.org_id = p.org_id AND a.id = p.app_id ${joinThere}
  WHERE NOT p.nameless`;

const mostInStep = 1_000;
const mostSteps = 50;

const replayDeadSql = `
  WITH again AS (
  UPDATE forwards SET ${asNew}
  WHERE org_id = $1 AND id IN (
    SELECT f.id FROM forwards f
    WHERE f.org_id = $1 AND f.app_id = $2 AND f.status = 'dead' AND f.names <> '{}' AND f.created_at >= $3::timestamptz AND NOT EXISTS (
      SELECT FROM forwards l
      WHERE l.org_id = f.org_id AND l.user_id = f.user_id AND l.app_id = f.app_id AND ${isOfSameKind}
        AND l.sid IS NOT DISTINCT FROM f.sid AND (l.revoked_at, l.id) > (f.revoked_at, f.id)
        AND l.status IN ('pending', 'delivered', 'dead'))
    ORDER BY f.created_at LIMIT ${mostInStep} FOR UPDATE OF f)
  RETURNING created_at)
  SELECT count(*)::int AS forwards, max(created_at)::text AS until FROM again`;
