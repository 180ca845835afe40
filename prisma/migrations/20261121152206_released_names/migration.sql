-- CreateTable
CREATE TABLE "released_names" (
    "org_id" TEXT NOT NULL,
    "name" BYTEA NOT NULL,
    "revoked_xid" xid8 NOT NULL,
    "revoked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "released_names_pkey" PRIMARY KEY ("org_id","name")
);

-- AddForeignKey
ALTER TABLE "released_names" ADD CONSTRAINT "released_names_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
