-- The one definition of "alive". Loading, saving, lists, counts and streams all go through it.
-- A session counts while both generations it was born with are the current ones: revoking is one bump, however many
-- sessions there are, and no clock decides.
-- Back-channel logout ends one IdP session; no generation moves then. An ended one is remembered in `spent` for a day, and
-- sessions and grants that carry it don't count, whenever they were inserted. CASE, so that each row with a sid is looked
-- up by key and the others cost nothing: of a bare NOT EXISTS PostgreSQL could make a join with the whole table.
CREATE OR REPLACE VIEW live_sessions AS
SELECT s.org_id, s.id, s.sid_hash, s.user_id, s.connection_id, s.identity_id, s.data, s.user_agent, s.ip,
       s.created_at, s.authenticated_at, s.last_seen_at, s.idle_expires_at, s.expires_at, s.user_generation, s.org_generation,
       s.idp_sid, u.email, u.name, u.role, o.slug AS org_slug, o.name AS org_name
FROM sessions s
JOIN users u ON u.org_id = s.org_id AND u.id = s.user_id
JOIN orgs o ON o.id = s.org_id
WHERE s.user_generation = u.generation
  AND s.org_generation = o.generation
  AND s.revoked_at IS NULL
  AND s.ended_at IS NULL
  AND u.active
  AND s.idle_expires_at > now()
  AND s.expires_at > now()
  AND s.created_at > o.sessions_born_after
  AND s.last_seen_at > o.sessions_seen_after
  AND (o.session_absolute_seconds IS NULL OR s.created_at > now() - make_interval(secs => o.session_absolute_seconds))
  AND (o.session_idle_seconds IS NULL OR s.last_seen_at > now() - make_interval(secs => o.session_idle_seconds))
  AND CASE WHEN s.idp_sid IS NULL THEN true
           ELSE NOT EXISTS (SELECT FROM spent e
                            WHERE e.org_id = s.org_id AND e.kind = 'idp_session'
                              AND e.id = s.connection_id || ' ' || s.idp_sid) END;

-- A grant that is alive; its tokens and codes count while it does. The same rules as for sessions.
CREATE OR REPLACE VIEW live_grants AS
SELECT g.org_id, g.id, g.client_id, g.user_id, g.connection_id, g.identity_id, g.session_id, g.scope, g.user_agent, g.ip,
       g.created_at, g.authenticated_at, g.last_seen_at, g.idle_expires_at, g.expires_at, g.user_generation, g.org_generation,
       g.idp_sid, u.email, u.name, u.role, o.slug AS org_slug, o.name AS org_name
FROM grants g
JOIN users u ON u.org_id = g.org_id AND u.id = g.user_id
JOIN orgs o ON o.id = g.org_id
WHERE g.user_generation = u.generation
  AND g.org_generation = o.generation
  AND g.revoked_at IS NULL
  AND g.ended_at IS NULL
  AND u.active
  AND g.idle_expires_at > now()
  AND g.expires_at > now()
  AND g.created_at > o.grants_born_after
  AND g.last_seen_at > o.grants_seen_after
  AND (o.grant_absolute_seconds IS NULL OR g.created_at > now() - make_interval(secs => o.grant_absolute_seconds))
  AND (o.grant_idle_seconds IS NULL OR g.last_seen_at > now() - make_interval(secs => o.grant_idle_seconds))
  AND CASE WHEN g.idp_sid IS NULL THEN true
           ELSE NOT EXISTS (SELECT FROM spent e
                            WHERE e.org_id = g.org_id AND e.kind = 'idp_session'
                              AND e.id = g.connection_id || ' ' || g.idp_sid) END;
