-- CreateTable
CREATE TABLE "domain_connections" (
    "org_id" TEXT NOT NULL,
    "domain_id" TEXT NOT NULL,
    "connection_id" TEXT NOT NULL,

    CONSTRAINT "domain_connections_pkey" PRIMARY KEY ("org_id","domain_id","connection_id")
);

-- AddForeignKey
ALTER TABLE "domain_connections" ADD CONSTRAINT "domain_connections_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "domain_connections" ADD CONSTRAINT "domain_connections_org_id_domain_id_fkey" FOREIGN KEY ("org_id", "domain_id") REFERENCES "domains"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "domain_connections" ADD CONSTRAINT "domain_connections_org_id_connection_id_fkey" FOREIGN KEY ("org_id", "connection_id") REFERENCES "connections"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- The foreign key above keeps writers of domains out until this transaction ends. What nodes of the version before write between
-- it and the rules is caught by the trigger of prisma/rules/people.sql, which is needed from here on.
CREATE FUNCTION keep_authority() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM domain_connections WHERE org_id = NEW.org_id AND domain_id = NEW.id;
  INSERT INTO domain_connections (org_id, domain_id, connection_id)
  SELECT NEW.org_id, NEW.id, NEW.connection_id WHERE NEW.connection_id IS NOT NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER domains_authority AFTER INSERT ON domains
  FOR EACH ROW WHEN (NEW.connection_id IS NOT NULL) EXECUTE FUNCTION keep_authority();
CREATE TRIGGER domains_changed_authority AFTER UPDATE OF connection_id ON domains
  FOR EACH ROW WHEN (OLD.connection_id IS DISTINCT FROM NEW.connection_id) EXECUTE FUNCTION keep_authority();

INSERT INTO domain_connections (org_id, domain_id, connection_id)
SELECT org_id, id, connection_id FROM domains WHERE connection_id IS NOT NULL;
