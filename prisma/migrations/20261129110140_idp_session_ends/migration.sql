-- AlterTable
ALTER TABLE "spent" ADD COLUMN     "ended_at" TIMESTAMPTZ(3);
