import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeOf } from '../../src/accounts/place.ts';
import { askRotation } from '../../src/accounts/rotation/ask-rotation.ts';
import { createKeyring } from '../../src/keyring.ts';
import { announceSql } from '../../src/sessions/live-channel.ts';
import { openPool, startTestPostgres, type TestPostgres } from '../support/database.ts';
import { startNode } from '../support/product.ts';
import { type Hold, startProxy, type TcpProxy } from './proxy.ts';
import { passTime, passwordsOf, plantAccount, rotationsOf, until } from './support.ts';

/** A system that can be killed and started again, with accounts that keep their passwords by then. */
export type MortalSystem = Readonly<{
  connector: string;
  port: number;
  /** An account's settings, by way of that port. */
  settingsAt(port: number): object;
  admin: Readonly<{ userName: string; password: string }>;
  makeAccount(): Promise<Readonly<{ name: string; password: string }>>;
  /** Whether it lets somebody in. Anything but a refused password is thrown. */
  signsIn(name: string, password: string): Promise<boolean>;
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again where it was, and waits until it answers. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}>;

/** A step by its name, and what is said on the wire there. */
export type Point = readonly [name: string, hold: Hold];

const lastPoint = 'after it is done';
const atDatabase: readonly Point[] = [
  ['before the candidate is committed', { what: 'request', patterns: [/version-keep/, /COMMIT/] }],
  ['after the candidate is committed', { what: 'answer', patterns: [/version-keep/, /COMMIT/] }],
  ['before it is noted that a byte may leave', { what: 'request', patterns: [/sent_at = clock/] }],
  ['after it is noted that a byte may leave', { what: 'answer', patterns: [/sent_at = clock/] }],
  ['before it is noted that it was set', { what: 'request', patterns: [/SET state = \$5, error = \$6, due/] }],
  ['after it is noted that it was set', { what: 'answer', patterns: [/SET state = \$5, error = \$6, due/] }],
  ['before it is promoted', { what: 'request', patterns: [/promoted_at = clock/, /COMMIT/] }],
  ['after it is promoted', { what: 'answer', patterns: [/promoted_at = clock/, /COMMIT/] }],
  ['after connections have ended', { what: 'request', patterns: [/SET probe = \$5, connections_left = /] }],
  ['before it is done', { what: 'request', patterns: [/finished_at = clock/] }],
  [lastPoint, { what: 'answer', patterns: [/finished_at = clock/] }],
];

type Account = Readonly<{ id: string; name: string }>;
type Told = Readonly<{
  state: string;
  /** Each kept version from the latest on: its state, and whether it signs in. */
  versions: readonly string[];
}>;

/** What nothing may break, wherever it died: exactly one is current, and it alone signs in. */
function expectNothingLost({ state, versions }: Told): void {
  expect(versions.filter((version) => version.startsWith('current'))).toEqual(['current works']);
  expect(versions.filter((version) => version.endsWith('works'))).toEqual(['current works']);
  expect(state).toBe('done');
}

type Killed = 'node' | 'database' | 'system';

/** How many accounts a point has, one after another but for those of one kill. By hand: TRIALS=5. */
const byHand = process.env.TRIALS === undefined ? null : Number(process.env.TRIALS);
/** Accounts that are held at once: as many as a node has connections to its database, or has under way at one system. */
const mostAtOnce = { database: 4, system: 6 } as const;

/**
 * Kills a node, its database and the system at each step, and looks afterwards for a password that
 * was lost. A node is what carries out rotations in a process of its own; `wholeNode`: the whole
 * product, which takes longer to start. A step is held by what it says to a database or to the system:
 * the connection stands still there, and then something dies.
 *
 * `short`: unless TRIALS says how many, one thing is killed at each of the system's own steps, and
 * the system after all is done. At the system's own steps a node also stands still; without TRIALS at
 * the first of them.
 */
