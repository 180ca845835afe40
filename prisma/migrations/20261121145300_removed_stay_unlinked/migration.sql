-- A sign-in that has found somebody who is removed meanwhile must not link its subject to them: whoever is provisioned in
-- their place could never sign in. The sign-in takes it for a faster twin and looks again. It runs behind the foreign key's
-- own check (triggers go by name), which has waited for the removal.
CREATE FUNCTION refuse_link_to_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM users WHERE org_id = NEW.org_id AND id = NEW.user_id AND deleted_at IS NOT NULL) THEN
    RAISE EXCEPTION 'the user was removed' USING ERRCODE = 'unique_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER identities_of_the_present AFTER INSERT ON identities
  FOR EACH ROW EXECUTE FUNCTION refuse_link_to_removed();
