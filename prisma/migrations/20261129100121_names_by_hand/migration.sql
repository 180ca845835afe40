-- AlterTable
ALTER TABLE "users" ADD COLUMN     "named_by_hand" BOOLEAN NOT NULL DEFAULT false;
