-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "TokenEndpointAuth" AS ENUM ('client_secret_basic', 'client_secret_post');

-- CreateEnum
CREATE TYPE "Reauthentication" AS ENUM ('verified', 'best_effort');

-- CreateEnum
CREATE TYPE "Role" AS ENUM ('owner', 'super_admin', 'admin', 'member');

-- CreateEnum
CREATE TYPE "Initiator" AS ENUM ('idp', 'admin', 'user', 'scim', 'signal', 'policy', 'operator');

-- CreateTable
CREATE TABLE "orgs" (
    "id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "generation" INTEGER NOT NULL DEFAULT 0,
    "revoked_xid" xid8,
    "revoked_at" TIMESTAMPTZ(3),
    "last_revocation_id" TEXT,
    "create_users" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "api_key_callers" BOOLEAN NOT NULL DEFAULT true,
    "event_actions" JSONB NOT NULL DEFAULT '{}',
    "jwt_callers" BOOLEAN NOT NULL DEFAULT true,
    "admin_reauthentication_seconds" INTEGER NOT NULL DEFAULT 3600,
    "audit_retention_days" INTEGER,
    "global_logout" BOOLEAN NOT NULL DEFAULT false,
    "grant_absolute_seconds" INTEGER,
    "grant_idle_seconds" INTEGER,
    "grants_born_after" TIMESTAMPTZ(3) NOT NULL DEFAULT to_timestamp((0)::double precision),
    "grants_seen_after" TIMESTAMPTZ(3) NOT NULL DEFAULT to_timestamp((0)::double precision),
    "session_absolute_seconds" INTEGER,
    "session_idle_seconds" INTEGER,
    "sessions_born_after" TIMESTAMPTZ(3) NOT NULL DEFAULT to_timestamp((0)::double precision),
    "sessions_seen_after" TIMESTAMPTZ(3) NOT NULL DEFAULT to_timestamp((0)::double precision),

    CONSTRAINT "orgs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "domains" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "domain" TEXT NOT NULL,
    "verified_at" TIMESTAMPTZ(3),
    "connection_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "challenge" UUID NOT NULL DEFAULT gen_random_uuid(),

    CONSTRAINT "domains_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "connections" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "issuer" TEXT NOT NULL,
    "accepted_issuers" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "authorization_endpoint" TEXT NOT NULL,
    "token_endpoint" TEXT NOT NULL,
    "userinfo_endpoint" TEXT,
    "end_session_endpoint" TEXT,
    "jwks_uri" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "client_secret" TEXT NOT NULL,
    "token_endpoint_auth" "TokenEndpointAuth" NOT NULL DEFAULT 'client_secret_basic',
    "response_iss" BOOLEAN NOT NULL DEFAULT false,
    "reauthentication" "Reauthentication" NOT NULL DEFAULT 'verified',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "proven_at" TIMESTAMPTZ(3),
    "sign_out_at_idp" BOOLEAN NOT NULL DEFAULT false,
    "role_claim" TEXT,
    "role_mapping" JSONB NOT NULL DEFAULT '{}',
    "vouching_needed" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "connections_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "users" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "email_key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" "Role" NOT NULL DEFAULT 'member',
    "active" BOOLEAN NOT NULL DEFAULT true,
    "generation" INTEGER NOT NULL DEFAULT 0,
    "revoked_xid" xid8,
    "revoked_at" TIMESTAMPTZ(3),
    "last_revocation_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),
    "external_id" TEXT,
    "profile" JSONB NOT NULL DEFAULT '{}',
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "user_name" TEXT,
    "user_name_key" TEXT,

    CONSTRAINT "users_pkey" PRIMARY KEY ("org_id","id")
);

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
CREATE TABLE "identities" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "connection_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "identities_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "sessions" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "sid_hash" BYTEA NOT NULL,
    "user_id" TEXT NOT NULL,
    "connection_id" TEXT NOT NULL,
    "identity_id" TEXT NOT NULL,
    "user_generation" INTEGER NOT NULL,
    "org_generation" INTEGER NOT NULL,
    "data" JSONB NOT NULL DEFAULT '{}',
    "user_agent" TEXT,
    "ip" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "idle_expires_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "revocation_id" TEXT,
    "id_token" TEXT,
    "idp_sid" TEXT,
    "authenticated_at" TIMESTAMPTZ(3),

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "grants" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "connection_id" TEXT NOT NULL,
    "identity_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "user_generation" INTEGER NOT NULL,
    "org_generation" INTEGER NOT NULL,
    "idp_sid" TEXT,
    "scope" TEXT NOT NULL,
    "user_agent" TEXT,
    "ip" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "idle_expires_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "revocation_id" TEXT,
    "authenticated_at" TIMESTAMPTZ(3),

    CONSTRAINT "grants_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "tokens" (
    "kind" TEXT NOT NULL,
    "id_hash" BYTEA NOT NULL,
    "org_id" TEXT,
    "grant_id" TEXT,
    "user_code_hash" BYTEA,
    "payload" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "consumed_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "tokens_pkey" PRIMARY KEY ("kind","id_hash")
);

