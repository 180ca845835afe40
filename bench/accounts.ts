import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { createVault } from '../src/accounts/vault.ts';
import { createKeyring } from '../src/keyring.ts';
import { type AccountBed, orgIdSql, plant, revoke } from './account-bed.ts';
import { measureRefusals, type Refusals, trySignIn } from './account-refusals.ts';
import { type AccountSystem, openPostgresql, serversOfOthers, startHttpAndScim } from './account-systems.ts';
import type { Child } from './child.ts';
import { type ForwardStore, openForwardStore, orgs } from './forward-store.ts';
import { quantile } from './measure.ts';
import { sql } from './people.ts';

export type AccountSize = Readonly<{
  /** Revocations with accounts and without. */
  revocations: number;
  /** People with one account each, for each system. */
  single: number;
  /** Accounts of the person with very many. */
  many: number;
}>;
export type AccountsResult = Readonly<{
  /** p50 in milliseconds: of an org with 1,000 accounts, and of one without. */
  withAccounts: number;
  without: number;
  /** Of each system, or its name alone: it isn't installed. */
  systems: readonly (Refusals | Readonly<{ name: string }>)[];
  /** `meanwhile`: revocations of another org. */
  many: Readonly<{ accounts: number; seconds: number; meanwhile: Readonly<{ p50: number; most: number }> }>;
  /** Load averages of the last minute: at the beginning, and at the end. */
  load: readonly [number, number];
}>;

/** Accounts of the org that a person has nothing to do with. */
export const others = 1_000;
/** Milliseconds between two revocations of another org. */
const meanwhileMs = 100;

/** What shared accounts cost a revocation, and how soon each kind of system refuses an old password. */
export async function measureAccounts(
  serverUrl: string,
  load: Child,
  size: AccountSize,
  progress: (text: string) => void,
): Promise<AccountsResult> {
  const loadBefore = os.loadavg()[0] ?? 0;
  progress('filling two organisations');
  const store = await openForwardStore(serverUrl, { large: 10, others: 2_000 });
  const postgresql = await openPostgresql(serverUrl);
  try {
    const vault = createVault({ pool: store.pool, keyring: createKeyring([Buffer.alloc(32, 1)]) });
    const bed = { store, load, vault };
    await addOthers(store);
    progress('revocations with accounts and without, in turn');
    const alone = await measureRevocations(bed, size.revocations);
    const systems: AccountsResult['systems'][number][] = [
      ...(await refusalsOf(bed, [postgresql], size, progress)),
      ...(await refusalsOf(bed, await startHttpAndScim(), size, progress)),
    ];
    for (const { name, start } of serversOfOthers) {
      if (start) progress(`starting ${name}`);
      systems.push(...(start ? await refusalsOf(bed, [await start()], size, progress) : [{ name }]));
    }
    progress(`${size.many.toLocaleString('en')} accounts of one person`);
    const many = await measureMany(bed, postgresql, size.many);
    return { ...alone, systems, many, load: [loadBefore, os.loadavg()[0] ?? 0] };
  } finally {
    await store.close();
    await postgresql.stop();
  }
}

async function addOthers({ pool }: ForwardStore): Promise<void> {
  await pool.query(`
    INSERT INTO accounts (org_id, id, name, user_name, connector)
    SELECT ${orgIdSql}, 'acc_other_' || n, 'Other', 'other', 'manual' FROM generate_series(1, ${others}) n;
    INSERT INTO account_rights (org_id, id, account_id, user_id, "right")
    SELECT org_id, 'art_' || id, id, ${sql.userId(String(orgs.three))}, 'use' FROM accounts;
    ANALYZE accounts, account_rights`);
}

const median = (values: readonly number[]) => quantile(Float64Array.from(values), 0.5);

async function measureRevocations({ store, load }: AccountBed, count: number) {
  const waits = { three: [] as number[], none: [] as number[] };
  for (let number = 0; number < count + 10; number += 1)
    for (const org of ['three', 'none'] as const) {
      const wait = await revoke(store, load, store.next[org](1));
      // The first ones warm up.
      if (number >= 10) waits[org].push(wait);
      await delay(30);
    }
  return { withAccounts: median(waits.three), without: median(waits.none) };
}

/** Of systems that are stopped after it, but for the benchmark's own PostgreSQL. */
async function refusalsOf(
  bed: AccountBed,
  systems: readonly AccountSystem[],
  { single }: AccountSize,
  progress: (text: string) => void,
): Promise<Refusals[]> {
  const measured: Refusals[] = [];
  try {
    for (const system of systems) {
      progress(`from the 204 to the refusal of the old password: ${system.name}`);
      measured.push(await measureRefusals(bed, system, single));
    }
    return measured;
  } finally {
    for (const system of systems) if (system.kind !== 'postgresql') await system.stop();
  }
}

async function measureMany(bed: AccountBed, system: AccountSystem, many: number): Promise<AccountsResult['many']> {
  const { store, load } = bed;
  const [person] = store.next.three(1) as [number];
  const accounts = await plant(
    bed,
    system,
    Array.from({ length: many }, () => person),
  );
  await revoke(store, load, [person]);
  const answered = Date.now();
  const meanwhile: number[] = [];
  for (;;) {
    meanwhile.push(await revoke(store, load, store.next.none(1)));
    const at = await whenAllDone(
      store,
      accounts.map(({ id }) => id),
    );
    if (at !== null) {
      for (const { user } of accounts.slice(0, 20)) await refuses(system, user);
      const waits = { p50: median(meanwhile), most: Math.max(...meanwhile) };
      return { accounts: many, seconds: (at - answered) / 1000, meanwhile: waits };
    }
    await delay(meanwhileMs);
  }
}

async function refuses(system: AccountSystem, user: Parameters<typeof trySignIn>[1]): Promise<void> {
  const { result } = await trySignIn(system, user);
  if (result !== 'refused') throw new Error(`${system.name}: an old password is ${result} after its rotation`);
}

/** When the last of all their rotations was done, by the clock of this machine; null: not all are. */
async function whenAllDone({ pool }: ForwardStore, accounts: readonly string[]): Promise<number | null> {
  const { rows } = await pool.query<{ waiting: boolean }>(
    `SELECT EXISTS (SELECT FROM account_rotations WHERE org_id = ${orgIdSql} AND state <> 'done') OR
            EXISTS (SELECT FROM account_outbox) AS waiting`,
  );
  if (rows[0]?.waiting) return null;
  const { rows: done } = await pool.query<{ count: number; at: Date }>(
    'SELECT count(*)::int AS count, max(finished_at) AS at FROM account_rotations WHERE account_id = ANY ($1)',
    [accounts],
  );
  return done[0]?.count === accounts.length ? done[0].at.getTime() : null;
}
