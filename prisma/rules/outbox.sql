-- The outbox: whatever records one of these also puts it here, in the same transaction. A trigger, so that no writer forgets.
-- Of refused sign-ins administrators are told only of those that they can put right: another connection's identity provider
-- may not decide them, or the address is somebody's whom the identity provider knows by another subject. Of links and addresses
-- they are told where a person changed them: sign-ins do it all the time. Of security events they are told of those that
-- should have ended somebody's access and found nobody. Of rights to shared accounts they are told of those that somebody gave
-- to themself, or to a group that they are in. Of comparisons of kept passwords whoever may use the account is told of those
-- that made another one current.
CREATE OR REPLACE FUNCTION put_into_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO outbox (org_id, event_id) VALUES (NEW.org_id, NEW.id);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER audit_events_outbox AFTER INSERT ON audit_events
  FOR EACH ROW
  WHEN (NEW.action IN ('access.revoked', 'access.revoked_for_everyone', 'user.deactivated', 'user.removed', 'idp_session.ended',
                       'call.carried_out', 'call.lapsed', 'call.refused', 'provisioning.refused', 'api_key.created', 'role.changed',
                       'delivery.failed', 'forward.failed', 'app.away', 'app.back', 'app.names_missing', 'user.address_contested', 'identity.unlinked', 'connection.subjects_forgotten', 'user.erased',
                       'connection.auth_time_missing', 'account.rotation_uncertain', 'account.rotation_manual',
                       'account.old_works', 'account.key_erased', 'account.administrator_known', 'account.rotated', 'account.rotation_confirmed', 'account.password_given')
        OR (NEW.action IN ('identity.linked', 'user.address_changed') AND NEW.actor_type IN ('user', 'operator'))
        OR (NEW.action = 'account.right_given' AND NEW.actor_type = 'user' AND NEW.detail ->> 'user' = NEW.actor_id)
        OR (NEW.action = 'account.reconciled' AND NEW.detail ? 'changed')
        OR (NEW.action = 'sign_in.refused' AND NEW.detail ->> 'reason' IN ('connection_not_authoritative', 'identity_mismatch'))
        OR (NEW.action = 'signal.received' AND NEW.detail ->> 'outcome' IN ('subject_unknown', 'subject_unsupported')))
  EXECUTE FUNCTION put_into_outbox();

CREATE OR REPLACE FUNCTION put_own_group_into_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO outbox (org_id, event_id)
  SELECT NEW.org_id, NEW.id FROM group_members m
  WHERE m.org_id = NEW.org_id AND m.group_id = NEW.detail ->> 'group' AND m.user_id = NEW.actor_id;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER audit_events_own_account_right AFTER INSERT ON audit_events
  FOR EACH ROW WHEN (NEW.action = 'account.right_given' AND NEW.actor_type = 'user' AND NEW.detail ? 'group')
  EXECUTE FUNCTION put_own_group_into_outbox();

-- The forwards' own outbox: what apps behind may have to hear of, in orgs that have any. A row of it costs a revocation less
-- than a twentieth of its time, and orgs without apps one look at an index. Of grants it takes those that people end: an app
-- that ends its own knows, and displaced ones leave the app's session as it is.
CREATE OR REPLACE FUNCTION put_into_forward_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM apps a WHERE a.org_id = NEW.org_id AND a.state <> 'disabled') THEN
    INSERT INTO forward_outbox (org_id, event_id) VALUES (NEW.org_id, NEW.id);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER audit_events_forward_outbox AFTER INSERT ON audit_events
  FOR EACH ROW
  WHEN (NEW.action IN ('access.revoked', 'access.revoked_for_everyone', 'user.deactivated', 'idp_session.ended',
                       'session.ended', 'user.activated', 'user.removed', 'user.erased', 'account.rotated', 'account.rotation_confirmed')
        OR (NEW.action = 'account.reconciled' AND NEW.detail ? 'changed')
        OR (NEW.action = 'grant.ended' AND NEW.actor_type = 'user' AND NOT NEW.detail ? 'reason'))
  EXECUTE FUNCTION put_into_forward_outbox();

-- A removed person's names go in the very UPDATE that ends their access: apps know them by these. Whoever was renamed by such
-- an UPDATE before has older ones here.
CREATE OR REPLACE FUNCTION keep_departed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM apps a WHERE a.org_id = OLD.org_id AND a.state <> 'disabled') THEN
    INSERT INTO departed_people (org_id, user_id, email, user_name, external_id, issuer, subject, groups)
    SELECT OLD.org_id, OLD.id, OLD.email, OLD.user_name, OLD.external_id, i.issuer, i.subject,
           ARRAY(SELECT group_id FROM group_members m WHERE m.org_id = OLD.org_id AND m.user_id = OLD.id)
    FROM (SELECT 1) AS always LEFT JOIN LATERAL (
      SELECT issuer, subject FROM identities i WHERE i.org_id = OLD.org_id AND i.user_id = OLD.id AND i.connection_id IS NOT NULL
      ORDER BY coalesce(claimed_at, created_at) DESC LIMIT 1
    ) i ON true
    ON CONFLICT (org_id, user_id) DO UPDATE SET email = excluded.email, user_name = excluded.user_name,
      external_id = excluded.external_id, issuer = excluded.issuer, subject = excluded.subject, groups = excluded.groups,
      left_at = excluded.left_at;
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER users_departed AFTER UPDATE OF email_key ON users
  FOR EACH ROW WHEN (OLD.generation <> NEW.generation AND OLD.email_key <> NEW.email_key)
  EXECUTE FUNCTION keep_departed();
