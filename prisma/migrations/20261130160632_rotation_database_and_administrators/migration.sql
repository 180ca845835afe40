-- AlterTable
ALTER TABLE "accounts" ADD COLUMN     "admin_given_at" TIMESTAMPTZ(3),
ADD COLUMN     "admin_given_by" TEXT;

-- CreateTable
CREATE TABLE "rotation_database" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "database" TEXT NOT NULL,
    "rests_since" TIMESTAMPTZ(3),

    CONSTRAINT "rotation_database_pkey" PRIMARY KEY ("id")
);
