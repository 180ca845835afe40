-- CreateTable
CREATE TABLE "account_mails" (
    "org_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "account_mails_pkey" PRIMARY KEY ("org_id","user_id","account_id")
);

-- CreateIndex
CREATE INDEX "account_mails_org_id_account_id_idx" ON "account_mails"("org_id", "account_id");

-- AddForeignKey
ALTER TABLE "account_mails" ADD CONSTRAINT "account_mails_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "account_mails" ADD CONSTRAINT "account_mails_org_id_account_id_fkey" FOREIGN KEY ("org_id", "account_id") REFERENCES "accounts"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;
