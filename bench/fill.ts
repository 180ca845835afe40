import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Client } from 'pg';
import { insertGrants } from './grants.ts';
import { clientId, orgCount, sessionsEach, sql } from './people.ts';

/**
 * Fills the product's tables, connect-pg-simple's (schema `usual`) and better-auth's (schema
 * `better_auth`, whose tables exist) with `size` live sessions each. Foreign keys aren't checked
 * and secondary indexes are built at the end: the rows are right by construction, and it takes a
 * quarter of the time.
 */
export async function fillStores(
  client: Client,
  size: number,
  { withBetterAuth, withGrants }: { withBetterAuth: boolean; withGrants: readonly number[] },
): Promise<void> {
  const people = size / sessionsEach;
  await client.query(
    `SET session_replication_role = replica; SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'`,
  );
  await fillProduct(client, people, size);
  await insertGrants(client, withGrants);
  await fillUsualStack(client, size, people);
  if (withBetterAuth) await fillBetterAuth(client, size, people);
  await client.query('VACUUM (ANALYZE)');
  // Writes that the fill has left must not happen during a measurement.
  await client.query('CHECKPOINT');
}

/** @param step 1: people of all orgs in turn; `orgCount`: all of the first org */
export async function fillProduct(client: Client, people: number, size: number, step = 1): Promise<void> {
  await fillOrgs(client);
  await fillPeople(client, { people, sessions: size, step, first: 0 });
}

export async function fillOrgs(client: Client): Promise<void> {
  await client.query(`
    INSERT INTO orgs (id, slug, name)
      SELECT ${sql.orgId('n')}, 'org-' || n, 'Organisation ' || n FROM generate_series(0, ${orgCount - 1}) n;
    INSERT INTO connections (org_id, id, name, issuer, authorization_endpoint, token_endpoint, jwks_uri, client_id, client_secret, proven_at)
      SELECT ${sql.orgId('n')}, 'con_' || md5(n::text), 'IdP', 'https://idp' || n || '.example', 'https://idp.example/authorize',
             'https://idp.example/token', 'https://idp.example/keys', '${clientId}', 'none', now() FROM generate_series(0, ${orgCount - 1}) n;
    INSERT INTO api_keys (org_id, id, name, key_hash, hint, scopes)
      SELECT ${sql.orgId('n')}, 'key_' || md5(n::text), 'bench', sha256(('ul_bench_key_of_org_' || n)::bytea), 'ul_', '{revoke}'
      FROM generate_series(0, ${orgCount - 1}) n;
    SELECT count(names_on_record(org_id, 'api_key', id)) FROM api_keys`);
}

/** People with the numbers `first`, `first + step`, …, and sessions for each of them in turn. */
export async function fillPeople(
  client: Client,
  { people, sessions, step, first }: { people: number; sessions: number; step: number; first: number },
): Promise<void> {
  const numbers = `generate_series(${first}, ${first + (people - 1) * step}, ${step}) n`;
  await client.query(`
    INSERT INTO users (org_id, id, email, email_key, name)
      SELECT ${sql.orgId('n')}, ${sql.userId('n')}, ${sql.email('n')}, ${sql.email('n')}, 'Person ' || n
      FROM ${numbers};
    INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject)
      SELECT ${sql.orgId('n')}, 'idn_' || md5('user-' || n), 'con_' || md5((n % ${orgCount})::text), ${sql.userId('n')},
             'https://idp' || n % ${orgCount} || '.example', 'subject-' || n
      FROM ${numbers};
    SELECT count(names_on_record(${sql.orgId('n')}, 'user', ${sql.userId('n')})) FROM ${numbers}`);
  // Rows go session by session, not person by person: a person's five lie far apart, like sign-ins
  // of different days.
  await withoutIndexes(client, 'public.sessions', () =>
    client.query(`
      INSERT INTO sessions (org_id, id, sid_hash, user_id, connection_id, identity_id, user_generation, org_generation, data,
                            user_agent, ip, idle_expires_at, expires_at)
      SELECT ${sql.orgId('n')}, 'ses_' || md5('session-' || s), sha256(('bench-session-' || n || '-' || s / ${people})::bytea),
             ${sql.userId('n')}, 'con_' || md5((n % ${orgCount})::text), 'idn_' || md5('user-' || n), 0, 0,
             '{"locale":"en"}', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '203.0.113.7',
             now() + interval '12 hours', now() + interval '7 days'
      FROM (SELECT s, ${first} + s % ${people} * ${step} AS n FROM generate_series(0, ${sessions - 1}) s) counted`),
  );
}

/** express-session's JSON as Passport leaves it, in connect-pg-simple's own table definition. */
async function fillUsualStack(client: Client, size: number, people: number): Promise<void> {
  const packageFolder = path.dirname(createRequire(import.meta.url).resolve('connect-pg-simple/package.json'));
  await client.query('CREATE SCHEMA usual; SET search_path = usual, public');
  await client.query(readFileSync(path.join(packageFolder, 'table.sql'), 'utf8'));
  await withoutIndexes(client, 'usual.session', () =>
    client.query(`
      INSERT INTO usual.session (sid, sess, expire)
      SELECT 'bench-session-' || n || '-' || s / ${people}, ${usualSession('n')}, now() + interval '7 days'
      FROM (SELECT s, s % ${people} AS n FROM generate_series(0, ${size - 1}) s) counted`),
  );
  await client.query('SET search_path = public');
}

/** express-session's JSON for person `n`; Passport keeps the two halves of the user's key. */
export const usualSession = (n: string) =>
  `json_build_object('cookie', json_build_object('originalMaxAge', 604800000, 'expires', now() + interval '7 days',
     'httpOnly', true, 'path', '/', 'sameSite', 'lax'),
   'passport', json_build_object('user', json_build_object('orgId', ${sql.orgId(n)}, 'id', ${sql.userId(n)})),
   'locale', 'en')`;

async function fillBetterAuth(client: Client, size: number, people: number): Promise<void> {
  await client.query(`
    INSERT INTO better_auth."user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
    SELECT ${sql.userId('n')}, 'Person ' || n, ${sql.email('n')}, true, now(), now() FROM generate_series(0, ${people - 1}) n`);
  await withoutIndexes(client, 'better_auth.session', () =>
    client.query(`
      INSERT INTO better_auth.session (id, "expiresAt", token, "createdAt", "updatedAt", "ipAddress", "userAgent", "userId")
      SELECT md5('session-' || s), now() + interval '7 days', 'bench-session-' || n || '-' || s / ${people}, now(), now(),
             '203.0.113.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', ${sql.userId('n')}
      FROM (SELECT s, s % ${people} AS n FROM generate_series(0, ${size - 1}) s) counted`),
  );
}

/** Drops the indexes without a constraint, and makes them again from the database's definition. */
export async function withoutIndexes(client: Client, table: string, insert: () => Promise<unknown>): Promise<void> {
  const { rows } = await client.query(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index i
     WHERE indrelid = $1::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)`,
    [table],
  );
  for (const { name } of rows) await client.query(`DROP INDEX ${name}`);
  await insert();
  for (const { definition } of rows) await client.query(definition);
}
