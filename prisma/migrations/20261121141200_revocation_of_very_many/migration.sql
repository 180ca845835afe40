-- AlterTable
ALTER TABLE "revocations" ADD COLUMN     "user_generation" INTEGER;
