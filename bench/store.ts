import pg from 'pg';
import { pino } from 'pino';
import { migrate } from '../src/database/migrate.ts';
import { createPool } from '../src/database/pool.ts';
import { type Child, startChild } from './child.ts';
import { fillStores } from './fill.ts';
import { createJwtCaller } from './jwt-caller.ts';
import { secret, sessionsEach } from './people.ts';

export const publicUrl = 'http://localhost:3333';

/** Settings of every server of the product that is measured. */
export const productEnvironment = (databaseUrl: string) => ({
  DATABASE_URL: databaseUrl,
  DIRECT_DATABASE_URL: '',
  PUBLIC_URL: publicUrl,
  PORT: '0',
  APP_URL: '',
  SESSION_SECRETS: secret,
  ENCRYPTION_KEYS: Buffer.alloc(32, 1).toString('base64'),
  TRUST_PROXY: '',
  LOG_LEVEL: 'info',
  DATABASE_POOL_SIZE: '16',
  SMTP_URL: '',
  MAIL_FROM: '',
});

export type Store = Awaited<ReturnType<typeof openStore>>;
export type Server = Readonly<{ child: Child; port: number }>;

/** People whose sessions are never revoked: they only ask who they are. */
const mostReaders = 400;

/**
 * A database with `size` live sessions for the product and as many for each peer, and the servers
 * in front. A peer that can't be started stands in `missing`, and isn't compared.
 */
export async function openStore(serverUrl: string, size: number, progress: (text: string) => void) {
  const name = `bench_${size}`;
  await withClient(serverUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  const databaseUrl = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  await migrate(databaseUrl);

  const env = productEnvironment(databaseUrl);
  const missing: Record<string, string> = {};
  const start = async (file: string, argument?: unknown, execArgv?: string[]): Promise<Server> => {
    const child = startChild(file, { env, execArgv });
    return { child, port: await child.call<number>('start', argument) };
  };

  // better-auth's migrations make its tables, so it starts before the fill.
  const betterAuth = await start('servers/better-auth.ts').catch((error: Error) => {
    missing['better-auth'] = error.message.split('\n', 1)[0] as string;
    return null;
  });
  const people = size / sessionsEach;
  const readers = Math.min(mostReaders, people / 10);
  const withoutGrants = people - readers - people / 5;
  progress(`filling the stores with ${size.toLocaleString('en')} live sessions each`);
  await withClient(databaseUrl, (client) =>
    fillStores(client, size, { withBetterAuth: betterAuth !== null, withGrants: range(withoutGrants, people) }),
  );

  const jwtCaller = createJwtCaller(publicUrl);
  const servers = {
    product: await start('servers/product.ts', { jwks: jwtCaller.jwks, way: 'together' }),
    alone: await start('servers/product.ts', { jwks: jwtCaller.jwks, way: 'alone' }),
    before: await start('servers/product.ts', { jwks: jwtCaller.jwks, way: 'before' }),
    bare: await start('servers/bare-express.ts'),
    workshop: await start('servers/workshop.ts', { people }, ['--max-old-space-size=6000']),
    usual: await start('servers/usual-stack.ts'),
    betterAuth,
  };
  const pool = createPool({
    connectionString: databaseUrl,
    max: 2,
    applicationName: 'bench',
    log: pino({ level: 'silent' }),
  });
  return {
    size,
    databaseUrl,
    /** For restoring rows between the measurements. */
    pool,
    servers,
    missing,
    jwtCaller,
    /** Numbers of people who may be revoked, each once, in random order; they have no grants. */
    nextPeople: createDraw(range(0, withoutGrants)),
    /** The same for people with five grants beside their five sessions. */
    nextPeopleWithGrants: createDraw(range(withoutGrants, people - readers)),
    /** Numbers of people who are never revoked; they have grants too. */
    readers: range(people - readers, people),
    /** Removes dead rows of the rounds, as autovacuum would at a time of its own. */
    tidy: () => withClient(databaseUrl, (client) => client.query('VACUUM')),
    async stopPeers() {
      await Promise.all(
        [servers.alone, servers.before, servers.bare, servers.workshop, servers.usual, betterAuth].map((server) =>
          server?.child.stop(),
        ),
      );
    },
    async close() {
      await servers.product.child.stop();
      await pool.end();
    },
  };
}

async function withClient(connectionString: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

/** Draws each number once before any comes again; none comes twice in one draw. */
export function createDraw(order: number[]) {
  const people = order.length;
  for (let i = people - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  let at = 0;
  return (count: number): number[] => {
    if (at + count > people) at = 0;
    at += count;
    return order.slice(at - count, at);
  };
}
