-- AlterTable
ALTER TABLE "notifications" ADD COLUMN     "alike" TEXT;
