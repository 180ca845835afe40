-- The record: what the org's retention has let go of may be removed, nothing else, and nothing is ever changed.
CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit events are append only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE TRIGGER audit_events_append_only BEFORE UPDATE OR TRUNCATE ON audit_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE OR REPLACE FUNCTION refuse_early_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM orgs WHERE id = OLD.org_id AND OLD.at < clock_timestamp() - make_interval(days => audit_retention_days)) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'audit events are append only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE TRIGGER audit_events_stay BEFORE DELETE ON audit_events
  FOR EACH ROW EXECUTE FUNCTION refuse_early_removal();
