-- AlterTable
ALTER TABLE "connections" ADD COLUMN     "vouching_needed" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "domains" ADD COLUMN     "challenge" UUID NOT NULL DEFAULT gen_random_uuid();