export function testKills(
  begin: () => Promise<MortalSystem>,
  atSystem: readonly Point[],
  { trials = byHand ?? 1, short = byHand === null, wholeNode = false } = {},
): void {
  const orgId = 'org_of_kills';
  const keys = Buffer.alloc(32, 7);
  let database: TestPostgres;
  let system: MortalSystem;
  let toDatabase: TcpProxy;
  let toSystem: TcpProxy;
  let pool: pg.Pool;
  let node: ChildProcess | null = null;
  let product: Parameters<typeof plantAccount>[0];

  beforeAll(async () => {
    [database, system] = await Promise.all([startTestPostgres(), begin()]);
    toDatabase = await startProxy(Number(new URL(database.url).port));
    toSystem = await startProxy(system.port);
    pool = openPool({ connectionString: database.url });
    product = { context: { pool, keyring: createKeyring([keys]) } } as unknown as typeof product;
    await pool.query(`INSERT INTO orgs (id, slug, name) VALUES ($1, 'kills', 'Kills')`, [orgId]);
  });
  afterAll(async () => {
    await endNode();
    await pool.end();
    await Promise.all([toDatabase.stop(), toSystem.stop()]);
    await Promise.all([database.stop(), system.stop()]);
  });

  const startANode = async () => {
    const direct = Object.assign(new URL(database.url), { port: String(toDatabase.port) });
    const entry = wholeNode ? undefined : `${import.meta.dirname}/rotating-process.ts`;
    const env = {
      DATABASE_URL: database.url,
      DIRECT_DATABASE_URL: direct.href,
      PUBLIC_URL: 'http://localhost:4711',
      SESSION_SECRETS: 'a-secret-of-the-tests-of-32-letters',
      ENCRYPTION_KEYS: keys.toString('base64'),
      LOG_LEVEL: 'silent',
    };
    node = (await startNode(env, entry)).process;
  };
  async function endNode() {
    const child = node;
    node = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  const restarts = async (server: Pick<MortalSystem, 'kill' | 'restart'>) => {
    await server.kill();
    await server.restart();
  };
  const kill: Record<Killed, () => Promise<void>> = {
    node: endNode,
    database: () => restarts(database),
    system: () => restarts(system),
  };

  /** Accounts of their own, which change at once. */
  async function plant(count: number): Promise<readonly Account[]> {
    const { connector, admin } = system;
    const settings = system.settingsAt(toSystem.port);
    const accounts: Account[] = [];
    for (let made = 0; made < count; made += 1) {
      const { name, password } = await system.makeAccount();
      const id = await plantAccount(product, orgId, { connector, userName: name, password, settings, admin });
      accounts.push({ id, name });
    }
    for (const { id } of accounts) await askRotation(pool, { orgId, accountId: id, cause: 'hand' });
    return accounts;
  }

  /** As if the administrator had been right a moment ago: then it may change several accounts at once. */
  async function trustAdministrator(): Promise<void> {
    const place = placeOf(system.connector, system.settingsAt(toSystem.port));
    await pool.query(
      `INSERT INTO account_administrator_tries (org_id, administrator, accepted_at) VALUES ($1, $2, clock_timestamp())
       ON CONFLICT (org_id, administrator) DO UPDATE SET accepted_at = clock_timestamp(), denied = false, tried_at = NULL`,
      [orgId, `${place} ${system.admin.userName}`],
    );
  }

  /** No pause is waited for, and no claim of what has died. */
  async function untilOver({ id }: Account): Promise<void> {
    await until(async () => {
      const [rotation] = await rotationsOf(product, id);
      if (rotation && ['done', 'manual', 'old_works'].includes(rotation.state)) return true;
      await passTime(product, id);
      await trustAdministrator();
      await pool.query(announceSql);
      await new Promise((resolve) => setTimeout(resolve, 50));
      return false;
    });
  }

  async function told({ id, name }: Account): Promise<Told> {
    const versions: string[] = [];
    for (const { state, password } of await passwordsOf(product, orgId, id))
      versions.push(`${state} ${(await system.signsIn(name, password)) ? 'works' : 'is refused'}`);
    const [rotation] = await rotationsOf(product, id);
    return { state: rotation?.state ?? 'none', versions };
  }

  /** Some accounts are at the point, and stand still there. */
  async function held([, hold]: Point, proxy: TcpProxy, count: number): Promise<readonly Account[]> {
    proxy.hold(hold);
    const accounts = await plant(count);
    if (!node) await startANode();
    await until(async () => {
      await trustAdministrator();
      return proxy.held() >= count;
    });
    return accounts;
  }

  /** Something dies there, and everything starts again. */
  async function round(point: Point, proxy: TcpProxy, killed: Killed, count: number): Promise<void> {
    const accounts = await held(point, proxy, count);
    await kill[killed]();
    proxy.release();
    if (!node) await startANode();
    for (const account of accounts) await untilOver(account);
    for (const account of accounts) expectNothingLost(await told(account));
    await pool.query('DELETE FROM accounts WHERE org_id = $1', [orgId]);
  }

  /**
   * The node stands still there (SIGSTOP) until another one has done everything, and wakes up then:
   * what it had said to the system arrives, and what it writes is on a claim that ran out.
   */
  async function stall(point: Point, count: number): Promise<void> {
    const accounts = await held(point, toSystem, count);
    const stalled = node as ChildProcess;
    stalled.kill('SIGSTOP');
    toSystem.holdNothingMore();
    await startANode();
    for (const account of accounts) await untilOver(account);
    const before = await Promise.all(accounts.map(told));
    const rotations = () => Promise.all(accounts.map(({ id }) => rotationsOf(product, id)));
    const written = await rotations();
    const exit = once(stalled, 'exit');
    stalled.kill('SIGCONT');
    toSystem.release();
    // It ends what is under way, and then itself.
    stalled.disconnect();
    await exit;
    expect(await Promise.all(accounts.map(told))).toEqual(before);
    expect(await rotations()).toEqual(written);
    for (const said of before) expectNothingLost(said);
    await pool.query('DELETE FROM accounts WHERE org_id = $1', [orgId]);
  }

  const points = [
    ...atDatabase.map((point) => ({
      point,
      proxy: () => toDatabase,
      most: mostAtOnce.database,
      inShort: [] as readonly Killed[],
    })),
    ...atSystem.map((point, index) => {
      const inShort = [(['node', 'database', 'system'] as const)[index % 3] as Killed];
      return { point, proxy: () => toSystem, most: mostAtOnce.system, inShort };
    }),
  ];
  const kills = points.flatMap(({ inShort, ...point }) =>
    (['node', 'database', 'system'] as const)
      .filter((killed) => !short || inShort.includes(killed) || (point.point[0] === lastPoint && killed === 'system'))
      .map((killed) => ({ ...point, name: point.point[0], killed })),
  );

  describe('nothing is lost', () => {
    // Against hanging alone: trials by hand may be many.
    const timeout = Math.max(240, trials * 60) * 1000;
    it.each(kills)('when a $killed is killed $name', { timeout }, async ({ point, proxy, most, killed }) => {
      for (let left = trials; left > 0; left -= most) await round(point, proxy(), killed, Math.min(left, most));
    });

    const stalls = atSystem.map(([name, hold]) => ({ name, hold })).slice(0, byHand === null ? 1 : atSystem.length);
    it.each(stalls)('when a node stands still $name', { timeout }, async ({ name, hold }) => {
      for (let left = trials; left > 0; left -= mostAtOnce.system)
        await stall([name, hold], Math.min(left, mostAtOnce.system));
    });
  });
}
