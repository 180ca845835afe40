import { randomBytes } from 'node:crypto';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/database/ids.ts';
import { endPeopleSql } from '../../src/revocation/statements.ts';
import { plantNames } from '../support/planted-names.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

// A generic plan is made without looking at what is asked: it must be right for one row and for ten
// thousand.
const most = 10_000;
let product: Product;
let ids: string[];
beforeAll(async () => {
  product = await startProduct();
  ids = (await plantUsers(product, most, { sessions: 2 })).map(({ id }) => id);
  await product.context.pool.query(
    `INSERT INTO grants (org_id, id, client_id, user_id, connection_id, identity_id, session_id, user_generation, org_generation,
                         scope, idle_expires_at, expires_at)
     SELECT i.org_id, 'grn_' || u.id, 'mobile-app', u.id, i.connection_id, i.id, 'ses_' || u.id, u.generation, 0, 'openid',
            now() + interval '1 hour', now() + interval '1 day'
     FROM users u JOIN identities i ON i.org_id = u.org_id AND i.user_id = u.id WHERE u.id = ANY ($1)`,
    [ids],
  );
  // Other orgs, each with a connection that speaks for its domain.
  await product.context.pool.query(
    `INSERT INTO orgs (id, slug, name) SELECT 'org_' || n, 'org-' || n, 'Org' FROM generate_series(1, 2000) n;
     INSERT INTO connections (org_id, id, name, issuer, authorization_endpoint, token_endpoint, jwks_uri, client_id, client_secret)
     SELECT 'org_' || n, 'con_' || n, 'IdP', 'https://' || n || '.example', '', '', '', 'client', ''
     FROM generate_series(1, 2000) n;
     INSERT INTO domains (org_id, id, domain, verified_at, connection_id)
     SELECT 'org_' || n, 'dom_' || n, n || '.example', now(), 'con_' || n FROM generate_series(1, 2000) n`,
  );
  await plantNames(product.context.pool);
  await product.context.pool.query('ANALYZE');
});
afterAll(() => product.stop());

type Plan = {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Join Filter'?: number;
  Plans?: Plan[];
};
const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
/** Rows that a step looked at, all its loops together. */
const looked = (node: Plan) =>
  (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0)) *
  node['Actual Loops'];

/** The parameter of the statement that ends the access of these people. */
function asking(way: 'waiting' | 'skipping', people: readonly string[]): string {
  const by = { initiator: 'admin', actor_type: 'operator', asked: { users: people.length } };
  const once = () => ({ kind: 'caller_jwt', id: randomBytes(8).toString('hex'), until: new Date() });
  const names = (id: string, n: number) =>
    n % 2 === 0
      ? { user_ids: [id] }
      : { email_keys: [`${id}@whiterabbit.fake`], ...(way === 'skipping' ? { once: once() } : {}) };
  const asked = people.map((id, n) => ({
    ...{
      n,
      org: product.orgs.whiterabbit.id,
      revocation: newId('revocation'),
      by: { ...by, event: newId('auditEvent') },
    },
    user_ids: [],
    email_keys: [],
    issuers: [],
    subjects: [],
    reach: way === 'skipping' ? product.orgs.whiterabbit.connectionId : null,
    ...names(id, n),
  }));
  return JSON.stringify(asked);
}

/** Nothing of what `work` does stays. */
async function rolledBack<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await product.context.pool.connect();
  try {
    await client.query('BEGIN');
    return await work(client);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

async function explain(way: 'waiting' | 'skipping', count: number): Promise<Plan[]> {
  return rolledBack(async (client) => {
    await client.query(`PREPARE ended_${way} (jsonb) AS ${endPeopleSql[way]}`);
    const literal = client.escapeLiteral(asking(way, ids.slice(0, count)));
    const { rows } = await client.query(`EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE ended_${way} (${literal})`);
    await client.query(`DEALLOCATE ended_${way}`);
    return nodesOf(rows[0]['QUERY PLAN'][0].Plan);
  });
}

it.each([
  ['waiting', 1],
  ['waiting', most],
  ['skipping', 1],
  ['skipping', 32],
  ['skipping', 1000],
] as const)('%s, of %i rows: looks at each person’s own rows, and at each of them a few times', async (way, count) => {
  const nodes = await explain(way, count);
  const whole = nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name']);
  expect(whole).toEqual([]);
  const [dearest] = [...nodes].sort((a, b) => looked(b) - looked(a));
  expect(looked(dearest as Plan), JSON.stringify({ ...dearest, Plans: undefined })).toBeLessThanOrEqual(
    10 * count + 50,
  );
});

describe('of somebody who has a thousand shared accounts', () => {
  beforeAll(async () => {
    const { pool } = product.context;
    // Without a connector, so that no rotation of them is ever at work.
    await pool.query(
      `INSERT INTO accounts (org_id, id, name, user_name, connector, settings, version, next_version, changed_at)
       SELECT $1, 'acc_' || n, 'Account ' || n, 'root', 'manual', '{}', 1, 2, now() FROM generate_series(1, 1000) n`,
      [product.orgs.whiterabbit.id],
    );
    for (const what of [
      `account_rights (org_id, id, account_id, user_id, "right") SELECT $1, 'acr_' || n, 'acc_' || n, $2, 'use'`,
      `account_reveals (org_id, id, account_id, user_id, version) SELECT $1, 'rev_' || n, 'acc_' || n, $2, 1`,
    ])
      await pool.query(`INSERT INTO ${what} FROM generate_series(1, 1000) n`, [product.orgs.whiterabbit.id, ids[0]]);
    await pool.query('ANALYZE');
  });

  /** What a revocation reads and writes of each table, its triggers too. */
  const touched = (way: 'waiting' | 'skipping', person: string) =>
    rolledBack(async (client) => {
      const look = async () => {
        const { rows } = await client.query<{ name: string; counts: readonly number[] }>(
          `SELECT relname AS name, ARRAY[seq_scan, seq_tup_read, idx_scan, idx_tup_fetch, n_tup_ins, n_tup_upd, n_tup_del]::int[] AS counts
           FROM pg_stat_xact_user_tables`,
        );
        return new Map(rows.map(({ name, counts }) => [name, counts]));
      };
      const before = await look();
      const { rows } = await client.query(endPeopleSql[way], [asking(way, [person])]);
      expect(rows).toMatchObject([{ result: 'revoked', user_id: person }]);
      const changes = [...(await look())].map(
        ([name, counts]) => [name, counts.map((count, at) => count - (before.get(name)?.[at] ?? 0))] as const,
      );
      return Object.fromEntries(changes.filter(([, counts]) => counts.some((count) => count > 0)));
    });

  it.each(['waiting', 'skipping'] as const)('%s: reads and writes what it does for somebody with none', async (way) => {
    const [many, none] = [await touched(way, ids[0] as string), await touched(way, ids[1] as string)];
    expect(many).toEqual(none);
    // One row, whatever there is to do for it later; and of all of it nothing is looked at now.
    expect(many.account_outbox?.slice(4)).toEqual([1, 0, 0]);
    for (const table of ['account_rights', 'account_reveals', 'account_rotations', 'account_versions'])
      expect(Object.keys(many)).not.toContain(table);
  });
});
