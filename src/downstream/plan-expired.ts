import type { Chore } from '../database/chores.ts';

/** Of one part. */
const most = 500;

/**
 * Plans what web apps hear of sessions that ended by time, where the app's setting `tellExpired`
 * asks for it. A session that was revoked or ended has been planned when it was; one whose person
 * or org was, too. An expired session's row is kept for a day.
 */
export const planExpired: Chore = async (client) => {
  const { rowCount } = await client.query(`
    WITH expired AS MATERIALIZED (
      SELECT t.org_id, t.app_id, t.id
      FROM apps a
      JOIN app_sessions t ON t.org_id = a.org_id AND t.app_id = a.id AND t.told_at IS NULL AND t.ended_at IS NULL
      JOIN sessions s ON s.org_id = t.org_id AND s.id = t.session_id
      JOIN users u ON u.org_id = s.org_id AND u.id = s.user_id AND u.active
      JOIN orgs o ON o.id = s.org_id
      WHERE a.kind = 'oidc' AND a.state <> 'disabled' AND a.settings ->> 'tellExpired' = 'true'
        AND s.revoked_at IS NULL AND s.ended_at IS NULL AND NOT in_time(s, o, now())
        AND s.user_generation = u.generation AND s.org_generation = o.generation
      LIMIT ${most} FOR NO KEY UPDATE OF t SKIP LOCKED
    ), ended AS (
      UPDATE app_sessions t SET ended_at = clock_timestamp() FROM expired e
      WHERE t.org_id = e.org_id AND t.app_id = e.app_id AND t.id = e.id
      RETURNING t.org_id, t.app_id, t.id, t.user_id, t.ended_at
    )
    INSERT INTO forwards (org_id, id, app_id, user_id, event_id, sid, "full", names, revoked_at)
    SELECT e.org_id, 'fwd_' || substr(encode(sha256(convert_to('expired ' || e.app_id || ' ' || e.id, 'UTF8')), 'hex'), 1, 32),
           e.app_id, e.user_id, NULL, e.id, false, jsonb_build_object('userId', u.id, 'email', u.email, 'issuer', NULL, 'subject', NULL, 'there', NULL), e.ended_at
    FROM ended e JOIN users u ON u.org_id = e.org_id AND u.id = e.user_id
    ON CONFLICT DO NOTHING`);
  return rowCount === most;
};
