-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "idp_expires_at" TIMESTAMPTZ(3);
