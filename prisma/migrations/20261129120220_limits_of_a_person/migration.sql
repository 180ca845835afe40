-- Constants as defaults: no row is written.
ALTER TABLE "orgs" ADD COLUMN "max_sessions" INTEGER NOT NULL DEFAULT 100, ADD COLUMN "max_grants" INTEGER NOT NULL DEFAULT 100;
ALTER TABLE "sessions" ADD COLUMN "displaced" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "grants" ADD COLUMN "displaced" BOOLEAN NOT NULL DEFAULT false;
