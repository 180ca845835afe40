-- What "alive" means, said once: loading, saving, lists, previews, limits, streams, revocations and their counts, and the
-- housekeeping all ask here.

-- Ended at the IdP: remembered for a day (15 minutes after front-channel logout), so that a sign-in under way is dead, too.
-- In PL/pgSQL, which keeps its plan: it is asked for each row that has such a session, and for no other.
CREATE OR REPLACE FUNCTION idp_session_ended(org text, connection text, sid text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM spent e WHERE e.org_id = org AND e.kind = 'idp_session' AND e.id = connection || ' ' || sid);
END $$;

-- Whichever comes first ends it: the lifetimes that were written on the row, the org's own, or what a longer policy must not
-- bring back (`born_after`, `seen_after`).
CREATE OR REPLACE FUNCTION within_lifetime(
  moment timestamptz, created_at timestamptz, last_seen_at timestamptz, expires_at timestamptz, idle_expires_at timestamptz,
  born_after timestamptz, seen_after timestamptz, absolute_seconds int, idle_seconds int
) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT idle_expires_at > moment AND expires_at > moment AND created_at > born_after AND last_seen_at > seen_after
    AND (absolute_seconds IS NULL OR created_at > moment - make_interval(secs => absolute_seconds))
    AND (idle_seconds IS NULL OR last_seen_at > moment - make_interval(secs => idle_seconds))
$$;

-- Whether a row is within its time and its org's policies at `moment`. Alive is more: the views below, or a generation that
-- the asking statement knows better than its snapshot. Written so that PostgreSQL puts it into the asking statement.
CREATE OR REPLACE FUNCTION in_time(d sessions, o orgs, moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT within_lifetime(moment, d.created_at, d.last_seen_at, d.expires_at, d.idle_expires_at,
                         o.sessions_born_after, o.sessions_seen_after, o.session_absolute_seconds, o.session_idle_seconds)
    AND CASE WHEN d.idp_sid IS NULL THEN true ELSE NOT idp_session_ended(d.org_id, d.connection_id, d.idp_sid) END
$$;
CREATE OR REPLACE FUNCTION in_time(d grants, o orgs, moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT within_lifetime(moment, d.created_at, d.last_seen_at, d.expires_at, d.idle_expires_at,
                         o.grants_born_after, o.grants_seen_after, o.grant_absolute_seconds, o.grant_idle_seconds)
    AND CASE WHEN d.idp_sid IS NULL THEN true ELSE NOT idp_session_ended(d.org_id, d.connection_id, d.idp_sid) END
$$;

-- The one definition of "alive". A session counts while both generations it was born with are the current ones: revoking is
-- one bump, however many sessions there are, and no clock decides.
CREATE OR REPLACE VIEW live_sessions AS
SELECT s.org_id, s.id, s.sid_hash, s.user_id, s.connection_id, s.identity_id, s.data, s.user_agent, s.ip,
       s.created_at, s.authenticated_at, s.last_seen_at, s.idle_expires_at, s.expires_at, s.user_generation, s.org_generation,
       s.idp_sid, u.email, u.name, u.role, o.slug AS org_slug, o.name AS org_name, s.last_seen_ip,
       u.language
FROM sessions s
JOIN users u ON u.org_id = s.org_id AND u.id = s.user_id
JOIN orgs o ON o.id = s.org_id
WHERE s.user_generation = u.generation
  AND s.org_generation = o.generation
  AND s.revoked_at IS NULL
  AND s.ended_at IS NULL
  AND u.active
  AND in_time(s, o, now());

-- The same of a grant; its tokens and codes count while it does.
CREATE OR REPLACE VIEW live_grants AS
SELECT g.org_id, g.id, g.client_id, g.user_id, g.connection_id, g.identity_id, g.session_id, g.scope, g.user_agent, g.ip,
       g.created_at, g.authenticated_at, g.last_seen_at, g.idle_expires_at, g.expires_at, g.user_generation, g.org_generation,
       g.idp_sid, u.email, u.name, u.role, o.slug AS org_slug, o.name AS org_name, g.last_seen_ip
FROM grants g
JOIN users u ON u.org_id = g.org_id AND u.id = g.user_id
JOIN orgs o ON o.id = g.org_id
WHERE g.user_generation = u.generation
  AND g.org_generation = o.generation
  AND g.revoked_at IS NULL
  AND g.ended_at IS NULL
  AND u.active
  AND in_time(g, o, now());
