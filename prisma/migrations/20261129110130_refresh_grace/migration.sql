-- AlterTable
ALTER TABLE "orgs" ADD COLUMN     "refresh_grace_seconds" INTEGER NOT NULL DEFAULT 10;

-- AlterTable
ALTER TABLE "tokens" ADD COLUMN     "heir_hash" BYTEA,
ADD COLUMN     "parent_hash" BYTEA,
ADD COLUMN     "poll_after" TIMESTAMPTZ(3),
ADD COLUMN     "poll_seconds" INTEGER NOT NULL DEFAULT 5,
ADD COLUMN     "used_scope" TEXT,
ADD COLUMN     "uses" INTEGER NOT NULL DEFAULT 0;
