// node bench/scim.ts [users]: how long a provisioning client waits, over HTTP, in an org of that
// many people (100,000).
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { byOperator } from '../src/by.ts';
import { loadConfig } from '../src/config.ts';
import { createContext } from '../src/context.ts';
import { migrate } from '../src/database/migrate.ts';
import { startServer } from '../src/server.ts';
import { startTemporaryPostgres } from '../test/support/temporary-postgres.ts';

const people = Number(process.argv[2] ?? 100_000);
const rounds = 200;

const server = await startTemporaryPostgres();
await migrate(server.databaseUrl);
const client = new pg.Client({ connectionString: server.databaseUrl });
await client.connect();
await client.query(`INSERT INTO orgs (id, slug, name) VALUES ('org_1', 'one', 'One'), ('org_2', 'two', 'Two')`);
await client.query(
  `INSERT INTO users (org_id, id, email, email_key, name, profile, created_at)
   SELECT org, 'usr_' || md5(org || n), 'person' || n || '@one.example', 'person' || n || '@one.example', 'Person ' || n,
          jsonb_build_object('name', jsonb_build_object('givenName', 'Person', 'familyName', n::text), 'title', 'Guide',
            'emails', jsonb_build_array(jsonb_build_object('value', 'person' || n || '@one.example', 'primary', true))),
          now() - (n || ' seconds')::interval
   FROM generate_series(1, $1) AS n, unnest('{org_1,org_2}'::text[]) AS org`,
  [people],
);
await client.query(
  `INSERT INTO groups (org_id, id, display_name) SELECT 'org_1', 'grp_' || n, 'Group ' || n FROM generate_series(1, 1000) AS n`,
);
await client.query(
  `INSERT INTO group_members SELECT 'org_1', 'grp_1', id FROM users WHERE org_id = 'org_1' LIMIT 10000`,
);
await client.query(
  `INSERT INTO group_members SELECT 'org_1', 'grp_' || (2 + abs(hashtext(id)) % 999), id FROM users WHERE org_id = 'org_1'`,
);
await client.query('VACUUM (ANALYZE)');
await client.end();

const env = {
  DATABASE_URL: server.databaseUrl,
  PUBLIC_URL: 'http://localhost:3000',
  LOG_LEVEL: 'silent',
  SESSION_SECRETS: randomBytes(32).toString('hex'),
  ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
};
const context = createContext(loadConfig(env, 'development'));
const { apiKey } = await context.apiKeys.create('org_1', { name: 'bench', scopes: ['scim'] }, byOperator);
const node = await startServer(context, { port: 0 });
const anybody = () => 1 + Math.floor(Math.random() * people);
const search = (resource: string, filter: string) => `/${resource}?filter=${encodeURIComponent(filter)}`;
const { rows: ids } = await context.pool.query<{ id: string }>(
  `SELECT id FROM users WHERE org_id = 'org_1' LIMIT 5000`,
);
const someId = () => ids[Math.floor(Math.random() * ids.length)]?.id;
const patch = (operation: unknown) =>
  JSON.stringify({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [operation] });

const tasks: Record<string, () => [method: string, path: string, body?: string]> = {
  'userName eq': () => ['GET', search('Users', `userName eq "person${anybody()}@one.example"`)],
  'one user by id': () => ['GET', `/Users/${someId()}`],
  'first page of 100': () => ['GET', '/Users?startIndex=1&count=100'],
  'a page of 100 anywhere': () => ['GET', `/Users?startIndex=${anybody()}&count=100`],
  'last page of 100': () => ['GET', `/Users?startIndex=${people - 99}&count=100`],
  'a page of 200 sorted by userName': () => ['GET', '/Users?sortBy=userName&count=200'],
  'externalId eq': () => ['GET', search('Users', `externalId eq "${anybody()}"`)],
  'PATCH of a title': () => [
    'PATCH',
    `/Users/${someId()}`,
    patch({ op: 'replace', path: 'title', value: `T${anybody()}` }),
  ],
  'PATCH active': () => [
    'PATCH',
    `/Users/${someId()}`,
    patch({ op: 'replace', value: { active: anybody() % 2 === 0 } }),
  ],
  'displayName eq of a group': () => [
    'GET',
    `${search('Groups', `displayName eq "Group ${anybody() % 1000}"`)}&excludedAttributes=members`,
  ],
  'group of 10,000 without members': () => ['GET', '/Groups/grp_1?excludedAttributes=members'],
  'group of 10,000 with members': () => ['GET', '/Groups/grp_1'],
  'PATCH of one member into 10,000': () => [
    'PATCH',
    '/Groups/grp_1',
    patch({ op: 'add', path: 'members', value: [{ value: someId() }] }),
  ],
  'search without an index (title co)': () => ['GET', search('Users', `title co "x${anybody()}"`)],
};

for (const [name, next] of Object.entries(tasks)) {
  const times: number[] = [];
  for (let round = 0; round < rounds + 20; round += 1) {
    const [method, path, body] = next();
    const began = performance.now();
    const response = await fetch(`http://localhost:${node.port}/scim/v2${path}`, {
      method,
      headers: { Authorization: `Bearer ${apiKey}`, ...(body ? { 'Content-Type': 'application/scim+json' } : {}) },
      ...(body ? { body } : {}),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${name}: ${response.status}`);
    // The first rounds warm up.
    if (round >= 20) times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? Number.NaN).toFixed(1).padStart(7);
  console.log(`${name.padEnd(40)} least ${at(0)} ms   p50 ${at(0.5)} ms   p95 ${at(0.95)} ms`);
}
await node.stop();
await server.stop();
