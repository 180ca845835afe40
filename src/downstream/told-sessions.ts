import type { Pool } from 'pg';
import type { ClaimedForward } from './forward.ts';

type Whose = Pick<ClaimedForward, 'orgId' | 'userId'> & Readonly<{ app: Pick<ClaimedForward['app'], 'id'> }>;

/** Of one person and app no more are kept. */
const most = 50;

const ofPerson = `
  FROM app_sessions a
  JOIN users u ON u.org_id = a.org_id AND u.id = a.user_id
  JOIN orgs o ON o.id = a.org_id
  WHERE a.org_id = $1 AND a.app_id = $2 AND a.user_id = $3 AND a.told_at IS NULL`;
const isCurrent = `u.active AND a.user_generation = u.generation AND a.org_generation = o.generation`;

/** The `sid`s that ended here and that the app hasn't been told of, the newest first. */
export async function endedSessionsThere(pool: Pool, { orgId, app, userId }: Whose): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'app-sessions-ended',
    text: `SELECT a.id ${ofPerson}
             AND NOT (${isCurrent} AND EXISTS (SELECT FROM live_sessions l WHERE l.org_id = a.org_id AND l.id = a.session_id))
           ORDER BY a.created_at DESC, a.id LIMIT ${most}`,
    values: [orgId, app.id, userId],
  });
  return rows.map(({ id }) => id);
}

/**
 * Whether the person has signed in at the app since the revocation: by generation, as no clock is
 * exact enough. A logout of the whole person would end that fresh sign-in.
 */
export async function hasSignedInAgain(pool: Pool, { orgId, app, userId }: Whose): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'app-sessions-fresh',
    text: `SELECT ${ofPerson} AND ${isCurrent} LIMIT 1`,
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
