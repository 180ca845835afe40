-- AlterTable
ALTER TABLE "forwards" ALTER COLUMN "event_id" DROP NOT NULL;

-- CreateTable
CREATE TABLE "event_streams" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "app_id" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "endpoint_url" TEXT,
    "authorization_header" TEXT,
    "events_requested" TEXT[],
    "description" TEXT,
    "status" TEXT NOT NULL DEFAULT 'enabled',
    "reason" TEXT,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "verified_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "event_streams_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "stream_subjects" (
    "org_id" TEXT NOT NULL,
    "stream_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,

    CONSTRAINT "stream_subjects_pkey" PRIMARY KEY ("org_id","stream_id","user_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "event_streams_org_id_app_id_key" ON "event_streams"("org_id", "app_id");

-- CreateIndex
CREATE INDEX "stream_subjects_org_id_user_id_idx" ON "stream_subjects"("org_id", "user_id");

-- AddForeignKey
ALTER TABLE "event_streams" ADD CONSTRAINT "event_streams_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "event_streams" ADD CONSTRAINT "event_streams_org_id_app_id_fkey" FOREIGN KEY ("org_id", "app_id") REFERENCES "apps"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "stream_subjects" ADD CONSTRAINT "stream_subjects_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "stream_subjects" ADD CONSTRAINT "stream_subjects_org_id_stream_id_fkey" FOREIGN KEY ("org_id", "stream_id") REFERENCES "event_streams"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "stream_subjects" ADD CONSTRAINT "stream_subjects_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- Invisible to Prisma. What a poll reads, in its order; what it acknowledges; and what goes out although its stream stands still.
CREATE INDEX forwards_to_fetch ON forwards (org_id, app_id, mass, created_at, id) WHERE status = 'pending';
CREATE INDEX forwards_to_acknowledge ON forwards (org_id, app_id, jti) WHERE status = 'pending' AND jti IS NOT NULL;
CREATE INDEX forwards_notices ON forwards (org_id, app_id) WHERE status = 'pending' AND type = 'stream-updated';
