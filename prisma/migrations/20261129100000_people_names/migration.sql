-- AlterTable
ALTER TABLE "identities" ADD COLUMN     "claim_verified" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "claim_issued_at" TIMESTAMPTZ(3),
ADD COLUMN     "claimed_at" TIMESTAMPTZ(3),
ADD COLUMN     "claimed_email" TEXT,
ADD COLUMN     "claimed_email_key" TEXT;

-- AlterTable
ALTER TABLE "released_names" ADD COLUMN     "expires_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "named_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "user_name_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "provisioned" BOOLEAN NOT NULL DEFAULT false;

-- A name outside ASCII is made lower case by `emailKey` alone: databases and engines disagree about some letters.
ALTER TABLE "users" DROP CONSTRAINT users_email_key_form;
ALTER TABLE "users" ADD CONSTRAINT users_email_key_form CHECK (email_key !~ '[A-Z\x01-\x20\x7f]' AND email_key LIKE '%_@_%');
ALTER TABLE "identities" ADD CONSTRAINT identities_claim_whole CHECK (
  (claimed_email IS NULL) = (claimed_email_key IS NULL) AND (claimed_email IS NULL OR claimed_at IS NOT NULL));

-- Whom an address means: who claimed it last, and whose user name it is.
CREATE INDEX identities_claimed_email_idx ON identities (org_id, claimed_email_key) WHERE claimed_email_key IS NOT NULL;
CREATE INDEX users_own_user_name_idx ON users (org_id, user_name_key) WHERE user_name_key IS NOT NULL;
CREATE INDEX released_names_expires_at_idx ON released_names (expires_at) WHERE expires_at IS NOT NULL;

-- Whoever came by SCIM until now.
UPDATE users u SET provisioned = true
WHERE deleted_at IS NULL AND (
  external_id IS NOT NULL OR user_name IS NOT NULL OR profile <> '{}'
  OR EXISTS (SELECT FROM audit_events e WHERE e.org_id = u.org_id AND e.action = 'user.added' AND e.actor_type = 'api_key'
             AND e.target_id = u.id));
