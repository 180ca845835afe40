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
    INSERT INTO forwards (org_id, id, app_id, user_id, event_id, sid, "full", names, revoked_at)
    SELECT e.org_id, e.forward_id, e.app_id, e.user_id, '', e.sid, false, jsonb_build_object('userId', e.user_id, 'email', e.email,
           'issuer', NULL, 'subject', NULL, 'there', NULL), clock_timestamp()
    FROM (
      SELECT t.org_id, t.app_id, t.user_id, t.id AS sid, u.email,
             'fwd_' || substr(encode(sha256(convert_to('expired ' || t.app_id || ' ' || t.id, 'UTF8')), 'hex'), 1, 32) AS forward_id
      FROM apps a
      JOIN app_sessions t ON t.org_id = a.org_id AND t.app_id = a.id AND t.told_at IS NULL AND t.ended_at IS NULL
      JOIN sessions s ON s.org_id = t.org_id AND s.id = t.session_id
      JOIN users u ON u.org_id = s.org_id AND u.id = s.user_id AND u.active
      JOIN orgs o ON o.id = s.org_id
      WHERE a.kind = 'oidc' AND a.state <> 'disabled' AND a.settings ->> 'tellExpired' = 'true'
        AND s.revoked_at IS NULL AND s.ended_at IS NULL AND NOT in_time(s, o, now())
        AND s.user_generation = u.generation AND s.org_generation = o.generation
    ) e
    WHERE NOT EXISTS (SELECT FROM forwards f WHERE f.org_id = e.org_id AND f.id = e.forward_id)
    LIMIT ${most}
    ON CONFLICT DO NOTHING`);
  return rowCount === most;
};
