-- What Prisma's schema language cannot say about provisioned people and groups. Written by hand, tested by test/scim.

-- A page of an org's people in the order in which they were made, and how many there are, from the index alone.
CREATE INDEX users_provisioned_idx ON users (org_id, created_at, id) WHERE deleted_at IS NULL;
-- `displayName eq`, which is compared without letter case.
CREATE INDEX groups_name_key_idx ON groups (org_id, lower(display_name));

-- Whoever was removed has no access, whatever anybody sets.
ALTER TABLE users ADD CONSTRAINT users_deleted_inactive CHECK (deleted_at IS NULL OR NOT active);
