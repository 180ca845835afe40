-- AlterTable
ALTER TABLE "account_mails" DROP CONSTRAINT "account_mails_pkey",
ADD COLUMN     "task" BOOLEAN NOT NULL DEFAULT false,
ADD CONSTRAINT "account_mails_pkey" PRIMARY KEY ("org_id", "user_id", "account_id", "task");
