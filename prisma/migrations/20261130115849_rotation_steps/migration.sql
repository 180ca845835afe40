-- AlterTable
ALTER TABLE "account_outbox" ADD COLUMN     "up_to" TEXT NOT NULL DEFAULT '';

-- AlterTable
ALTER TABLE "account_rotations" ADD COLUMN     "failing_since" TIMESTAMPTZ(3),
ADD COLUMN     "probe" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "sent_at" TIMESTAMPTZ(3),
ADD COLUMN     "told" TEXT[] DEFAULT ARRAY[]::TEXT[];


-- Beside what Prisma knows.

ALTER TABLE "account_rotations" ALTER COLUMN "told" SET NOT NULL;

-- An org's rotations that a node may claim, those of passwords that were read first.
CREATE INDEX "account_rotations_of_org" ON "account_rotations"("org_id", "revealed" DESC, "due_at")
  WHERE "state" NOT IN ('manual', 'done', 'cancelled') AND "finished_at" IS NULL;
CREATE INDEX "accounts_by_schedule" ON "accounts"("changed_at") WHERE "every_days" IS NOT NULL;
