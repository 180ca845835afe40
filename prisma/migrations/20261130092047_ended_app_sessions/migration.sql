-- AlterTable
ALTER TABLE "app_sessions" ADD COLUMN     "connection_id" TEXT,
ADD COLUMN     "ended_at" TIMESTAMPTZ(3),
ADD COLUMN     "idp_sid" TEXT;

-- AlterTable
ALTER TABLE "apps" ADD COLUMN     "held_until" TIMESTAMPTZ(3);

-- CreateIndex
CREATE INDEX "app_sessions_org_id_connection_id_idp_sid_idx" ON "app_sessions"("org_id", "connection_id", "idp_sid");
