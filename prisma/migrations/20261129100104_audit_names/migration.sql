-- AlterTable
ALTER TABLE "audit_events" ADD COLUMN     "actor_ref" BYTEA,
ADD COLUMN     "target_ref" BYTEA;

-- AlterTable
ALTER TABLE "orgs" ADD COLUMN     "keep_names_of_removed" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "audit_names" (
    "org_id" TEXT NOT NULL,
    "ref" BYTEA NOT NULL,
    "salt" BYTEA NOT NULL,
    "subject_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT,
    "email_key" TEXT,
    "user_name" TEXT,
    "user_name_key" TEXT,
    "made_at" TIMESTAMPTZ(6) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "audit_names_pkey" PRIMARY KEY ("org_id","ref")
);

-- CreateIndex
CREATE INDEX "audit_names_org_id_subject_id_made_at_idx" ON "audit_names"("org_id", "subject_id", "made_at");

-- CreateIndex
CREATE INDEX "audit_names_org_id_email_key_idx" ON "audit_names"("org_id", "email_key");
-- A row can't be made for a hash that stands in an event already: nobody puts other names into its place.
ALTER TABLE "audit_names" ADD CONSTRAINT audit_names_ref CHECK (
  ref = sha256(salt || convert_to(subject_id, 'UTF8') || '\x00' || convert_to(name, 'UTF8') || '\x00'
               || convert_to(coalesce(email, ''), 'UTF8') || '\x00' || convert_to(coalesce(user_name, ''), 'UTF8')));

CREATE INDEX audit_names_user_name_idx ON audit_names (org_id, user_name_key) WHERE user_name_key IS NOT NULL;
-- A person's timeline holds the ends of their apps' grants that nobody asked for.
CREATE INDEX audit_events_grant_owner_idx ON audit_events (org_id, (detail->>'user'), at, id) WHERE action = 'grant.ended';

-- Events from before this have no hash: the record shows how their people, keys and connections are called today.
INSERT INTO audit_names (org_id, ref, salt, subject_id, name, email, email_key, user_name, user_name_key)
SELECT org_id,
       sha256(salt || convert_to(id, 'UTF8') || '\x00' || convert_to(name, 'UTF8') || '\x00'
              || convert_to(coalesce(email, ''), 'UTF8') || '\x00' || convert_to(coalesce(user_name, ''), 'UTF8')),
       salt, id, name, email, email_key, user_name, user_name_key
FROM (
  SELECT *, uuid_send(gen_random_uuid()) AS salt FROM (
    SELECT org_id, id, name, email, email_key, user_name, user_name_key FROM users WHERE deleted_at IS NULL
    UNION ALL
    SELECT org_id, id, name, NULL, NULL, NULL, NULL FROM api_keys
    UNION ALL
    SELECT org_id, id, name, NULL, NULL, NULL, NULL FROM connections
  ) present OFFSET 0
) salted;
