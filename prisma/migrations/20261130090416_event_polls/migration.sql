-- CreateTable
CREATE TABLE "event_polls" (
    "org_id" TEXT NOT NULL,
    "connection_id" TEXT NOT NULL,
    "endpoint" TEXT NOT NULL,
    "auth" JSONB NOT NULL,
    "credential" TEXT NOT NULL,
    "claim" INTEGER NOT NULL DEFAULT 0,
    "leased_until" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,
    "answered_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "event_polls_pkey" PRIMARY KEY ("org_id","connection_id")
);

-- CreateIndex
CREATE INDEX "event_polls_due_at_idx" ON "event_polls"("due_at");

-- AddForeignKey
ALTER TABLE "event_polls" ADD CONSTRAINT "event_polls_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "event_polls" ADD CONSTRAINT "event_polls_org_id_connection_id_fkey" FOREIGN KEY ("org_id", "connection_id") REFERENCES "connections"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;
