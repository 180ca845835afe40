-- DropIndex
DROP INDEX "audit_events_org_id_at_idx";

-- AlterTable
ALTER TABLE "connections" ADD COLUMN     "role_claim" TEXT,
ADD COLUMN     "role_mapping" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "grants" ADD COLUMN     "authenticated_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "orgs" ADD COLUMN     "admin_reauthentication_seconds" INTEGER NOT NULL DEFAULT 3600,
ADD COLUMN     "audit_retention_days" INTEGER,
ADD COLUMN     "global_logout" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "grant_absolute_seconds" INTEGER,
ADD COLUMN     "grant_idle_seconds" INTEGER,
ADD COLUMN     "grants_born_after" TIMESTAMPTZ(3) NOT NULL DEFAULT to_timestamp((0)::double precision),
ADD COLUMN     "grants_seen_after" TIMESTAMPTZ(3) NOT NULL DEFAULT to_timestamp((0)::double precision),
ADD COLUMN     "session_absolute_seconds" INTEGER,
ADD COLUMN     "session_idle_seconds" INTEGER,
ADD COLUMN     "sessions_born_after" TIMESTAMPTZ(3) NOT NULL DEFAULT to_timestamp((0)::double precision),
ADD COLUMN     "sessions_seen_after" TIMESTAMPTZ(3) NOT NULL DEFAULT to_timestamp((0)::double precision);

-- AlterTable
ALTER TABLE "revocations" ADD COLUMN     "duration_ms" REAL,
ADD COLUMN     "reason_for_person" TEXT;

-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "authenticated_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "deleted_at" TIMESTAMPTZ(3),
ADD COLUMN     "external_id" TEXT,
ADD COLUMN     "profile" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "user_name" TEXT,
ADD COLUMN     "user_name_key" TEXT;

-- CreateTable
CREATE TABLE "groups" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "external_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "groups_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "group_members" (
    "org_id" TEXT NOT NULL,
    "group_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,

    CONSTRAINT "group_members_pkey" PRIMARY KEY ("org_id","group_id","user_id")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "org_id" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "groups_org_id_display_name_idx" ON "groups"("org_id", "display_name");

-- CreateIndex
CREATE INDEX "group_members_org_id_user_id_idx" ON "group_members"("org_id", "user_id");

-- CreateIndex
CREATE INDEX "audit_events_org_id_at_id_idx" ON "audit_events"("org_id", "at", "id");

-- CreateIndex
CREATE INDEX "audit_events_org_id_actor_id_at_idx" ON "audit_events"("org_id", "actor_id", "at");

-- CreateIndex
CREATE INDEX "audit_events_org_id_target_id_at_idx" ON "audit_events"("org_id", "target_id", "at");

-- CreateIndex
CREATE INDEX "audit_events_org_id_action_at_idx" ON "audit_events"("org_id", "action", "at");

-- CreateIndex
CREATE INDEX "revocations_org_id_created_at_id_idx" ON "revocations"("org_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "users_org_id_external_id_idx" ON "users"("org_id", "external_id");

-- AddForeignKey
ALTER TABLE "groups" ADD CONSTRAINT "groups_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "group_members" ADD CONSTRAINT "group_members_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "group_members" ADD CONSTRAINT "group_members_org_id_group_id_fkey" FOREIGN KEY ("org_id", "group_id") REFERENCES "groups"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "group_members" ADD CONSTRAINT "group_members_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;
