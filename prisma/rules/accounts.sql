-- What may have to change the passwords of shared accounts goes into an outbox of its own, in the transaction that does it: by
-- triggers, so that no writer forgets. Orgs without accounts pay one look at an index for it.

-- Somebody's access ended.
CREATE OR REPLACE FUNCTION put_into_account_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM accounts a WHERE a.org_id = NEW.org_id) THEN
    INSERT INTO account_outbox (org_id, event_id) VALUES (NEW.org_id, NEW.id);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER audit_events_account_outbox AFTER INSERT ON audit_events
  FOR EACH ROW
  WHEN (NEW.action IN ('access.revoked', 'access.revoked_for_everyone', 'user.deactivated', 'user.removed', 'user.erased'))
  EXECUTE FUNCTION put_into_account_outbox();

-- Somebody's own right to an account, or that of a group, is taken away. A row names all people and all accounts: those of a
-- group of 2,000 with 200 accounts are 2,200 ids and not 400,000 rows. Who has another right is seen when it is planned.
-- Whoever takes a right away puts that on record. What another trigger or a cascade deletes isn't this one's: it has a row of
-- its own below, by which the planner puts it on record (`ended`), from a moment that the rows' locks are held.
CREATE OR REPLACE FUNCTION account_right_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO account_outbox (org_id, account_ids, user_ids)
  SELECT OLD.org_id, ARRAY[OLD.account_id], ended.users
  FROM (SELECT CASE WHEN OLD.user_id IS NOT NULL THEN ARRAY[OLD.user_id] ELSE (
          SELECT array_agg(m.user_id) FROM group_members m WHERE m.org_id = OLD.org_id AND m.group_id = OLD.group_id) END AS users) ended
  WHERE ended.users IS NOT NULL;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER account_rights_ended AFTER DELETE ON account_rights
  FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION account_right_ended();

-- Somebody leaves a group that has a right.
CREATE OR REPLACE FUNCTION account_group_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO account_outbox (org_id, account_ids, user_ids, ended, group_id, rights, created_at)
  SELECT l.org_id, r.accounts, l.users, 'group_left', l.group_id, r.rights, clock_timestamp()
  FROM (SELECT org_id, group_id, array_agg(user_id) AS users FROM leavers GROUP BY org_id, group_id) l
  CROSS JOIN LATERAL (
    SELECT array_agg(r.account_id ORDER BY r.id) AS accounts, array_agg(r."right" ORDER BY r.id) AS rights
    FROM account_rights r WHERE r.org_id = l.org_id AND r.group_id = l.group_id) r
  WHERE r.accounts IS NOT NULL;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER group_members_account_rights AFTER DELETE ON group_members
  REFERENCING OLD TABLE AS leavers FOR EACH STATEMENT EXECUTE FUNCTION account_group_left();

-- The group itself goes. Its members and its rights go with it, and the triggers of each come when the others are gone too.
CREATE OR REPLACE FUNCTION account_group_goes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO account_outbox (org_id, account_ids, user_ids, ended, group_id, rights, created_at)
  SELECT OLD.org_id, r.accounts, ARRAY(SELECT user_id FROM group_members WHERE org_id = OLD.org_id AND group_id = OLD.id),
         'group_removed', OLD.id, r.rights, clock_timestamp()
  FROM (SELECT array_agg(account_id ORDER BY id) AS accounts, array_agg("right" ORDER BY id) AS rights
        FROM account_rights WHERE org_id = OLD.org_id AND group_id = OLD.id) r
  WHERE r.accounts IS NOT NULL;
  RETURN OLD;
END $$;
CREATE OR REPLACE TRIGGER groups_account_rights BEFORE DELETE ON groups
  FOR EACH ROW EXECUTE FUNCTION account_group_goes();

-- Whoever is switched off has no right of their own any more, and gets none back by being switched on. The revocation that did it
-- is noted: when its event is planned, nothing shows any more which rights there were.
CREATE OR REPLACE FUNCTION end_account_rights() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  WITH ended AS (
    DELETE FROM account_rights WHERE org_id = NEW.org_id AND user_id = NEW.id RETURNING id, account_id, "right")
  INSERT INTO account_outbox (org_id, account_ids, user_ids, revocation_id, ended, rights, created_at)
  SELECT NEW.org_id, array_agg(account_id ORDER BY id), ARRAY[NEW.id],
         CASE WHEN NEW.last_revocation_id IS DISTINCT FROM OLD.last_revocation_id THEN NEW.last_revocation_id END,
         'person_off', array_agg("right" ORDER BY id), clock_timestamp()
  FROM ended HAVING count(*) > 0;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER users_account_rights AFTER UPDATE OF active ON users
  FOR EACH ROW WHEN (OLD.active AND NOT NEW.active) EXECUTE FUNCTION end_account_rights();

-- The record calls an account by the name that it had then. In a trigger, so that no writer forgets it; of a removed account
-- the name is found as long as the statement that removes it hasn't ended, so its event brings it along.
CREATE OR REPLACE FUNCTION name_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.detail := NEW.detail || coalesce(
    (SELECT jsonb_build_object('name', a.name) FROM accounts a WHERE a.org_id = NEW.org_id AND a.id = NEW.target_id), '{}');
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER audit_events_account_name BEFORE INSERT ON audit_events
  FOR EACH ROW WHEN (NEW.target_type = 'account' AND NOT NEW.detail ? 'name')
  EXECUTE FUNCTION name_account();
