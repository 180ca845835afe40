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