-- CreateTable
CREATE TABLE "signing_keys" (
    "id" TEXT NOT NULL,
    "private_key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "signing_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "spent" (
    "org_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "spent_pkey" PRIMARY KEY ("org_id","kind","id")
);

-- CreateTable
CREATE TABLE "released_names" (
    "org_id" TEXT NOT NULL,
    "name" BYTEA NOT NULL,
    "revoked_xid" xid8 NOT NULL,
    "revoked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "released_names_pkey" PRIMARY KEY ("org_id","name")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "key_hash" BYTEA NOT NULL,
    "hint" TEXT NOT NULL,
    "scopes" TEXT[],
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "revocations" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "user_id" TEXT,
    "initiator" "Initiator" NOT NULL,
    "subject" JSONB,
    "reason" TEXT,
    "caller_id" TEXT,
    "sessions_ended" INTEGER,
    "org_generation" INTEGER,
    "tombstones_pending" BOOLEAN NOT NULL DEFAULT false,
    "request_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "grants_ended" INTEGER,
    "duration_ms" REAL,
    "reason_for_person" TEXT,
    "user_generation" INTEGER,

    CONSTRAINT "revocations_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "audit_events" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "action" TEXT NOT NULL,
    "actor_type" TEXT NOT NULL,
    "actor_id" TEXT,
    "target_type" TEXT,
    "target_id" TEXT,
    "ip" TEXT,
    "request_id" TEXT,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "org_id" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notification_feeds" (
    "org_id" TEXT NOT NULL,
    "last_position" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "notification_feeds_pkey" PRIMARY KEY ("org_id")
);

-- CreateTable
CREATE TABLE "notifications" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "actor_type" TEXT NOT NULL,
    "actor_id" TEXT,
    "target_type" TEXT,
    "target_id" TEXT,
    "parts" JSONB NOT NULL DEFAULT '{}',
    "count" INTEGER NOT NULL DEFAULT 1,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "alike" TEXT,

    CONSTRAINT "notifications_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "notification_readers" (
    "org_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "read_up_to" BIGINT NOT NULL DEFAULT 0,
    "email_kinds" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "emailed_up_to" BIGINT NOT NULL DEFAULT 0,
    "emailed_at" TIMESTAMPTZ(3),

    CONSTRAINT "notification_readers_pkey" PRIMARY KEY ("org_id","user_id")
);

-- CreateTable
CREATE TABLE "refused_callers" (
    "org_id" TEXT NOT NULL,
    "caller" TEXT NOT NULL,
    "refusals" INTEGER NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "refused_callers_pkey" PRIMARY KEY ("org_id","caller")
);

-- CreateTable
CREATE TABLE "webhooks" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "kinds" TEXT[],
    "active" BOOLEAN NOT NULL DEFAULT true,
    "secret" TEXT NOT NULL,
    "previous_secret" TEXT,
    "previous_secret_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhooks_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "deliveries" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "webhook_id" TEXT,
    "user_id" TEXT,
    "kinds" TEXT[],
    "notification_id" TEXT,
    "body" TEXT,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "error" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "deliveries_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "delivery_attempts" (
    "org_id" TEXT NOT NULL,
    "delivery_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "status" INTEGER,
    "duration_ms" INTEGER NOT NULL,
    "error" TEXT,

    CONSTRAINT "delivery_attempts_pkey" PRIMARY KEY ("org_id","delivery_id","number")
);

