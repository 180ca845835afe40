import pg from 'pg';
import { migrate } from '../src/database/migrate.ts';
import { type Child, startChild } from './child.ts';
import { fillProduct, withoutIndexes } from './fill.ts';
import { apiKeyOf, expressCookie, orgCount, sidOf, sql } from './people.ts';
import { productEnvironment } from './store.ts';

export type OrganisationStore = Awaited<ReturnType<typeof openOrganisation>>;
export type Node = Readonly<{ child: Child; port: number; url: string }>;

export const sessionsOfOne = 10;
export const manySessions = 10_000;

/** The number of person `index`: everybody is in the first org. */
export const personAt = (index: number) => index * orgCount;
export const owner = personAt(0);
export const ownerCookie = expressCookie('session', sidOf(owner, 0));
export const scimKey = `${apiKeyOf(owner)}_scim`;

/**
 * One org of `people` people with ten live sessions each, the first of them an owner who has just
 * authenticated, and beside them `pairs` people with 10,000 sessions and as many with five. Two
 * equal databases: in `silent` no event on record goes into the outbox, in `told` all do.
 */
export async function openOrganisation(serverUrl: string, people: number, pairs: number) {
  const urlOf = (name: string) => Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  const told = urlOf('bench_told');
  const silent = urlOf('bench_silent');
  const children: Child[] = [];

  await withClient(serverUrl, (client) => client.query('CREATE DATABASE bench_told'));
  await migrate(told);
  await withClient(told, (client) => fill(client, people, pairs));
  await withClient(serverUrl, (client) => client.query('CREATE DATABASE bench_silent TEMPLATE bench_told'));
  await withClient(silent, (client) => client.query('ALTER TABLE audit_events DISABLE TRIGGER audit_events_outbox'));

  return {
    told,
    silent,
    people,
    /** The people with 10,000 sessions, and those with five. */
    many: range(people, people + pairs).map(personAt),
    few: range(people + pairs, people + 2 * pairs).map(personAt),
    async start(databaseUrl: string): Promise<Node> {
      const child = startChild('servers/product.ts', { env: productEnvironment(databaseUrl) });
      children.push(child);
      const port = await child.call<number>('startForWebhooks');
      return { child, port, url: `http://127.0.0.1:${port}` };
    },
    async close() {
      for (const child of children) await child.stop();
      await withClient(serverUrl, async (client) => {
        for (const name of ['bench_told', 'bench_silent']) await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
      });
    },
  };
}

async function fill(client: pg.Client, people: number, pairs: number): Promise<void> {
  await client.query(`SET session_replication_role = replica; SET maintenance_work_mem = '512MB'`);
  await fillProduct(client, people, people * sessionsOfOne, orgCount);
  await client.query(`
    INSERT INTO api_keys (org_id, id, name, key_hash, hint, scopes)
      SELECT ${sql.orgId('0')}, 'key_scim', 'bench', sha256('${scimKey}'), 'ul_', '{scim}';
    UPDATE users SET role = 'owner' WHERE id = ${sql.userId(`${owner}`)};
    UPDATE sessions SET authenticated_at = now() + interval '1 day' WHERE user_id = ${sql.userId(`${owner}`)};
    INSERT INTO users (org_id, id, email, email_key, name)
      SELECT ${sql.orgId('n')}, ${sql.userId('n')}, ${sql.email('n')}, ${sql.email('n')}, 'Person ' || n FROM (${special(people, pairs)}) s;
    INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject)
      SELECT ${sql.orgId('n')}, 'idn_' || md5('user-' || n), 'con_' || md5('0'), ${sql.userId('n')}, 'https://idp0.example', 'subject-' || n
      FROM (${special(people, pairs)}) s;
    INSERT INTO sessions (org_id, id, sid_hash, user_id, connection_id, identity_id, user_generation, org_generation, data,
                          user_agent, ip, idle_expires_at, expires_at)
      SELECT ${sql.orgId('n')}, 'ses_' || md5('special-' || n || '-' || k), sha256(('bench-session-' || n || '-' || k)::bytea),
             ${sql.userId('n')}, 'con_' || md5('0'), 'idn_' || md5('user-' || n), 0, 0, '{"locale":"en"}',
             'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '203.0.113.7',
             now() + interval '12 hours', now() + interval '7 days'
      FROM (${special(people, pairs)}) s CROSS JOIN LATERAL generate_series(0, s.sessions - 1) k`);
  await client.query('VACUUM (ANALYZE)');
  await client.query('CHECKPOINT');
}

const special = (people: number, pairs: number) => `
  SELECT i * ${orgCount} AS n, CASE WHEN i < ${people + pairs} THEN ${manySessions} ELSE 5 END AS sessions
  FROM generate_series(${people}, ${people + 2 * pairs - 1}) i`;

/** Events on the record of the first org, of a kind that makes no notification. */
export function fillRecord(databaseUrl: string, events: number): Promise<void> {
  return withClient(databaseUrl, async (client) => {
    await client.query('SET session_replication_role = replica');
    await withoutIndexes(client, 'public.audit_events', () =>
      client.query(
        `INSERT INTO audit_events (org_id, id, at, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
       SELECT ${sql.orgId('0')}, 'evt_' || md5('event-' || e), now() - e * interval '1 second', 'sign_in.succeeded', 'user',
              ${sql.userId('e')}, 'session', 'ses_' || md5(e::text), '203.0.113.7', md5(e::text),
              '{"connection": "con_bench", "method": "openid"}'
       FROM generate_series(1, $1::int) e`,
        [events],
      ),
    );
    await client.query('VACUUM (ANALYZE) audit_events');
  });
}

export async function withClient(
  connectionString: string,
  work: (client: pg.Client) => Promise<unknown>,
): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
