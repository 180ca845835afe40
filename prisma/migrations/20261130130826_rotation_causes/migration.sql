-- AlterTable
ALTER TABLE "account_outbox" DROP COLUMN "account_id",
DROP COLUMN "user_id",
ADD COLUMN     "account_ids" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "revocation_id" TEXT,
ADD COLUMN     "user_ids" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "account_reveals" ADD COLUMN     "given" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "account_rotations" ADD COLUMN     "connections_left" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "search_first" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "why" TEXT,
ADD COLUMN     "why_since" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "account_rotation_revocations" (
    "org_id" TEXT NOT NULL,
    "rotation_id" TEXT NOT NULL,
    "revocation_id" TEXT NOT NULL,

    CONSTRAINT "account_rotation_revocations_pkey" PRIMARY KEY ("org_id","rotation_id","revocation_id")
);

-- CreateTable
CREATE TABLE "account_administrator_tries" (
    "org_id" TEXT NOT NULL,
    "administrator" TEXT NOT NULL,
    "tried_at" TIMESTAMPTZ(3),
    "denied" BOOLEAN NOT NULL DEFAULT false,
    "accepted_at" TIMESTAMPTZ(3),

    CONSTRAINT "account_administrator_tries_pkey" PRIMARY KEY ("org_id","administrator")
);

-- CreateIndex
CREATE INDEX "account_rotation_revocations_org_id_revocation_id_idx" ON "account_rotation_revocations"("org_id", "revocation_id");

-- AddForeignKey
ALTER TABLE "account_rotation_revocations" ADD CONSTRAINT "account_rotation_revocations_org_id_rotation_id_fkey" FOREIGN KEY ("org_id", "rotation_id") REFERENCES "account_rotations"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "account_administrator_tries" ADD CONSTRAINT "account_administrator_tries_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- Beside what Prisma knows.

ALTER TABLE "account_outbox" ALTER COLUMN "account_ids" SET NOT NULL, ALTER COLUMN "user_ids" SET NOT NULL;
-- The orgs in turn, and of each what ended somebody's access before what ended a right.
CREATE INDEX "account_outbox_in_turn" ON "account_outbox"("org_id", ("event_id" IS NULL), "id");

INSERT INTO "account_rotation_revocations" ("org_id", "rotation_id", "revocation_id")
  SELECT "org_id", "id", "revocation_id" FROM "account_rotations" WHERE "revocation_id" IS NOT NULL;
UPDATE "account_rotations" SET "search_first" = true WHERE "state" = 'queued' AND "cause" = 'reconcile';
