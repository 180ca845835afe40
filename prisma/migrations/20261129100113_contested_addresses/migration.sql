-- A person's timeline holds the claims of others to an address that they bear.
CREATE INDEX audit_events_bearer_idx ON audit_events (org_id, (detail->>'bearer'), at, id) WHERE action = 'user.address_contested';