-- CreateTable
CREATE TABLE "todos" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "task" TEXT NOT NULL,
    "completed" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "completed_at" TIMESTAMPTZ(3),

    CONSTRAINT "todos_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "orgs_slug_key" ON "orgs"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "domains_org_id_domain_key" ON "domains"("org_id", "domain");

-- CreateIndex
CREATE INDEX "connections_id_idx" ON "connections"("id");

-- CreateIndex
CREATE INDEX "connections_client_id_idx" ON "connections"("client_id");

-- CreateIndex
CREATE INDEX "users_org_id_external_id_idx" ON "users"("org_id", "external_id");

-- CreateIndex
CREATE UNIQUE INDEX "users_org_id_email_key_key" ON "users"("org_id", "email_key");

-- CreateIndex
CREATE INDEX "groups_org_id_display_name_idx" ON "groups"("org_id", "display_name");

-- CreateIndex
CREATE INDEX "groups_org_id_created_at_id_idx" ON "groups"("org_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "group_members_org_id_user_id_idx" ON "group_members"("org_id", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "identities_org_id_connection_id_issuer_subject_key" ON "identities"("org_id", "connection_id", "issuer", "subject");

-- CreateIndex
CREATE UNIQUE INDEX "identities_org_id_connection_id_user_id_key" ON "identities"("org_id", "connection_id", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "sessions_sid_hash_key" ON "sessions"("sid_hash");

-- CreateIndex
CREATE INDEX "sessions_org_id_user_id_idx" ON "sessions"("org_id", "user_id");

-- CreateIndex
CREATE INDEX "sessions_expires_at_idx" ON "sessions"("expires_at");

-- CreateIndex
CREATE INDEX "grants_org_id_user_id_idx" ON "grants"("org_id", "user_id");

-- CreateIndex
CREATE INDEX "grants_expires_at_idx" ON "grants"("expires_at");

-- CreateIndex
CREATE INDEX "tokens_org_id_grant_id_idx" ON "tokens"("org_id", "grant_id");

-- CreateIndex
CREATE INDEX "tokens_expires_at_idx" ON "tokens"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "tokens_kind_user_code_hash_key" ON "tokens"("kind", "user_code_hash");

-- CreateIndex
CREATE INDEX "spent_expires_at_idx" ON "spent"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_key_hash_key" ON "api_keys"("key_hash");

-- CreateIndex
CREATE INDEX "revocations_org_id_user_id_created_at_idx" ON "revocations"("org_id", "user_id", "created_at");

-- CreateIndex
CREATE INDEX "revocations_org_id_created_at_id_idx" ON "revocations"("org_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "revocations_org_id_initiator_created_at_id_idx" ON "revocations"("org_id", "initiator", "created_at", "id");

-- CreateIndex
CREATE INDEX "audit_events_org_id_at_id_idx" ON "audit_events"("org_id", "at", "id");

-- CreateIndex
CREATE INDEX "audit_events_org_id_actor_id_at_id_idx" ON "audit_events"("org_id", "actor_id", "at", "id");

-- CreateIndex
CREATE INDEX "audit_events_org_id_target_id_at_id_idx" ON "audit_events"("org_id", "target_id", "at", "id");

-- CreateIndex
CREATE INDEX "audit_events_org_id_action_at_id_idx" ON "audit_events"("org_id", "action", "at", "id");

-- CreateIndex
CREATE INDEX "notifications_org_id_kind_target_id_created_at_idx" ON "notifications"("org_id", "kind", "target_id", "created_at");

-- CreateIndex
CREATE INDEX "notifications_created_at_idx" ON "notifications"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "notifications_org_id_position_key" ON "notifications"("org_id", "position");

-- CreateIndex
CREATE INDEX "refused_callers_last_at_idx" ON "refused_callers"("last_at");

-- CreateIndex
CREATE INDEX "deliveries_org_id_webhook_id_created_at_id_idx" ON "deliveries"("org_id", "webhook_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "deliveries_org_id_status_created_at_id_idx" ON "deliveries"("org_id", "status", "created_at", "id");

-- CreateIndex
CREATE INDEX "deliveries_created_at_idx" ON "deliveries"("created_at");

-- CreateIndex
CREATE INDEX "todos_org_id_user_id_created_at_idx" ON "todos"("org_id", "user_id", "created_at");

-- AddForeignKey
ALTER TABLE "domains" ADD CONSTRAINT "domains_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "domains" ADD CONSTRAINT "domains_org_id_connection_id_fkey" FOREIGN KEY ("org_id", "connection_id") REFERENCES "connections"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "connections" ADD CONSTRAINT "connections_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "users" ADD CONSTRAINT "users_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "groups" ADD CONSTRAINT "groups_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "group_members" ADD CONSTRAINT "group_members_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "group_members" ADD CONSTRAINT "group_members_org_id_group_id_fkey" FOREIGN KEY ("org_id", "group_id") REFERENCES "groups"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "group_members" ADD CONSTRAINT "group_members_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "identities" ADD CONSTRAINT "identities_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "identities" ADD CONSTRAINT "identities_org_id_connection_id_fkey" FOREIGN KEY ("org_id", "connection_id") REFERENCES "connections"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "identities" ADD CONSTRAINT "identities_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_org_id_connection_id_fkey" FOREIGN KEY ("org_id", "connection_id") REFERENCES "connections"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_org_id_identity_id_fkey" FOREIGN KEY ("org_id", "identity_id") REFERENCES "identities"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_org_id_connection_id_fkey" FOREIGN KEY ("org_id", "connection_id") REFERENCES "connections"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_org_id_identity_id_fkey" FOREIGN KEY ("org_id", "identity_id") REFERENCES "identities"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_org_id_grant_id_fkey" FOREIGN KEY ("org_id", "grant_id") REFERENCES "grants"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "spent" ADD CONSTRAINT "spent_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "released_names" ADD CONSTRAINT "released_names_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "revocations" ADD CONSTRAINT "revocations_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "notification_feeds" ADD CONSTRAINT "notification_feeds_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "notification_readers" ADD CONSTRAINT "notification_readers_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "notification_readers" ADD CONSTRAINT "notification_readers_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "refused_callers" ADD CONSTRAINT "refused_callers_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_org_id_webhook_id_fkey" FOREIGN KEY ("org_id", "webhook_id") REFERENCES "webhooks"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "delivery_attempts" ADD CONSTRAINT "delivery_attempts_org_id_delivery_id_fkey" FOREIGN KEY ("org_id", "delivery_id") REFERENCES "deliveries"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "todos" ADD CONSTRAINT "todos_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "todos" ADD CONSTRAINT "todos_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- What Prisma's schema language cannot say. Written by hand, tested by test/database, test/sessions, test/admin and test/scim.
-- Views, functions and triggers stand in prisma/rules.

-- Room in the pages, and no index on what a revocation or a touch changes: then these updates write no index at all (HOT).
-- Measured: 72 -> 25 KB of WAL per revocation of five sessions.
ALTER TABLE "users" SET (fillfactor = 80);
ALTER TABLE "sessions" SET (fillfactor = 80);
ALTER TABLE "grants" SET (fillfactor = 80);

ALTER TABLE "orgs" ADD CONSTRAINT orgs_slug_form CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,62})$');
ALTER TABLE "domains" ADD CONSTRAINT domains_form CHECK (domain = lower(domain) AND domain ~ '^[a-z0-9.-]+$');
ALTER TABLE "users" ADD CONSTRAINT users_email_key_form CHECK (email_key = lower(email_key) AND email_key ~ '^[\x21-\x7e]+$');
ALTER TABLE "tokens" ADD CONSTRAINT tokens_grant_of_org CHECK ((org_id IS NULL) = (grant_id IS NULL));
-- Whoever was removed has no access, whatever anybody sets.
ALTER TABLE "users" ADD CONSTRAINT users_deleted_inactive CHECK (deleted_at IS NULL OR NOT active);

-- Lifetimes that the org has set, seconds. The deployment's own are written on each row; whichever comes first ends it.
ALTER TABLE "orgs"
  ADD CONSTRAINT orgs_session_lifetimes CHECK (session_idle_seconds BETWEEN 300 AND 31536000
    AND session_absolute_seconds BETWEEN 300 AND 31536000 AND session_idle_seconds <= session_absolute_seconds),
  ADD CONSTRAINT orgs_grant_lifetimes CHECK (grant_idle_seconds BETWEEN 600 AND 31536000
    AND grant_absolute_seconds BETWEEN 600 AND 31536000 AND grant_idle_seconds <= grant_absolute_seconds),
  ADD CONSTRAINT orgs_admin_reauthentication CHECK (admin_reauthentication_seconds BETWEEN 60 AND 31536000),
  ADD CONSTRAINT orgs_audit_retention CHECK (audit_retention_days BETWEEN 30 AND 36500);

-- A verified domain belongs to one org in the whole deployment.
CREATE UNIQUE INDEX domains_verified_key ON domains (domain) WHERE verified_at IS NOT NULL;
-- Nobody squats on another's identity provider: among active connections that have exchanged a code, issuer and client id
-- name one.
CREATE UNIQUE INDEX connections_proven_key ON connections (issuer, client_id) WHERE active AND proven_at IS NOT NULL;
-- One name, one person: SCIM's userName, which is the address where none was given.
CREATE UNIQUE INDEX users_user_name_key ON users (org_id, coalesce(user_name_key, email_key));

-- The org-wide revocations whose tombstones are still missing.
CREATE INDEX revocations_tombstones_pending_idx ON revocations (created_at) WHERE tombstones_pending;
-- What came of one session at an IdP, for back-channel logout.
CREATE INDEX sessions_idp_sid_idx ON sessions (org_id, connection_id, idp_sid) WHERE idp_sid IS NOT NULL;
CREATE INDEX grants_idp_sid_idx ON grants (org_id, connection_id, idp_sid) WHERE idp_sid IS NOT NULL;

-- Those above members are few, and looked for often: by whoever changes a role (every active owner is locked), by the list of
-- people, and by whoever tells administrators. Of no column that a revocation writes: see fillfactor above.
CREATE INDEX users_administrators_idx ON users (org_id, role, email_key) WHERE role <> 'member';
-- Who is switched off, in the order of the list.
CREATE INDEX users_inactive_idx ON users (org_id, email_key) WHERE NOT active AND deleted_at IS NULL;
-- How many people an org has, by role as well: entries that are equal are kept as lists of rows, a twentieth of the size
-- (counting 100,000 takes less than half the time).
CREATE INDEX users_present_idx ON users (org_id, role) WHERE deleted_at IS NULL;
-- A page of an org's people in the order in which they were made, and how many there are, from the index alone.
CREATE INDEX users_provisioned_idx ON users (org_id, created_at, id) WHERE deleted_at IS NULL;
-- Lists of an org's people sorted by what provisioning clients sort by: the first pages come from an index (of 100,000
-- people a fifth of the time).
CREATE INDEX users_display_name_idx ON users (org_id, lower(name)) WHERE deleted_at IS NULL;
CREATE INDEX users_last_modified_idx ON users (org_id, updated_at, created_at, id) WHERE deleted_at IS NULL;
-- `displayName eq`, which is compared without letter case.
CREATE INDEX groups_name_key_idx ON groups (org_id, lower(display_name));

-- Refused calls by what was answered, in the order of the list: beside many of one code the few of another are found at once.
CREATE INDEX audit_events_refusals_idx ON audit_events (org_id, (detail->>'code'), at, id) WHERE action = 'call.refused';
-- How many deliveries are dead, of all orgs: counted at each scrape of the metrics.
CREATE INDEX deliveries_dead_idx ON deliveries (id) WHERE status = 'dead';
