-- AlterTable
ALTER TABLE "grants" ADD COLUMN     "last_seen_ip" TEXT;

-- AlterTable
ALTER TABLE "orgs" ADD COLUMN     "help_text" TEXT;

-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "last_seen_ip" TEXT;

ALTER TABLE "orgs" ADD CONSTRAINT orgs_help_text CHECK (char_length(help_text) BETWEEN 1 AND 300);
