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

-- A new row of audit_names. `subject` is '' for somebody whom a refused call named and who has no id here: that row is its
-- event's alone.
CREATE OR REPLACE FUNCTION new_names(org text, subject text, called text, address text, address_key text, login text, login_key text)
RETURNS bytea LANGUAGE sql AS $$
  INSERT INTO audit_names (org_id, ref, salt, subject_id, name, email, email_key, user_name, user_name_key)
  SELECT org, sha256(salt || convert_to(subject, 'UTF8') || '\x00' || convert_to(called, 'UTF8') || '\x00'
                     || convert_to(coalesce(address, ''), 'UTF8') || '\x00' || convert_to(coalesce(login, ''), 'UTF8')),
         salt, subject, called, address, address_key, login, login_key
  FROM (SELECT uuid_send(gen_random_uuid()) AS salt OFFSET 0) fresh
  RETURNING ref
$$;

-- How somebody on record is called at this moment, as a row of audit_names: the row of before while the names stay the same,
-- else a new one. Somebody who is removed keeps the names that they had. In PL/pgSQL and volatile: it sees what the
-- statement that writes the event has done before, such as making the person.
CREATE OR REPLACE FUNCTION names_on_record(org text, kind text, subject text) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
  called_name text; called_email text; called_email_key text; called_user_name text; called_user_name_key text;
  removed boolean := false;
  before audit_names;
BEGIN
  IF kind = 'user' THEN
    SELECT u.name, u.email, u.email_key, u.user_name, u.user_name_key,
           u.deleted_at IS NOT NULL OR u.email_key LIKE '%@deleted.invalid'
    INTO called_name, called_email, called_email_key, called_user_name, called_user_name_key, removed
    FROM users u WHERE u.org_id = org AND u.id = subject;
  ELSIF kind = 'api_key' THEN
    SELECT k.name INTO called_name FROM api_keys k WHERE k.org_id = org AND k.id = subject;
  ELSE
    SELECT c.name INTO called_name FROM connections c WHERE c.org_id = org AND c.id = subject;
  END IF;
  IF called_name IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT * INTO before FROM audit_names n WHERE n.org_id = org AND n.subject_id = subject ORDER BY n.made_at DESC LIMIT 1;
  IF removed OR (before.name = called_name AND before.email IS NOT DISTINCT FROM called_email
                 AND before.user_name IS NOT DISTINCT FROM called_user_name) THEN
    RETURN before.ref;
  END IF;
  RETURN new_names(org, subject, called_name, called_email, called_email_key, called_user_name, called_user_name_key);
END $$;

-- Whoever is called otherwise from now on has a new row at once: the newest row of somebody, if there is one, is how they are
-- called. An event of the very statement that renames them still shows the names of before.
CREATE OR REPLACE FUNCTION keep_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM names_on_record(NEW.org_id, TG_ARGV[0], NEW.id);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER users_names AFTER UPDATE OF name, email, user_name ON users
  FOR EACH ROW WHEN ((OLD.name, OLD.email, OLD.user_name) IS DISTINCT FROM (NEW.name, NEW.email, NEW.user_name))
  EXECUTE FUNCTION keep_names('user');
CREATE OR REPLACE TRIGGER api_keys_names AFTER UPDATE OF name ON api_keys
  FOR EACH ROW EXECUTE FUNCTION keep_names('api_key');
CREATE OR REPLACE TRIGGER connections_names AFTER UPDATE OF name ON connections
  FOR EACH ROW EXECUTE FUNCTION keep_names('connection');

-- An event refers to the names of that moment; in a trigger, so that no writer forgets it. The statements that end access
-- find them by themselves, and it has nothing left to do.
CREATE OR REPLACE FUNCTION newest_names(org text, kind text, subject text) RETURNS bytea LANGUAGE plpgsql AS $$
BEGIN
  RETURN coalesce((SELECT n.ref FROM audit_names n WHERE n.org_id = org AND n.subject_id = subject ORDER BY n.made_at DESC LIMIT 1),
                  names_on_record(org, kind, subject));
END $$;
CREATE OR REPLACE FUNCTION refer_to_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.actor_ref IS NULL AND NEW.actor_type IN ('user', 'api_key', 'connection') THEN
    NEW.actor_ref := newest_names(NEW.org_id, NEW.actor_type, NEW.actor_id);
  END IF;
  IF NEW.target_ref IS NULL AND NEW.target_type IN ('user', 'api_key', 'connection') THEN
    NEW.target_ref := newest_names(NEW.org_id, NEW.target_type, NEW.target_id);
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER audit_events_names BEFORE INSERT ON audit_events
  FOR EACH ROW
  WHEN ((NEW.actor_ref IS NULL AND NEW.actor_type IN ('user', 'api_key', 'connection'))
        OR (NEW.target_ref IS NULL AND NEW.target_type IN ('user', 'api_key', 'connection')))
  EXECUTE FUNCTION refer_to_names();

-- Names on record may be erased, never changed.
CREATE OR REPLACE FUNCTION refuse_other_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'names on record are never changed' USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE TRIGGER audit_names_never_change BEFORE UPDATE OR TRUNCATE ON audit_names
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_other_names();
