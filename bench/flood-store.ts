import type pg from 'pg';
import { pino } from 'pino';
import { migrate } from '../src/database/migrate.ts';
import { createPool } from '../src/database/pool.ts';
import { buildSearchIndexes } from '../src/users/search-index.ts';
import { type Child, startChild } from './child.ts';
import { fillOrgs, fillPeople } from './fill.ts';
import { createJwtCaller } from './jwt-caller.ts';
import { fillRecord, type Node, withClient } from './organisation-store.ts';
import { apiKeyOf, expressCookie, orgCount, sessionsEach, sidOf, sql } from './people.ts';
import { createDraw, productEnvironment, publicUrl } from './store.ts';

/** Megabytes of heap that a node may have. */
export const heapLimit = 512;
export const groupMembers = 10_000;
const ownSessions = 1_000;

/** The org that floods has the numbers 0, 5, 10, …; its neighbour 1, 6, 11, … */
const owner = 0;
const member = orgCount;
const neighbour = (index: number) => 1 + index * orgCount;

export const flooder = {
  slug: 'org-0',
  scimKey: `${apiKeyOf(owner)}_scim`,
  ownerCookie: expressCookie('session', sidOf(owner, 0)),
  /** Of somebody with 1,000 sessions and many todos. */
  memberCookie: expressCookie('session', sidOf(member, 0)),
  group: 'grp_bench',
};

export type FloodStore = Awaited<ReturnType<typeof openFloodStore>>;

/**
 * Two orgs in one database. One has `people` people, as many events on record, a group as large as
 * a preview takes, and a member with as many todos. In the other people with five sessions each are
 * revoked.
 */
export async function openFloodStore(serverUrl: string, options: { people: number; neighbours: number }) {
  const databaseUrl = Object.assign(new URL(serverUrl), { pathname: '/bench_flood' }).href;
  await withClient(serverUrl, (client) => client.query('CREATE DATABASE bench_flood'));
  await migrate(databaseUrl);
  await withClient(databaseUrl, (client) => fill(client, options));
  await fillRecord(databaseUrl, options.people);
  // A node that `npm start` runs builds them beside its work.
  if (!(await buildSearchIndexes({ directDatabaseUrl: databaseUrl, log: pino({ level: 'warn' }) })))
    throw new Error('the indexes for searches of people could not be built');

  const pool = createPool({
    connectionString: databaseUrl,
    max: 2,
    applicationName: 'bench',
    log: pino({ level: 'silent' }),
  });
  const jwtCaller = createJwtCaller(publicUrl);
  const nodes: Child[] = [];
  return {
    /** For restoring rows between the measurements. */
    pool,
    /** Of the IdP of the org that floods, each with a signature that is wrong. */
    wrongJwts: Array.from({ length: 100 }, () => jwtCaller.jwtFor(owner).replace(/.{8}$/, 'AAAAAAAA')),
    /** Numbers of the neighbour's people, none of them twice in one draw. */
    nextNeighbours: createDraw(Array.from({ length: options.neighbours }, (_, index) => neighbour(index))),
    async start(): Promise<Node> {
      const child = startChild('servers/product.ts', {
        env: productEnvironment(databaseUrl),
        execArgv: [`--max-old-space-size=${heapLimit}`, '--expose-gc'],
      });
      nodes.push(child);
      const port = await child.call<number>('start', { jwks: jwtCaller.jwks, way: 'together' });
      return { child, port, url: `http://127.0.0.1:${port}` };
    },
    async close() {
      for (const node of nodes) await node.stop();
      await pool.end();
      await withClient(serverUrl, (client) => client.query('DROP DATABASE bench_flood WITH (FORCE)'));
    },
  };
}

async function fill(client: pg.Client, { people, neighbours }: { people: number; neighbours: number }): Promise<void> {
  await client.query(`SET session_replication_role = replica; SET maintenance_work_mem = '512MB'`);
  await fillOrgs(client);
  await fillPeople(client, { people, sessions: people, step: orgCount, first: owner });
  await fillPeople(client, {
    people: neighbours,
    sessions: neighbours * sessionsEach,
    step: orgCount,
    first: neighbour(0),
  });
  await client.query(`
    UPDATE users SET role = 'owner' WHERE id = ${sql.userId(`${owner}`)};
    UPDATE sessions SET authenticated_at = now() + interval '1 day' WHERE user_id = ${sql.userId(`${owner}`)};
    INSERT INTO api_keys (org_id, id, name, key_hash, hint, scopes)
      SELECT ${sql.orgId('0')}, 'key_scim', 'bench', sha256('${flooder.scimKey}'), 'ul_', '{scim}';
    INSERT INTO sessions (org_id, id, sid_hash, user_id, connection_id, identity_id, user_generation, org_generation, data,
                          user_agent, ip, idle_expires_at, expires_at)
      SELECT org_id, id || '_' || k, sha256((id || k)::bytea), user_id, connection_id, identity_id, 0, 0, data, user_agent, ip,
             idle_expires_at, expires_at
      FROM sessions CROSS JOIN generate_series(1, ${ownSessions - 1}) k WHERE user_id = ${sql.userId(`${member}`)};
    INSERT INTO todos (org_id, id, user_id, task, created_at)
      SELECT ${sql.orgId('0')}, 'tod_' || md5('todo-' || n), ${sql.userId(`${member}`)}, 'Follow white rabbit ' || n,
             now() - n * interval '1 second'
      FROM generate_series(1, ${people}) n;
    INSERT INTO groups (org_id, id, display_name) VALUES (${sql.orgId('0')}, '${flooder.group}', 'Many');
    INSERT INTO group_members (org_id, group_id, user_id)
      SELECT org_id, '${flooder.group}', id FROM users WHERE org_id = ${sql.orgId('0')} LIMIT ${groupMembers}`);
  await client.query('VACUUM (ANALYZE)');
  await client.query('CHECKPOINT');
}
