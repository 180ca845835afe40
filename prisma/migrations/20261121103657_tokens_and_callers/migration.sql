-- AlterTable
ALTER TABLE "connections" ADD COLUMN     "proven_at" TIMESTAMPTZ(3),
ADD COLUMN     "sign_out_at_idp" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "orgs" ADD COLUMN     "api_key_callers" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "event_actions" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "jwt_callers" BOOLEAN NOT NULL DEFAULT true;

-- AlterTable
ALTER TABLE "revocations" ADD COLUMN     "grants_ended" INTEGER;

-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "id_token" TEXT,
ADD COLUMN     "idp_sid" TEXT;

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
CREATE INDEX "connections_id_idx" ON "connections"("id");

-- CreateIndex
CREATE INDEX "connections_client_id_idx" ON "connections"("client_id");

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
