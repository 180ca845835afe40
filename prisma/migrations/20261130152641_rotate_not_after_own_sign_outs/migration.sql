-- AlterTable
ALTER TABLE "orgs" ALTER COLUMN "rotate_after" SET DEFAULT ARRAY['idp', 'admin', 'scim', 'signal', 'operator']::"Initiator"[];

-- Global logout at a person's own sign-out is theirs: orgs that had the default keep it.
UPDATE "orgs" SET "rotate_after" = DEFAULT
  WHERE "rotate_after" = ARRAY['idp', 'admin', 'scim', 'signal', 'policy', 'operator']::"Initiator"[];
