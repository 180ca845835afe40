-- CreateTable
CREATE TABLE "rules_versions" (
    "version" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "applied_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "rules_versions_pkey" PRIMARY KEY ("version")
);
