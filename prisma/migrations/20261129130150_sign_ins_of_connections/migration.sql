-- The last sign-ins of a connection, and its refusals, whatever the org's other connections do.
CREATE INDEX CONCURRENTLY audit_events_sign_ins_idx ON audit_events (org_id, (detail->>'connection'), action, at, id)
  WHERE action IN ('sign_in.succeeded', 'sign_in.refused');
