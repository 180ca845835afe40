import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/database/migrate.ts';
import { startTemporaryPostgres } from './temporary-postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server's maintenance database, as a user that may create databases. */
    adminUrl: string;
    /** A migrated database that nobody connects to. */
    templateDatabase: string;
  }
}

/** One server for all tests (TEST_DATABASE_URL's, or an embedded one), and one migrated database that is cloned. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  const server = given ? null : await startTemporaryPostgres();
  const adminUrl = new URL(given ?? server?.databaseUrl ?? '');
  if (server) adminUrl.pathname = '/postgres';
  const template = `universal_logout_template_${randomBytes(6).toString('hex')}`;
  const execute = async (sql: string) => {
    const client = new pg.Client({ connectionString: adminUrl.href });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await execute(`CREATE DATABASE ${template}`);
  const templateUrl = new URL(adminUrl);
  templateUrl.pathname = `/${template}`;
  await migrate(templateUrl.href);
  project.provide('adminUrl', adminUrl.href);
  project.provide('templateDatabase', template);
  return async () => {
    if (server) await server.stop();
    else await execute(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
  };
}
