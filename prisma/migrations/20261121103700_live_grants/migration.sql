-- What Prisma's schema language cannot say about grants, tokens and callers. Written by hand, tested by test/database,
-- test/sessions and test/tokens.

-- Back-channel logout ends one IdP session; no generation moves then. An ended one is remembered in `spent` for a day, and
-- sessions and grants that carry it don't count, whenever they were inserted. CASE, so that each row with a sid is looked
-- up by key and the others cost nothing: of a bare NOT EXISTS PostgreSQL could make a join with the whole table.
DROP VIEW live_sessions;
CREATE VIEW live_sessions AS
SELECT s.org_id, s.id, s.sid_hash, s.user_id, s.connection_id, s.identity_id, s.data, s.user_agent, s.ip,
       s.created_at, s.last_seen_at, s.idle_expires_at, s.expires_at, s.user_generation, s.org_generation, s.idp_sid,
       u.email, u.name, u.role, o.slug AS org_slug, o.name AS org_name
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
  AND CASE WHEN s.idp_sid IS NULL THEN true
           ELSE NOT EXISTS (SELECT FROM spent e
                            WHERE e.org_id = s.org_id AND e.kind = 'idp_session'
                              AND e.id = s.connection_id || ' ' || s.idp_sid) END;

-- The one definition of a grant that is alive; its tokens and codes count while it does. The same rules as for sessions.
CREATE VIEW live_grants AS
SELECT g.org_id, g.id, g.client_id, g.user_id, g.connection_id, g.identity_id, g.session_id, g.scope, g.user_agent, g.ip,
       g.created_at, g.last_seen_at, g.idle_expires_at, g.expires_at, g.user_generation, g.org_generation, g.idp_sid,
       u.email, u.name, u.role, o.slug AS org_slug, o.name AS org_name
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
  AND CASE WHEN g.idp_sid IS NULL THEN true
           ELSE NOT EXISTS (SELECT FROM spent e
                            WHERE e.org_id = g.org_id AND e.kind = 'idp_session'
                              AND e.id = g.connection_id || ' ' || g.idp_sid) END;

-- As for sessions: no index on what a revocation or a touch changes.
ALTER TABLE grants SET (fillfactor = 80);
CREATE INDEX sessions_idp_sid_idx ON sessions (org_id, connection_id, idp_sid) WHERE idp_sid IS NOT NULL;
CREATE INDEX grants_idp_sid_idx ON grants (org_id, connection_id, idp_sid) WHERE idp_sid IS NOT NULL;

ALTER TABLE tokens ADD CONSTRAINT tokens_grant_of_org CHECK ((org_id IS NULL) = (grant_id IS NULL));

-- Nobody squats on another's identity provider: among active connections that have exchanged a code, issuer and client id
-- name one.
CREATE UNIQUE INDEX connections_proven_key ON connections (issuer, client_id) WHERE active AND proven_at IS NOT NULL;

-- A tombstone stays, and neither a session nor a grant changes its owner or its generations. The one exception is "sign out
-- everywhere else": it takes the current one along, from exactly the generation before, while it is live.
DROP TRIGGER sessions_stay_dead ON sessions;
DROP FUNCTION refuse_session_revival();
CREATE FUNCTION refuse_revival() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% keep their owner, their generations and their tombstones', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER sessions_stay_dead BEFORE UPDATE OF org_id, id, sid_hash, user_id, user_generation, org_generation, revoked_at, ended_at ON sessions
  FOR EACH ROW
  WHEN ((OLD.org_id, OLD.id, OLD.sid_hash, OLD.user_id, OLD.org_generation)
          IS DISTINCT FROM (NEW.org_id, NEW.id, NEW.sid_hash, NEW.user_id, NEW.org_generation)
        OR (OLD.user_generation <> NEW.user_generation
            AND (NEW.user_generation <> OLD.user_generation + 1 OR OLD.revoked_at IS NOT NULL OR OLD.ended_at IS NOT NULL))
        OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL)
        OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL))
  EXECUTE FUNCTION refuse_revival();
CREATE TRIGGER grants_stay_dead BEFORE UPDATE OF org_id, id, client_id, user_id, user_generation, org_generation, revoked_at, ended_at ON grants
  FOR EACH ROW
  WHEN ((OLD.org_id, OLD.id, OLD.client_id, OLD.user_id, OLD.org_generation)
          IS DISTINCT FROM (NEW.org_id, NEW.id, NEW.client_id, NEW.user_id, NEW.org_generation)
        OR (OLD.user_generation <> NEW.user_generation
            AND (NEW.user_generation <> OLD.user_generation + 1 OR OLD.revoked_at IS NOT NULL OR OLD.ended_at IS NOT NULL))
        OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL)
        OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL))
  EXECUTE FUNCTION refuse_revival();

-- What was used once stays used, and never moves to another grant.
CREATE FUNCTION refuse_reuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a token stays consumed and keeps its grant' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER tokens_stay_consumed BEFORE UPDATE ON tokens
  FOR EACH ROW
  WHEN ((OLD.consumed_at IS NOT NULL AND NEW.consumed_at IS DISTINCT FROM OLD.consumed_at)
        OR (OLD.grant_id IS NOT NULL AND (OLD.org_id, OLD.grant_id) IS DISTINCT FROM (NEW.org_id, NEW.grant_id)))
  EXECUTE FUNCTION refuse_reuse();
