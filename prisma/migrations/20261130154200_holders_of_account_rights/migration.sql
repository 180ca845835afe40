-- Whose rights to shared accounts were given or ended: their timeline has them, and the event names the person in its detail.
CREATE INDEX CONCURRENTLY audit_events_right_holder_idx ON audit_events (org_id, (detail->>'user'), at, id)
  WHERE action IN ('account.right_given', 'account.right_ended');
