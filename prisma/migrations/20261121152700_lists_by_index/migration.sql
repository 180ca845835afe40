-- A page of the record with a filter is read off the index of that filter: with the id the order is whole, nothing is left to sort.
DROP INDEX "audit_events_org_id_action_at_idx";
DROP INDEX "audit_events_org_id_actor_id_at_idx";
DROP INDEX "audit_events_org_id_target_id_at_idx";
CREATE INDEX "audit_events_org_id_action_at_id_idx" ON "audit_events"("org_id", "action", "at", "id");
CREATE INDEX "audit_events_org_id_actor_id_at_id_idx" ON "audit_events"("org_id", "actor_id", "at", "id");
CREATE INDEX "audit_events_org_id_target_id_at_id_idx" ON "audit_events"("org_id", "target_id", "at", "id");
CREATE INDEX "revocations_org_id_initiator_created_at_id_idx" ON "revocations"("org_id", "initiator", "created_at", "id");

-- Who is switched off, in the order of the list.
CREATE INDEX users_inactive_idx ON users (org_id, email_key) WHERE NOT active AND deleted_at IS NULL;
-- Counting people, by role as well.
DROP INDEX users_present_idx;
CREATE INDEX users_present_idx ON users (org_id, role) WHERE deleted_at IS NULL;
