-- AlterTable
ALTER TABLE "account_administrator_tries" ADD COLUMN     "accepted_version" INTEGER;
