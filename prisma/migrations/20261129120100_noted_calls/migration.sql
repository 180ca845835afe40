-- AlterTable
ALTER TABLE "spent" ADD COLUMN     "body_hash" BYTEA;
