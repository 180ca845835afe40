-- CreateEnum
CREATE TYPE "AccountVersionState" AS ENUM ('candidate', 'current', 'former', 'dead');

-- CreateEnum
CREATE TYPE "AccountRightKind" AS ENUM ('use', 'manage');

-- CreateEnum
CREATE TYPE "AccountRotationState" AS ENUM ('queued', 'candidate', 'set', 'uncertain', 'promoted', 'old_works', 'manual', 'done', 'cancelled');

-- AlterTable
ALTER TABLE "orgs" ADD COLUMN     "rotate_after" "Initiator"[] DEFAULT ARRAY['idp', 'admin', 'scim', 'signal', 'policy', 'operator']::"Initiator"[];

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "mail_of_accounts" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "org_account_keys" (
    "org_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "org_account_keys_pkey" PRIMARY KEY ("org_id")
);

-- CreateTable
CREATE TABLE "accounts" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "user_name" TEXT NOT NULL,
    "place" TEXT NOT NULL DEFAULT '',
    "notes" TEXT NOT NULL DEFAULT '',
    "connector" TEXT NOT NULL,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "admin_account_id" TEXT,
    "admin_user_name" TEXT,
    "admin_password" TEXT,
    "password_rules" JSONB NOT NULL DEFAULT '{}',
    "every_days" INTEGER,
    "version" INTEGER,
    "changed_at" TIMESTAMPTZ(3),
    "next_version" INTEGER NOT NULL DEFAULT 1,
    "wrong_tried_at" TIMESTAMPTZ(3),
    "revision" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "account_versions" (
    "org_id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "sealed" TEXT NOT NULL,
    "state" "AccountVersionState" NOT NULL,
    "rotation_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "accepted_at" TIMESTAMPTZ(3),
    "refused_at" TIMESTAMPTZ(3),

    CONSTRAINT "account_versions_pkey" PRIMARY KEY ("org_id","account_id","version")
);

-- CreateTable
CREATE TABLE "account_rights" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "user_id" TEXT,
    "group_id" TEXT,
    "right" "AccountRightKind" NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "account_rights_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "account_reveals" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "user_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "account_reveals_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "account_rotations" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "state" "AccountRotationState" NOT NULL DEFAULT 'queued',
    "cause" TEXT NOT NULL,
    "revocation_id" TEXT,
    "user_id" TEXT,
    "revealed" BOOLEAN NOT NULL DEFAULT false,
    "candidate" INTEGER,
    "previous" INTEGER,
    "refused_candidates" INTEGER NOT NULL DEFAULT 0,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,
    "claim" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "do_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "promoted_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "account_rotations_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "account_outbox" (
    "id" BIGSERIAL NOT NULL,
    "org_id" TEXT NOT NULL,
    "event_id" TEXT,
    "account_id" TEXT,
    "user_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "account_outbox_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "accounts_org_id_name_id_idx" ON "accounts"("org_id", "name", "id");

-- CreateIndex
CREATE INDEX "accounts_org_id_admin_account_id_idx" ON "accounts"("org_id", "admin_account_id");

-- CreateIndex
CREATE INDEX "account_rights_org_id_user_id_idx" ON "account_rights"("org_id", "user_id");

-- CreateIndex
CREATE INDEX "account_rights_org_id_group_id_idx" ON "account_rights"("org_id", "group_id");

-- CreateIndex
CREATE UNIQUE INDEX "account_rights_org_id_account_id_user_id_key" ON "account_rights"("org_id", "account_id", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "account_rights_org_id_account_id_group_id_key" ON "account_rights"("org_id", "account_id", "group_id");

-- CreateIndex
CREATE INDEX "account_reveals_org_id_account_id_at_id_idx" ON "account_reveals"("org_id", "account_id", "at", "id");

-- CreateIndex
CREATE INDEX "account_reveals_org_id_user_id_at_idx" ON "account_reveals"("org_id", "user_id", "at");

-- CreateIndex
CREATE INDEX "account_rotations_org_id_account_id_created_at_id_idx" ON "account_rotations"("org_id", "account_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "account_rotations_org_id_revocation_id_idx" ON "account_rotations"("org_id", "revocation_id");

-- AddForeignKey
ALTER TABLE "org_account_keys" ADD CONSTRAINT "org_account_keys_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_org_id_admin_account_id_fkey" FOREIGN KEY ("org_id", "admin_account_id") REFERENCES "accounts"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "account_versions" ADD CONSTRAINT "account_versions_org_id_account_id_fkey" FOREIGN KEY ("org_id", "account_id") REFERENCES "accounts"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "account_rights" ADD CONSTRAINT "account_rights_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "account_rights" ADD CONSTRAINT "account_rights_org_id_account_id_fkey" FOREIGN KEY ("org_id", "account_id") REFERENCES "accounts"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "account_rights" ADD CONSTRAINT "account_rights_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "account_rights" ADD CONSTRAINT "account_rights_org_id_group_id_fkey" FOREIGN KEY ("org_id", "group_id") REFERENCES "groups"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "account_reveals" ADD CONSTRAINT "account_reveals_org_id_account_id_fkey" FOREIGN KEY ("org_id", "account_id") REFERENCES "accounts"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "account_rotations" ADD CONSTRAINT "account_rotations_org_id_account_id_fkey" FOREIGN KEY ("org_id", "account_id") REFERENCES "accounts"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- Beside what Prisma knows.

ALTER TABLE "orgs" ALTER COLUMN "rotate_after" SET NOT NULL;

ALTER TABLE "accounts" ADD CONSTRAINT "accounts_one_administrator" CHECK ("admin_account_id" IS NULL OR "admin_user_name" IS NULL);
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_administrator_whole" CHECK (("admin_user_name" IS NULL) = ("admin_password" IS NULL));

ALTER TABLE "account_rights" ADD CONSTRAINT "account_rights_one_holder" CHECK (num_nonnulls("user_id", "group_id") = 1);

-- Of an account's versions one is current, and one is being tried at most.
CREATE UNIQUE INDEX "account_versions_one_current" ON "account_versions"("org_id", "account_id") WHERE "state" = 'current';
CREATE UNIQUE INDEX "account_versions_one_candidate" ON "account_versions"("org_id", "account_id") WHERE "state" = 'candidate';

-- One rotation of an account runs, and one more waits at most. Where only the old password's refusal is still to be seen, the next
-- one may run.
CREATE UNIQUE INDEX "account_rotations_one_running" ON "account_rotations"("org_id", "account_id")
  WHERE "state" IN ('candidate', 'set', 'uncertain', 'promoted', 'manual');
CREATE UNIQUE INDEX "account_rotations_one_queued" ON "account_rotations"("org_id", "account_id") WHERE "state" = 'queued';
CREATE INDEX "account_rotations_open" ON "account_rotations"("due_at") WHERE "state" NOT IN ('manual', 'done', 'cancelled');
