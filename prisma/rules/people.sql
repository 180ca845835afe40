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
-- so that no way of freeing a name forgets it. The name stays with one transaction until that has committed: the last writer
-- is the last.
CREATE OR REPLACE FUNCTION released_name(name text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(convert_to(name, 'UTF8'))
$$;
CREATE OR REPLACE FUNCTION keep_released_name() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  freed text[];
  xid xid8 := pg_current_xact_id();
  at timestamptz := clock_timestamp();
BEGIN
  IF TG_TABLE_NAME = 'users' THEN
    -- Names that another of the person's names still says aren't free.
    freed := ARRAY(SELECT 'email ' || name FROM unnest(ARRAY[OLD.email_key, OLD.user_name_key]) AS old (name)
                   WHERE name NOT IN (NEW.email_key, coalesce(NEW.user_name_key, NEW.email_key)) ORDER BY name);
    -- An address that changes because the identity provider says so ends no access: the name was revoked when its bearer was.
    IF OLD.generation = NEW.generation THEN
      xid := OLD.revoked_xid;
      at := OLD.revoked_at;
    END IF;
  ELSE
    freed := ARRAY['subject ' || OLD.connection_id || ' ' || OLD.subject];
  END IF;
  INSERT INTO released_names AS r (org_id, name, revoked_xid, revoked_at)
  SELECT OLD.org_id, released_name(name), xid, at FROM unnest(freed) AS free (name) WHERE at IS NOT NULL AND xid IS NOT NULL
  ON CONFLICT (org_id, name)
  DO UPDATE SET revoked_xid = EXCLUDED.revoked_xid, revoked_at = EXCLUDED.revoked_at, expires_at = NULL
  WHERE r.revoked_at <= EXCLUDED.revoked_at;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER users_released_names AFTER UPDATE OF email_key, user_name_key ON users
  FOR EACH ROW WHEN (OLD.email_key <> NEW.email_key OR OLD.user_name_key IS DISTINCT FROM NEW.user_name_key)
  EXECUTE FUNCTION keep_released_name();
-- An identity that a whole org's revocation releases keeps its subject: that revocation stops sign-ins under way, too.
CREATE OR REPLACE TRIGGER identities_released_names AFTER UPDATE OF subject ON identities
  FOR EACH ROW WHEN (OLD.subject <> NEW.subject AND OLD.connection_id IS NOT NULL) EXECUTE FUNCTION keep_released_name();

-- Since when somebody bears their names: of two people with one address the newer claim counts.
CREATE OR REPLACE FUNCTION keep_naming_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.email_key <> NEW.email_key THEN
    NEW.named_at := clock_timestamp();
  END IF;
  IF OLD.user_name_key IS DISTINCT FROM NEW.user_name_key THEN
    NEW.user_name_at := clock_timestamp();
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER users_naming_time BEFORE UPDATE OF email_key, user_name_key ON users
  FOR EACH ROW WHEN (OLD.email_key <> NEW.email_key OR OLD.user_name_key IS DISTINCT FROM NEW.user_name_key)
  EXECUTE FUNCTION keep_naming_time();

-- A node of the version before doesn't say of people whom it provisions that they are. An identity provider's word on the parts
-- of a name stands in the profile too, but never in the row of somebody who is new.
CREATE OR REPLACE FUNCTION keep_provisioned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.provisioned := NEW.external_id IS NOT NULL OR NEW.user_name IS NOT NULL OR NEW.profile ?| ARRAY['emails', 'displayName']
    OR (TG_OP = 'INSERT' AND NEW.profile - 'name' <> '{}');
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER users_provisioned BEFORE INSERT OR UPDATE OF external_id, user_name, profile ON users
  FOR EACH ROW WHEN (NOT NEW.provisioned) EXECUTE FUNCTION keep_provisioned();

-- A node of the version before knows one authoritative connection a domain, and writes it on the domain's row alone: from then
-- on it is the only one. Whoever writes a list writes its first there, and then the list.
CREATE OR REPLACE FUNCTION keep_authority() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM domain_connections WHERE org_id = NEW.org_id AND domain_id = NEW.id;
  INSERT INTO domain_connections (org_id, domain_id, connection_id)
  SELECT NEW.org_id, NEW.id, NEW.connection_id WHERE NEW.connection_id IS NOT NULL;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER domains_authority AFTER INSERT ON domains
  FOR EACH ROW WHEN (NEW.connection_id IS NOT NULL) EXECUTE FUNCTION keep_authority();
CREATE OR REPLACE TRIGGER domains_changed_authority AFTER UPDATE OF connection_id ON domains
  FOR EACH ROW WHEN (OLD.connection_id IS DISTINCT FROM NEW.connection_id) EXECUTE FUNCTION keep_authority();

-- Which connections speak for which addresses: those that are authoritative for a verified domain, even if they are off.
CREATE OR REPLACE VIEW authorities AS
SELECT d.org_id, d.domain, a.connection_id
FROM domains d JOIN domain_connections a ON a.org_id = d.org_id AND a.domain_id = d.id
WHERE d.verified_at IS NOT NULL;

-- Who is meant. A connection's word on an address: 'own' where it speaks for the address's domain, 'anothers' where only
-- others do. Else 'open'; but outside ASCII, where too many letters look alike, 'unclear'.
CREATE OR REPLACE FUNCTION address_standing(org text, connection text, address text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN bool_or(a.connection_id = connection) THEN 'own' WHEN count(*) > 0 THEN 'anothers'
              WHEN address ~ '^[\x21-\x7e]+$' THEN 'open' ELSE 'unclear' END
  FROM authorities a
  WHERE a.org_id = org AND a.domain = split_part(address, '@', -1)
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

-- Whether what a connection says is believed: that `address` is the person's.
CREATE OR REPLACE FUNCTION is_believed(connection text, address text, verified boolean, person users) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT CASE address_standing(person.org_id, connection, address)
    WHEN 'own' THEN true
    WHEN 'open' THEN verified AND may_mean(connection, person)
    ELSE false
  END
$$;

-- The addresses that people's identity providers named last.
CREATE OR REPLACE VIEW claims AS
SELECT i.org_id, i.user_id, i.id AS identity_id, i.connection_id, i.claimed_email_key AS address, i.claimed_at,
       is_believed(i.connection_id, i.claimed_email_key, i.claim_verified, u) AS believed
FROM identities i JOIN users u ON u.org_id = i.org_id AND u.id = i.user_id
WHERE i.claimed_email_key IS NOT NULL AND i.connection_id IS NOT NULL AND u.deleted_at IS NULL;

-- Everybody whom an address means now: whoever bears it as address or user name, and those for whom it was claimed since. A
-- claim that isn't believed means somebody only to the connection that claims it (`reach`).
CREATE OR REPLACE FUNCTION named_by_address(org text, given text, reach text) RETURNS TABLE (user_id text)
LANGUAGE sql STABLE AS $$
  SELECT u.id FROM users u WHERE u.org_id = org AND u.email_key = given
  UNION
  SELECT u.id FROM users u WHERE u.org_id = org AND u.user_name_key = given
  UNION
  SELECT c.user_id FROM claims c
  WHERE c.org_id = org AND c.address = given
    AND NOT EXISTS (SELECT FROM users u WHERE u.org_id = org AND u.email_key = given AND u.named_at >= c.claimed_at)
    AND NOT EXISTS (SELECT FROM users u WHERE u.org_id = org AND u.user_name_key = given AND u.user_name_at >= c.claimed_at)
    AND CASE WHEN c.connection_id = reach THEN true ELSE c.believed END
$$;

-- Who bears the address on record: it is theirs, else their user name. A claim alone lets nobody in as somebody.
CREATE OR REPLACE FUNCTION bearer_of(org text, given text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce(
    (SELECT u.id FROM users u WHERE u.org_id = org AND u.email_key = given),
    (SELECT u.id FROM users u WHERE u.org_id = org AND u.user_name_key = given ORDER BY u.id LIMIT 1))
$$;

-- The same, as a connection means it. A claim of another name than `email` is the user name at the identity provider: whoever
-- was provisioned with it goes before a colleague who has it as an address.
CREATE OR REPLACE FUNCTION bearer_meant_by(org text, connection text, given text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce(
    (SELECT u.id FROM users u JOIN connections c ON c.org_id = u.org_id
     WHERE u.org_id = org AND u.user_name_key = given AND c.id = connection AND c.email_claim <> 'email' ORDER BY u.id LIMIT 1),
    bearer_of(org, given))
$$;
