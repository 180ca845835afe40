-- A tombstone stays, and neither a session nor a grant changes its owner or its generations. There are two exceptions, both
-- only while it is live. "Sign out everywhere else" takes the current one along, from exactly the user's generation before;
-- "sign everyone out but me" from exactly the org's.
CREATE OR REPLACE FUNCTION refuse_revival() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% keep their owner, their generations and their tombstones', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE TRIGGER sessions_stay_dead BEFORE UPDATE OF org_id, id, sid_hash, user_id, user_generation, org_generation, revoked_at, ended_at ON sessions
  FOR EACH ROW
  WHEN ((OLD.org_id, OLD.id, OLD.sid_hash, OLD.user_id) IS DISTINCT FROM (NEW.org_id, NEW.id, NEW.sid_hash, NEW.user_id)
        OR (OLD.user_generation <> NEW.user_generation
            AND (NEW.user_generation <> OLD.user_generation + 1 OR OLD.revoked_at IS NOT NULL OR OLD.ended_at IS NOT NULL))
        OR (OLD.org_generation <> NEW.org_generation
            AND (NEW.org_generation <> OLD.org_generation + 1 OR OLD.revoked_at IS NOT NULL OR OLD.ended_at IS NOT NULL))
        OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL)
        OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL))
  EXECUTE FUNCTION refuse_revival();
CREATE OR REPLACE TRIGGER grants_stay_dead BEFORE UPDATE OF org_id, id, client_id, user_id, user_generation, org_generation, revoked_at, ended_at ON grants
  FOR EACH ROW
  WHEN ((OLD.org_id, OLD.id, OLD.client_id, OLD.user_id) IS DISTINCT FROM (NEW.org_id, NEW.id, NEW.client_id, NEW.user_id)
        OR (OLD.user_generation <> NEW.user_generation
            AND (NEW.user_generation <> OLD.user_generation + 1 OR OLD.revoked_at IS NOT NULL OR OLD.ended_at IS NOT NULL))
        OR (OLD.org_generation <> NEW.org_generation
            AND (NEW.org_generation <> OLD.org_generation + 1 OR OLD.revoked_at IS NOT NULL OR OLD.ended_at IS NOT NULL))
        OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL)
        OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL))
  EXECUTE FUNCTION refuse_revival();
