-- AlterTable
ALTER TABLE "account_reveals" ALTER COLUMN "user_id" DROP NOT NULL;

-- AlterTable
ALTER TABLE "accounts" ADD COLUMN     "since_version" INTEGER NOT NULL DEFAULT 1;

-- CreateIndex
CREATE INDEX "account_reveals_org_id_at_idx" ON "account_reveals"("org_id", "at");

-- CreateIndex
CREATE INDEX "account_rotations_org_id_finished_at_idx" ON "account_rotations"("org_id", "finished_at");
