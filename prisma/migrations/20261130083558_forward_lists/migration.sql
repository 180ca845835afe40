-- CreateIndex
CREATE INDEX "forwards_org_id_created_at_id_idx" ON "forwards"("org_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "forwards_org_id_status_created_at_id_idx" ON "forwards"("org_id", "status", "created_at", "id");
