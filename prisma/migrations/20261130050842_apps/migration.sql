-- CreateEnum
CREATE TYPE "AppKind" AS ENUM ('gtr', 'oidc', 'ssf');

-- CreateEnum
CREATE TYPE "AppState" AS ENUM ('enabled', 'paused', 'disabled');

-- CreateTable
CREATE TABLE "org_signing_keys" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "private_key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "active_from" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "org_signing_keys_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "apps" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "kind" "AppKind" NOT NULL,
    "name" TEXT NOT NULL,
    "state" "AppState" NOT NULL DEFAULT 'enabled',
    "settings" JSONB NOT NULL,
    "client_secret" TEXT,
    "credential" TEXT,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "away_since" TIMESTAMPTZ(3),
    "probe_at" TIMESTAMPTZ(3),
    "last_received_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "apps_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "app_people" (
    "org_id" TEXT NOT NULL,
    "app_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "name_there" TEXT,
    "seen_at" TIMESTAMPTZ(3),

    CONSTRAINT "app_people_pkey" PRIMARY KEY ("org_id","app_id","user_id")
);

-- CreateTable
CREATE TABLE "app_sessions" (
    "org_id" TEXT NOT NULL,
    "app_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "user_generation" INTEGER NOT NULL,
    "org_generation" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "told_at" TIMESTAMPTZ(3),

    CONSTRAINT "app_sessions_pkey" PRIMARY KEY ("org_id","app_id","id")
);

-- CreateTable
CREATE TABLE "forward_outbox" (
    "id" BIGSERIAL NOT NULL,
    "org_id" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "forward_outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "org_forwards" (
    "org_id" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "up_to" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "done_at" TIMESTAMPTZ(3),

    CONSTRAINT "org_forwards_pkey" PRIMARY KEY ("org_id","event_id")
);

-- CreateTable
CREATE TABLE "forwards" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "app_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "revocation_id" TEXT,
    "event_id" TEXT NOT NULL,
    "type" TEXT NOT NULL DEFAULT 'logout',
    "sid" TEXT,
    "full" BOOLEAN NOT NULL DEFAULT true,
    "names" JSONB NOT NULL DEFAULT '{}',
    "said" JSONB NOT NULL DEFAULT '{}',
    "status" TEXT NOT NULL DEFAULT 'pending',
    "error" TEXT,
    "http_status" INTEGER,
    "jti" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "claim" INTEGER NOT NULL DEFAULT 0,
    "mass" BOOLEAN NOT NULL DEFAULT false,
    "revoked_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "forwards_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "forward_attempts" (
    "org_id" TEXT NOT NULL,
    "forward_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "status" INTEGER,
    "duration_ms" INTEGER NOT NULL,
    "error" TEXT,

    CONSTRAINT "forward_attempts_pkey" PRIMARY KEY ("org_id","forward_id","number")
);

-- CreateIndex
CREATE INDEX "apps_id_idx" ON "apps"("id");

-- CreateIndex
CREATE INDEX "app_people_org_id_user_id_idx" ON "app_people"("org_id", "user_id");

-- CreateIndex
CREATE INDEX "app_sessions_org_id_user_id_idx" ON "app_sessions"("org_id", "user_id");

-- CreateIndex
CREATE INDEX "app_sessions_org_id_session_id_idx" ON "app_sessions"("org_id", "session_id");

-- CreateIndex
CREATE INDEX "forwards_org_id_revocation_id_idx" ON "forwards"("org_id", "revocation_id");

-- CreateIndex
CREATE INDEX "forwards_org_id_app_id_created_at_id_idx" ON "forwards"("org_id", "app_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "forwards_org_id_user_id_created_at_idx" ON "forwards"("org_id", "user_id", "created_at");

-- AddForeignKey
ALTER TABLE "org_signing_keys" ADD CONSTRAINT "org_signing_keys_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "apps" ADD CONSTRAINT "apps_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "app_people" ADD CONSTRAINT "app_people_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "app_people" ADD CONSTRAINT "app_people_org_id_app_id_fkey" FOREIGN KEY ("org_id", "app_id") REFERENCES "apps"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "app_people" ADD CONSTRAINT "app_people_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "app_sessions" ADD CONSTRAINT "app_sessions_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "app_sessions" ADD CONSTRAINT "app_sessions_org_id_app_id_fkey" FOREIGN KEY ("org_id", "app_id") REFERENCES "apps"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "app_sessions" ADD CONSTRAINT "app_sessions_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "forwards" ADD CONSTRAINT "forwards_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "forwards" ADD CONSTRAINT "forwards_org_id_app_id_fkey" FOREIGN KEY ("org_id", "app_id") REFERENCES "apps"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "forward_attempts" ADD CONSTRAINT "forward_attempts_org_id_forward_id_fkey" FOREIGN KEY ("org_id", "forward_id") REFERENCES "forwards"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;
-- Invisible to Prisma. The queue's own: what is due, single people before an org-wide sign-out's; and what waits of a person.
CREATE INDEX forwards_due ON forwards (mass, due_at) WHERE status = 'pending';
CREATE INDEX forwards_waiting ON forwards (org_id, app_id, user_id) WHERE status = 'pending';
CREATE INDEX forwards_finished ON forwards (finished_at) WHERE finished_at IS NOT NULL;
-- AlterTable
ALTER TABLE "forwards" ADD COLUMN     "tried_until" TIMESTAMPTZ(3) NOT NULL DEFAULT (clock_timestamp() + '24:00:00'::interval);

-- CreateTable
CREATE TABLE "departed_people" (
    "org_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "user_name" TEXT,
    "external_id" TEXT,
    "issuer" TEXT,
    "subject" TEXT,
    "groups" TEXT[],
    "left_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "departed_people_pkey" PRIMARY KEY ("org_id","user_id")
);
