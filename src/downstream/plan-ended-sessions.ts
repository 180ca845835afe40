import { event } from './planned-people.ts';

/**
 * SQL: where something ended and the person goes on (a device, an IdP's session, a grant, the
 * person's own sign-out), web apps hear of the `sid`s that came of it. $1 and $2: orgs and events.
 *
 * An IdP's session ends the app's although ours of the browser was over by time before. The end of
 * a grant is the end at its own app alone. Each `sid` is told once: from now on another one is given.
 */
export const planEndedSessionsSql = `
  WITH ${event}, happened AS MATERIALIZED (
    SELECT e.org_id, e.id AS event_id, e.at, e.action, e.target_id, e.detail ->> 'connection' AS connection_id,
           e.detail ->> 'sid' AS idp_sid, r.id AS revocation_id, r.user_id
    FROM event e LEFT JOIN revocations r ON r.org_id = e.org_id AND r.id = e.revocation AND r.user_generation IS NULL
    WHERE e.action IN ('access.revoked', 'idp_session.ended', 'session.ended', 'grant.ended')
  ), over AS (
    SELECT org_id, event_id, target_id AS session_id, NULL AS app_id FROM happened WHERE action = 'session.ended'
    UNION ALL
    SELECT h.org_id, h.event_id, s.id, NULL
    FROM happened h JOIN sessions s ON s.org_id = h.org_id AND s.user_id = h.user_id AND s.revocation_id = h.revocation_id
    UNION ALL
    SELECT h.org_id, h.event_id, g.session_id, g.client_id
    FROM happened h JOIN grants g ON g.org_id = h.org_id AND g.user_id = h.user_id AND g.revocation_id = h.revocation_id
    UNION ALL
    SELECT h.org_id, h.event_id, g.session_id, g.client_id
    FROM happened h JOIN grants g ON g.org_id = h.org_id AND g.id = h.target_id
    WHERE h.action = 'grant.ended'
  ), found AS (
    SELECT o.event_id, a.org_id, a.app_id, a.id
    FROM over o JOIN app_sessions a ON a.org_id = o.org_id AND a.session_id = o.session_id AND a.app_id = coalesce(o.app_id, a.app_id)
    UNION
    SELECT h.event_id, a.org_id, a.app_id, a.id
    FROM happened h JOIN app_sessions a ON a.org_id = h.org_id AND a.connection_id = h.connection_id AND a.idp_sid = h.idp_sid
    WHERE h.action = 'idp_session.ended'
  ), ended AS (
    UPDATE app_sessions a SET ended_at = h.at
    FROM found f JOIN happened h ON h.org_id = f.org_id AND h.event_id = f.event_id
    WHERE a.org_id = f.org_id AND a.app_id = f.app_id AND a.id = f.id AND a.told_at IS NULL AND a.ended_at IS NULL
    RETURNING a.org_id, a.app_id, a.id, a.user_id, h.event_id, h.revocation_id, h.at
  )
  INSERT INTO forwards (org_id, id, app_id, user_id, event_id, revocation_id, sid, "full", names, revoked_at)
  SELECT e.org_id, 'fwd_' || substr(encode(sha256(convert_to(e.event_id || ' ' || e.app_id || ' ' || e.id, 'UTF8')), 'hex'), 1, 32),
         e.app_id, e.user_id, e.event_id, e.revocation_id, e.id, false,
         jsonb_build_object('userId', u.id, 'email', u.email, 'issuer', NULL, 'subject', NULL, 'there', NULL), e.at
  FROM ended e
  JOIN apps app ON app.org_id = e.org_id AND app.id = e.app_id AND app.state <> 'disabled' AND app.kind = 'oidc'
  JOIN users u ON u.org_id = e.org_id AND u.id = e.user_id
  ON CONFLICT DO NOTHING`;
