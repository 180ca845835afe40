-- AlterTable
ALTER TABLE "identities" ALTER COLUMN "connection_id" DROP NOT NULL;
