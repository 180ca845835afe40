-- A search of people looks at the claims of whoever isn't found by a name of their own. The unique index has the connection
-- before the person: PostgreSQL 18 searches it three times for each of them, and older ones read all of an org's.
CREATE INDEX CONCURRENTLY identities_org_id_user_id_idx ON identities (org_id, user_id);
