import type { Pool } from 'pg';

/** Frames of one page. */
const most = 20;

/**
 * What the browser loads at a sign-out (OpenID Connect Front-Channel Logout 1.0 §3): of each web app
 * that takes nothing else and has a session of this browser, its address with `iss` and `sid`. Nobody
 * knows whether the browser sends the app's cookies along: nothing counts as told by it.
 */
export async function framesOf(
  pool: Pool,
  issuer: string,
  { orgId, userId, sessionId }: Readonly<{ orgId: string; userId: string; sessionId: string }>,
): Promise<string[]> {
  const { rows } = await pool.query<{ uri: string; sid: string }>({
    name: 'front-channel-frames',
    text: `SELECT a.settings ->> 'frontchannelLogoutUri' AS uri, t.id AS sid
           FROM app_sessions t JOIN apps a ON a.org_id = t.org_id AND a.id = t.app_id
           WHERE t.org_id = $1 AND t.session_id = $2 AND t.user_id = $3 AND t.told_at IS NULL
             AND a.kind = 'oidc' AND a.state <> 'disabled'
             AND a.settings ->> 'frontchannelLogoutUri' IS NOT NULL AND a.settings ->> 'backchannelLogoutUri' IS NULL
           ORDER BY t.created_at DESC, t.id LIMIT ${most}`,
    values: [orgId, sessionId, userId],
  });
  return rows.map(({ uri, sid }) => {
    const url = new URL(uri);
    url.searchParams.set('iss', issuer);
    url.searchParams.set('sid', sid);
    return url.href;
  });
}
