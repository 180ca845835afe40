-- The list of people in the order of roles: users_administrators_idx has no members. A revocation writes none of its columns.
CREATE INDEX CONCURRENTLY users_role_idx ON users (org_id, role, email_key) WHERE deleted_at IS NULL;
