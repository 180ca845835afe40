-- What Prisma's schema language cannot say about policies, people and the record. Written by hand, tested by test/database,
-- test/admin and test/sessions.

-- Lifetimes that the org has set, seconds. The deployment's own are written on each row; whichever comes first ends it.
ALTER TABLE orgs
  ADD CONSTRAINT orgs_session_lifetimes CHECK (session_idle_seconds BETWEEN 300 AND 31536000
    AND session_absolute_seconds BETWEEN 300 AND 31536000 AND session_idle_seconds <= session_absolute_seconds),
  ADD CONSTRAINT orgs_grant_lifetimes CHECK (grant_idle_seconds BETWEEN 600 AND 31536000
    AND grant_absolute_seconds BETWEEN 600 AND 31536000 AND grant_idle_seconds <= grant_absolute_seconds),
  ADD CONSTRAINT orgs_admin_reauthentication CHECK (admin_reauthentication_seconds BETWEEN 60 AND 31536000),
  ADD CONSTRAINT orgs_audit_retention CHECK (audit_retention_days BETWEEN 30 AND 36500);

-- A session that a policy has ended must not come back when the policy becomes longer. Half a minute is added, which is
-- longer than the change can take to commit: meanwhile others still judge by the old policy.
CREATE FUNCTION keep_expired() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  decided timestamptz := clock_timestamp() + interval '30 seconds';
BEGIN
  NEW.sessions_seen_after := OLD.sessions_seen_after;
  NEW.sessions_born_after := OLD.sessions_born_after;
  NEW.grants_seen_after := OLD.grants_seen_after;
  NEW.grants_born_after := OLD.grants_born_after;
  IF OLD.session_idle_seconds <> coalesce(NEW.session_idle_seconds, -1) THEN
    NEW.sessions_seen_after := greatest(OLD.sessions_seen_after, decided - make_interval(secs => OLD.session_idle_seconds));
  END IF;
  IF OLD.session_absolute_seconds <> coalesce(NEW.session_absolute_seconds, -1) THEN
    NEW.sessions_born_after := greatest(OLD.sessions_born_after, decided - make_interval(secs => OLD.session_absolute_seconds));
  END IF;
  IF OLD.grant_idle_seconds <> coalesce(NEW.grant_idle_seconds, -1) THEN
    NEW.grants_seen_after := greatest(OLD.grants_seen_after, decided - make_interval(secs => OLD.grant_idle_seconds));
  END IF;
  IF OLD.grant_absolute_seconds <> coalesce(NEW.grant_absolute_seconds, -1) THEN
    NEW.grants_born_after := greatest(OLD.grants_born_after, decided - make_interval(secs => OLD.grant_absolute_seconds));
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER orgs_keep_expired BEFORE UPDATE OF session_idle_seconds, session_absolute_seconds, grant_idle_seconds,
    grant_absolute_seconds, sessions_seen_after, sessions_born_after, grants_seen_after, grants_born_after ON orgs
  FOR EACH ROW EXECUTE FUNCTION keep_expired();

DROP VIEW live_sessions;
CREATE VIEW live_sessions AS
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

DROP VIEW live_grants;
CREATE VIEW live_grants AS
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

-- Tombstones, owners and generations stay as before, with a second exception: "sign everyone out but me" takes the current
-- session or grant along, from exactly the org's generation before, while it is live.
DROP TRIGGER sessions_stay_dead ON sessions;
CREATE TRIGGER sessions_stay_dead BEFORE UPDATE OF org_id, id, sid_hash, user_id, user_generation, org_generation, revoked_at, ended_at ON sessions
  FOR EACH ROW
  WHEN ((OLD.org_id, OLD.id, OLD.sid_hash, OLD.user_id) IS DISTINCT FROM (NEW.org_id, NEW.id, NEW.sid_hash, NEW.user_id)
        OR (OLD.user_generation <> NEW.user_generation
            AND (NEW.user_generation <> OLD.user_generation + 1 OR OLD.revoked_at IS NOT NULL OR OLD.ended_at IS NOT NULL))
        OR (OLD.org_generation <> NEW.org_generation
            AND (NEW.org_generation <> OLD.org_generation + 1 OR OLD.revoked_at IS NOT NULL OR OLD.ended_at IS NOT NULL))
        OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL)
        OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL))
  EXECUTE FUNCTION refuse_revival();
DROP TRIGGER grants_stay_dead ON grants;
CREATE TRIGGER grants_stay_dead BEFORE UPDATE OF org_id, id, client_id, user_id, user_generation, org_generation, revoked_at, ended_at ON grants
  FOR EACH ROW
  WHEN ((OLD.org_id, OLD.id, OLD.client_id, OLD.user_id) IS DISTINCT FROM (NEW.org_id, NEW.id, NEW.client_id, NEW.user_id)
        OR (OLD.user_generation <> NEW.user_generation
            AND (NEW.user_generation <> OLD.user_generation + 1 OR OLD.revoked_at IS NOT NULL OR OLD.ended_at IS NOT NULL))
        OR (OLD.org_generation <> NEW.org_generation
            AND (NEW.org_generation <> OLD.org_generation + 1 OR OLD.revoked_at IS NOT NULL OR OLD.ended_at IS NOT NULL))
        OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL)
        OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL))
  EXECUTE FUNCTION refuse_revival();

-- One name, one person: SCIM's userName, which is the address where none was given.
CREATE UNIQUE INDEX users_user_name_key ON users (org_id, coalesce(user_name_key, email_key));

-- The record: what the org's retention has let go of may be removed, nothing else, and nothing is ever changed.
DROP TRIGGER audit_events_append_only ON audit_events;
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR TRUNCATE ON audit_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE FUNCTION refuse_early_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM orgs WHERE id = OLD.org_id AND OLD.at < clock_timestamp() - make_interval(days => audit_retention_days)) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'audit events are append only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_events_stay BEFORE DELETE ON audit_events
  FOR EACH ROW EXECUTE FUNCTION refuse_early_removal();

-- The outbox: whatever records one of these also puts it here, in the same transaction. A trigger, so that no writer forgets.
CREATE FUNCTION put_into_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO outbox (org_id, event_id) VALUES (NEW.org_id, NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER audit_events_outbox AFTER INSERT ON audit_events
  FOR EACH ROW
  WHEN (NEW.action IN ('access.revoked', 'access.revoked_for_everyone', 'user.deactivated', 'user.removed', 'idp_session.ended',
                       'call.refused', 'api_key.created', 'role.changed', 'delivery.failed'))
  EXECUTE FUNCTION put_into_outbox();
