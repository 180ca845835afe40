import type pg from 'pg';
import { pino } from 'pino';
import { migrate } from '../src/database/migrate.ts';
import { createPool } from '../src/database/pool.ts';
import { type Child, startChild } from './child.ts';
import { fillOrgs, fillPeople } from './fill.ts';
import { type Node, withClient } from './organisation-store.ts';
import { expressCookie, orgCount, sessionsEach, sidOf, sql } from './people.ts';
import { createDraw, productEnvironment } from './store.ts';

/** Orgs by their numbers: with one app, with three, with none, and with one that hangs beside one. */
export const orgs = { large: 0, three: 1, none: 2, hanging: 3 } as const;
export type OrgName = keyof typeof orgs;

const personOf = (org: OrgName, index: number) => orgs[org] + index * orgCount;
/** Its owner, who is never revoked. */
const ownerOf = (org: OrgName) => personOf(org, 0);

export type ForwardStore = Awaited<ReturnType<typeof openForwardStore>>;

/** A node with four orgs in its database, and apps behind that answer at once. */
export async function openForwardStore(serverUrl: string, options: { large: number; others: number }) {
  const databaseUrl = Object.assign(new URL(serverUrl), { pathname: '/bench_forwards' }).href;
  await withClient(serverUrl, (client) => client.query('CREATE DATABASE bench_forwards'));
  await migrate(databaseUrl);
  await withClient(databaseUrl, (client) => fill(client, options));
  const pool = createPool({
    connectionString: databaseUrl,
    max: 2,
    applicationName: 'bench',
    log: pino({ level: 'silent' }),
  });
  const behind = startChild('servers/apps-behind.ts');
  const port = await behind.call<number>('start');
  const child = startChild('servers/product.ts', {
    env: productEnvironment(databaseUrl),
    execArgv: ['--max-old-space-size=512', '--expose-gc'],
  });
  const node: Node = await child
    .call<number>('startForWebhooks')
    .then((own) => ({ child, port: own, url: `http://127.0.0.1:${own}` }));

  const drawOf = (org: OrgName, people: number) =>
    createDraw(Array.from({ length: people - 1 }, (_, index) => personOf(org, index + 1)));
  const ask = async <T>(org: OrgName, method: string, path: string, body: object, expect: number): Promise<T> => {
    const headers = {
      'Content-Type': 'application/json',
      Cookie: expressCookie('session', sidOf(ownerOf(org), 0)),
    };
    const response = await fetch(`${node.url}/api/orgs/current${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (response.status !== expect) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    pool,
    node,
    behind: behind as Child,
    ask,
    next: {
      large: drawOf('large', options.large),
      three: drawOf('three', options.others),
      none: drawOf('none', options.others),
      hanging: drawOf('hanging', options.others),
    },
    /** Adds an app that takes Global Token Revocation by a JWT of the org's key. Returns its id. */
    async addApp(org: OrgName, path: string): Promise<string> {
      const settings = {
        endpoint: `http://127.0.0.1:${port}${path}`,
        auth: { method: 'signed_jwt', clientId: 'bench' },
      };
      return (await ask<{ id: string }>(org, 'POST', '/apps', { name: path, kind: 'gtr', settings }, 201)).id;
    },
    async close() {
      await child.stop();
      await behind.stop();
      await pool.end();
      await withClient(serverUrl, (client) => client.query('DROP DATABASE bench_forwards WITH (FORCE)'));
    },
  };
}

async function fill(client: pg.Client, { large, others }: { large: number; others: number }): Promise<void> {
  await client.query(`SET session_replication_role = replica; SET maintenance_work_mem = '512MB'`);
  await fillOrgs(client);
  await fillPeople(client, { people: large, sessions: large, step: orgCount, first: personOf('large', 0) });
  for (const org of ['three', 'none', 'hanging'] as const)
    await fillPeople(client, {
      people: others,
      sessions: others * sessionsEach,
      step: orgCount,
      first: personOf(org, 0),
    });
  for (const org of Object.keys(orgs) as OrgName[])
    await client.query(`
      UPDATE users SET role = 'owner' WHERE id = ${sql.userId(`${ownerOf(org)}`)};
      UPDATE sessions SET authenticated_at = now() + interval '1 day' WHERE user_id = ${sql.userId(`${ownerOf(org)}`)}`);
  await client.query('VACUUM (ANALYZE)');
  await client.query('CHECKPOINT');
}
