-- What was used once stays used, and never moves to another grant.
CREATE OR REPLACE FUNCTION refuse_reuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a token stays consumed and keeps its grant' USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE TRIGGER tokens_stay_consumed BEFORE UPDATE ON tokens
  FOR EACH ROW
  WHEN ((OLD.consumed_at IS NOT NULL AND NEW.consumed_at IS DISTINCT FROM OLD.consumed_at)
        OR (OLD.grant_id IS NOT NULL AND (OLD.org_id, OLD.grant_id) IS DISTINCT FROM (NEW.org_id, NEW.grant_id)))
  EXECUTE FUNCTION refuse_reuse();
