import type { Pool } from 'pg';
import type { ClaimedForward } from './forward.ts';

type Whose = Pick<ClaimedForward, 'orgId' | 'userId'> & Readonly<{ app: Pick<ClaimedForward['app'], 'id'> }>;

/** Of one person and app no more are kept. */
const most = 50;

const ofPerson = `
  FROM app_sessions a
  JOIN users u ON u.org_id = a.org_id AND u.id = a.user_id
  JOIN orgs o ON o.id = a.org_id
  LEFT JOIN sessions s ON s.org_id = a.org_id AND s.id = a.session_id
  WHERE a.org_id = $1 AND a.app_id = $2 AND a.user_id = $3 AND a.told_at IS NULL`;

// The app's own session goes on when ours of the browser is over by time, or swept. The browser's
// has newer generations where somebody signed out everywhere else.
const goesOn = `(
  u.active AND a.ended_at IS NULL AND s.revoked_at IS NULL AND s.ended_at IS NULL
  AND coalesce(s.user_generation, a.user_generation) = u.generation
  AND coalesce(s.org_generation, a.org_generation) = o.generation)`;

/** The `sid`s that ended here and that the app hasn't been told of, the newest first. */
export async function endedSessionsThere(pool: Pool, { orgId, app, userId }: Whose): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'app-sessions-ended',
    text: `SELECT a.id ${ofPerson} AND NOT ${goesOn}
           ORDER BY a.created_at DESC, a.id LIMIT ${most}`,
    values: [orgId, app.id, userId],
  });
  return rows.map(({ id }) => id);
}

/**
 * Whether the person has a session at the app that no revocation ended: a fresh sign-in, or the one
 * that was kept. By generation, as no clock is exact enough. A logout of the whole person would end
 * it.
 */
export async function isSignedInThere(pool: Pool, { orgId, app, userId }: Whose): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'app-sessions-fresh',
    text: `SELECT ${ofPerson} AND ${goesOn} LIMIT 1`,
    values: [orgId, app.id, userId],
  });
  return rowCount === 1;
}

/** The app said that the session is over. */
export async function noteTold(pool: Pool, { orgId, app, userId }: Whose, sid: string): Promise<void> {
  await pool.query({
    name: 'app-session-told',
    text: `UPDATE app_sessions SET told_at = now()
           WHERE org_id = $1 AND app_id = $2 AND user_id = $3 AND id = $4 AND told_at IS NULL`,
    values: [orgId, app.id, userId, sid],
  });
}
