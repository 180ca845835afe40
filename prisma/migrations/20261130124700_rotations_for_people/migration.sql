-- What administrators are shown at a glance: few of an org's rotations.
CREATE INDEX "account_rotations_for_people" ON "account_rotations"("org_id", "do_until", "created_at")
  WHERE "state" IN ('uncertain', 'old_works', 'manual');
