-- A sign-in that has found somebody who is removed meanwhile must not link its subject to them: whoever is provisioned in
-- their place could never sign in. The sign-in takes it for a faster twin and looks again. It runs behind the foreign key's
-- own check (triggers go by name), which has waited for the removal.
CREATE OR REPLACE FUNCTION refuse_link_to_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM users WHERE org_id = NEW.org_id AND id = NEW.user_id AND deleted_at IS NOT NULL) THEN
    RAISE EXCEPTION 'the user was removed' USING ERRCODE = 'unique_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER identities_of_the_present AFTER INSERT ON identities
  FOR EACH ROW EXECUTE FUNCTION refuse_link_to_removed();

-- A sign-in that was under way when a person was removed, renamed or unlinked finds nobody, or whoever was provisioned in
-- their place, by the name that is free now. When it was freed is kept, so that such a sign-in doesn't complete; in a trigger,
-- so that no way of freeing a name forgets it. The name stays with one transaction until that has committed: the last writer is the last.
CREATE OR REPLACE FUNCTION keep_released_name() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  freed text;
BEGIN
  IF TG_TABLE_NAME = 'users' THEN
    freed := 'email ' || OLD.email_key;
  ELSE
    freed := 'subject ' || OLD.connection_id || ' ' || OLD.subject;
  END IF;
  INSERT INTO released_names (org_id, name, revoked_xid, revoked_at)
  VALUES (OLD.org_id, sha256(convert_to(freed, 'UTF8')), pg_current_xact_id(), clock_timestamp())
  ON CONFLICT (org_id, name) DO UPDATE SET revoked_xid = EXCLUDED.revoked_xid, revoked_at = EXCLUDED.revoked_at;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER users_released_names AFTER UPDATE OF email_key ON users
  FOR EACH ROW WHEN (OLD.email_key <> NEW.email_key) EXECUTE FUNCTION keep_released_name();
-- An identity that a whole org's revocation releases keeps its subject: that revocation stops sign-ins under way, too.
CREATE OR REPLACE TRIGGER identities_released_names AFTER UPDATE OF subject ON identities
  FOR EACH ROW WHEN (OLD.subject <> NEW.subject AND OLD.connection_id IS NOT NULL) EXECUTE FUNCTION keep_released_name();

-- Since when somebody bears their names: of two people with one address the newer claim counts.
CREATE OR REPLACE FUNCTION keep_naming_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.named_at := clock_timestamp();
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER users_naming_time BEFORE UPDATE OF email_key, user_name_key ON users
  FOR EACH ROW WHEN (OLD.email_key <> NEW.email_key OR OLD.user_name_key IS DISTINCT FROM NEW.user_name_key)
  EXECUTE FUNCTION keep_naming_time();

-- Who is meant. A connection's word on an address: 'own' where it speaks for the address's domain, 'anothers' where only
-- another connection does, even one that is off; else 'open'.
CREATE OR REPLACE FUNCTION address_standing(org text, connection text, address text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN bool_or(d.connection_id = connection) THEN 'own'
              WHEN bool_or(d.connection_id IS NOT NULL) THEN 'anothers' ELSE 'open' END
  FROM domains d
  WHERE d.org_id = org AND d.domain = split_part(address, '@', -1) AND d.verified_at IS NOT NULL
$$;

-- Whether a connection may say, of an address that no connection speaks for, that it is the person's: never if another
-- connection knows them, and of an administrator only where no other connection is in use. Else the operator of one identity
-- provider, which may call any address verified, could sign in as the people of another.
CREATE OR REPLACE FUNCTION may_mean(connection text, person users) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT EXISTS (SELECT FROM identities i
                     WHERE i.org_id = person.org_id AND i.user_id = person.id AND i.connection_id <> connection)
     AND (person.role = 'member'
          OR NOT EXISTS (SELECT FROM connections c WHERE c.org_id = person.org_id AND c.id <> connection AND c.active))
$$;
