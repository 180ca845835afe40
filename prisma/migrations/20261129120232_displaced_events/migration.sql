-- Sessions that the backend ended, by their owner. A person's own sign-out names nobody in its detail, and stays out.
CREATE INDEX audit_events_session_owner_idx ON audit_events (org_id, (detail->>'user'), at, id)
  WHERE action = 'session.ended' AND detail ? 'user';
