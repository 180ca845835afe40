import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/database/migrate.ts';
import { makeSeed, startTemporaryPostgres } from './temporary-postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server's maintenance database, as a user that may create databases. */
    adminUrl: string;
    /** A migrated database that nobody connects to. */
    templateDatabase: string;
    /** The files of a stopped server with a migrated database, for servers of one's own. */
    seed: string;
  }
}

/**
 * One server for all tests (TEST_DATABASE_URL's, or an embedded one), and one migrated database
 * that is cloned.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  // Where no embedded server runs, only the tests that kill theirs lack it.
  const noSeed = { seed: '', release: () => {} };
  const { seed, release } = given ? await makeSeed().catch(() => noSeed) : await makeSeed();
  const server = given ? await useServer(given) : await startServer(seed);
  project.provide('adminUrl', server.adminUrl);
  project.provide('templateDatabase', server.template);
  project.provide('seed', seed);
  return async () => {
    await server.stop();
    release();
  };
}

async function startServer(seed: string) {
  const { databaseUrl, stop } = await startTemporaryPostgres({ seed });
  const { pathname } = new URL(databaseUrl);
  return {
    adminUrl: Object.assign(new URL(databaseUrl), { pathname: '/postgres' }).href,
    template: pathname.slice(1),
    stop,
  };
}

async function useServer(adminUrl: string) {
  const template = `universal_logout_template_${randomBytes(6).toString('hex')}`;
  const execute = async (sql: string) => {
    const client = new pg.Client({ connectionString: adminUrl });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await execute(`CREATE DATABASE ${template}`);
  await migrate(Object.assign(new URL(adminUrl), { pathname: `/${template}` }).href);
  return { adminUrl, template, stop: () => execute(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`) };
}
