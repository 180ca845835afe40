-- Administrators are told of sign-ins that another connection's identity provider may not decide: they can put it right.
DROP TRIGGER audit_events_outbox ON audit_events;
CREATE TRIGGER audit_events_outbox AFTER INSERT ON audit_events
  FOR EACH ROW
  WHEN (NEW.action IN ('access.revoked', 'access.revoked_for_everyone', 'user.deactivated', 'user.removed', 'idp_session.ended',
                       'call.refused', 'api_key.created', 'role.changed', 'delivery.failed')
        OR (NEW.action = 'sign_in.refused' AND NEW.detail ->> 'reason' = 'connection_not_authoritative'))
  EXECUTE FUNCTION put_into_outbox();
