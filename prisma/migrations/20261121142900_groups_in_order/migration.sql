-- CreateIndex
CREATE INDEX "groups_org_id_created_at_id_idx" ON "groups"("org_id", "created_at", "id");
