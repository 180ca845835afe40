-- Those above members are few, and looked for often: by whoever changes a role (every active owner is locked), by the list of
-- people, and by whoever tells administrators. Of no column that a revocation writes: see 20261121000100_liveness.
CREATE INDEX users_administrators_idx ON users (org_id, role, email_key) WHERE role <> 'member';
