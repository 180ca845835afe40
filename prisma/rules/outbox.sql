-- The outbox: whatever records one of these also puts it here, in the same transaction. A trigger, so that no writer forgets.
-- Of refused sign-ins administrators are told only of those that they can put right: another connection's identity provider
-- may not decide them, or the address is somebody's whom the identity provider knows by another subject. Of links and addresses
-- they are told where a person changed them: sign-ins do it all the time. Of security events they are told of those that
-- should have ended somebody's access and found nobody.
CREATE OR REPLACE FUNCTION put_into_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO outbox (org_id, event_id) VALUES (NEW.org_id, NEW.id);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER audit_events_outbox AFTER INSERT ON audit_events
  FOR EACH ROW
  WHEN (NEW.action IN ('access.revoked', 'access.revoked_for_everyone', 'user.deactivated', 'user.removed', 'idp_session.ended',
                       'call.carried_out', 'call.lapsed', 'call.refused', 'provisioning.refused', 'api_key.created', 'role.changed',
                       'delivery.failed', 'user.address_contested', 'identity.unlinked', 'connection.subjects_forgotten', 'user.erased',
                       'connection.auth_time_missing')
        OR (NEW.action IN ('identity.linked', 'user.address_changed') AND NEW.actor_type IN ('user', 'operator'))
        OR (NEW.action = 'sign_in.refused' AND NEW.detail ->> 'reason' IN ('connection_not_authoritative', 'identity_mismatch'))
        OR (NEW.action = 'signal.received' AND NEW.detail ->> 'outcome' IN ('subject_unknown', 'subject_unsupported')))
  EXECUTE FUNCTION put_into_outbox();

-- The forwards' own outbox: what apps behind may have to hear of, in orgs that have any. A row of it costs a revocation less
-- than a twentieth of its time, and orgs without apps one look at an index.
CREATE OR REPLACE FUNCTION put_into_forward_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM apps a WHERE a.org_id = NEW.org_id AND a.state <> 'disabled') THEN
    INSERT INTO forward_outbox (org_id, event_id) VALUES (NEW.org_id, NEW.id);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER audit_events_forward_outbox AFTER INSERT ON audit_events
  FOR EACH ROW
  WHEN (NEW.action IN ('access.revoked', 'access.revoked_for_everyone', 'user.deactivated', 'user.removed', 'user.activated',
                       'idp_session.ended', 'session.ended'))
  EXECUTE FUNCTION put_into_forward_outbox();
