-- CreateIndex
CREATE INDEX "account_reveals_org_id_user_id_account_id_at_idx" ON "account_reveals"("org_id", "user_id", "account_id", "at");

-- CreateIndex
CREATE INDEX "account_rotations_org_id_created_at_id_idx" ON "account_rotations"("org_id", "created_at", "id");
