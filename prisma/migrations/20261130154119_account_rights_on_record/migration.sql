-- AlterTable
ALTER TABLE "account_outbox" ADD COLUMN     "ended" TEXT,
ADD COLUMN     "group_id" TEXT,
ADD COLUMN     "rights" "AccountRightKind"[] DEFAULT ARRAY[]::"AccountRightKind"[];
