-- Refused calls by what was answered, in the order of the list: beside many of one code the few of another are found at once.
CREATE INDEX audit_events_refusals_idx ON audit_events (org_id, (detail->>'code'), at, id) WHERE action = 'call.refused';
