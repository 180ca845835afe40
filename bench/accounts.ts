import { randomBytes } from 'node:crypto';
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createVault, type Vault } from '../src/accounts/vault.ts';
import { newId } from '../src/database/ids.ts';
import { createKeyring } from '../src/keyring.ts';
import type { Child } from './child.ts';
import { revocationRequest } from './contenders.ts';
import { type ForwardStore, openForwardStore, orgs } from './forward-store.ts';
import type { HttpJob, Samples } from './http-load.ts';
import { quantile } from './measure.ts';
import { sql } from './people.ts';
import { count, ms, table, times } from './report.ts';

export type AccountSize = Readonly<{
  /** Revocations of people with one account each; accounts of the person with very many. */
  single: number;
  many: number;
}>;
export type AccountsResult = Readonly<{
  /** p50 in milliseconds: of an org with 1,000 accounts, and of one without. */
  withAccounts: number;
  without: number;
  /** Milliseconds from the `204` until the old password was seen to be refused. */
  refused: Readonly<{ p50: number; p99: number }>;
  many: Readonly<{ accounts: number; seconds: number }>;
  load: number;
}>;

/** Accounts of the org that a person has nothing to do with. */
const others = 1_000;

/** What shared accounts cost a revocation, and how soon an old password is refused by PostgreSQL. */
export async function measureAccounts(
  serverUrl: string,
  load: Child,
  size: AccountSize,
  progress: (text: string) => void,
): Promise<AccountsResult> {
  progress('filling two organisations, and an account of PostgreSQL for each person who is revoked');
  const people = 2_000;
  const store = await openForwardStore(serverUrl, { large: 10, others: people });
  const server = await openServer(serverUrl);
  try {
    const vault = createVault({ pool: store.pool, keyring: createKeyring([Buffer.alloc(32, 1)]) });
    await addOthers(store);
    progress('revocations with accounts and without, in turn');
    const alone = await measureRevocations(store, load, size.single);
    progress('from the 204 to the refusal of the old password');
    const refused = await measureRefusals({ store, load, server, vault }, size.single);
    progress(`${count(size.many)} accounts of one person`);
    const many = await measureMany({ store, load, server, vault }, size.many);
    return { ...alone, refused, many, load: os.loadavg()[0] ?? 0 };
  } finally {
    await store.close();
    await server.close();
  }
}

type Bed = Readonly<{ store: ForwardStore; load: Child; server: Awaited<ReturnType<typeof openServer>>; vault: Vault }>;

/** The server of the benchmark is the system, too: with roles that have passwords. */
async function openServer(serverUrl: string) {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  const url = new URL(serverUrl);
  const roles: string[] = [];
  return {
    settings: { host: '127.0.0.1', port: Number(url.port), database: 'postgres', tls: 'off' },
    admin: { userName: decodeURIComponent(url.username), password: decodeURIComponent(url.password) },
    async makeRole() {
      const role = { name: `bench_${randomBytes(6).toString('hex')}`, password: randomBytes(12).toString('hex') };
      await client.query(`CREATE ROLE ${role.name} LOGIN PASSWORD '${role.password}'`);
      roles.push(role.name);
      return role;
    },
    async close() {
      for (const name of roles) await client.query(`DROP ROLE ${name}`);
      await client.end();
    },
  };
}

const orgIdSql = sql.orgId(String(orgs.three));

async function addOthers({ pool }: ForwardStore): Promise<void> {
  await pool.query(`
    INSERT INTO accounts (org_id, id, name, user_name, connector)
    SELECT ${orgIdSql}, 'acc_other_' || n, 'Other', 'other', 'manual' FROM generate_series(1, ${others}) n;
    INSERT INTO account_rights (org_id, id, account_id, user_id, "right")
    SELECT org_id, 'art_' || id, id, ${sql.userId(String(orgs.three))}, 'use' FROM accounts;
    ANALYZE accounts, account_rights`);
}

async function revoke({ node }: ForwardStore, load: Child, people: readonly number[]): Promise<number> {
  const job: HttpJob = {
    port: node.port,
    connections: 1,
    budget: 600_000,
    count: people.length,
    requests: people.map(revocationRequest),
    expect: 204,
  };
  return (await load.call<Samples>('http', job)).latencies[0] as number;
}

async function measureRevocations(store: ForwardStore, load: Child, single: number) {
  const waits = { three: [] as number[], none: [] as number[] };
  for (let number = 0; number < single + 10; number += 1)
    for (const org of ['three', 'none'] as const) {
      const wait = await revoke(store, load, store.next[org](1));
      // The first ones warm up.
      if (number >= 10) waits[org].push(wait);
      await delay(30);
    }
  const median = (values: readonly number[]) => quantile(Float64Array.from(values), 0.5);
  return { withAccounts: median(waits.three), without: median(waits.none) };
}

async function plant({ store, server, vault }: Bed, person: number): Promise<string> {
  const { name, password } = await server.makeRole();
  const { rows } = await store.pool.query<{ org: string }>(`SELECT ${orgIdSql} AS org`);
  const orgId = (rows[0] as { org: string }).org;
  const id = newId('account');
  await store.pool.query(
    `INSERT INTO accounts (org_id, id, name, user_name, connector, settings, admin_user_name, admin_password, version, next_version, changed_at)
     VALUES ($1, $2, 'Role', $3, 'postgresql', $4, $5, $6, 1, 2, now())`,
    [orgId, id, name, server.settings, server.admin.userName, await vault.sealAdmin(orgId, id, server.admin.password)],
  );
  await store.pool.query(
    `INSERT INTO account_versions (org_id, account_id, version, sealed, state) VALUES ($1, $2, 1, $3, 'current')`,
    [orgId, id, await vault.seal(orgId, id, 1, password)],
  );
  await store.pool.query(
    `INSERT INTO account_rights (org_id, id, account_id, user_id, "right") VALUES ($1, $2, $3, ${sql.userId(String(person))}, 'use')`,
    [orgId, newId('accountRight'), id],
  );
  return id;
}

/** When the old passwords of all of them were seen to be refused, by the clock of this machine. */
async function untilRefused({ pool }: ForwardStore, accounts: readonly string[]): Promise<number> {
  for (;;) {
    const { rows } = await pool.query<{ done: number; at: Date | null }>(
      `SELECT count(*)::int AS done, max(finished_at) AS at FROM account_rotations WHERE account_id = ANY ($1) AND state = 'done'`,
      [accounts],
    );
    if (rows[0]?.done === accounts.length && rows[0].at) return rows[0].at.getTime();
    await delay(20);
  }
}

async function measureRefusals(bed: Bed, single: number) {
  const waits: number[] = [];
  for (const person of bed.store.next.three(single)) {
    const account = await plant(bed, person);
    await revoke(bed.store, bed.load, [person]);
    const answered = Date.now();
    waits.push(Math.max(0, (await untilRefused(bed.store, [account])) - answered));
  }
  const all = Float64Array.from(waits);
  return { p50: quantile(all, 0.5), p99: quantile(all, 0.99) };
}

async function measureMany(bed: Bed, many: number) {
  const [person] = bed.store.next.three(1) as [number];
  const accounts: string[] = [];
  for (let number = 0; number < many; number += 1) accounts.push(await plant(bed, person));
  await revoke(bed.store, bed.load, [person]);
  const answered = Date.now();
  return { accounts: many, seconds: ((await untilRefused(bed.store, accounts)) - answered) / 1000 };
}

export function accountsReport({ withAccounts, without, refused, many, load }: AccountsResult): string {
  const rows = [
    [
      `a revocation, p50 ms: an org with ${count(others)} accounts / without`,
      `${ms(withAccounts)} / ${ms(without)}`,
      '',
    ],
    ['the same, ratio', times(withAccounts / without), '≤ 1.1 ×'],
    [
      'from the 204 to "old password refused", PostgreSQL: p50 / p99, ms',
      `${ms(refused.p50)} / ${ms(refused.p99)}`,
      '',
    ],
    [
      `${count(many.accounts)} accounts of one person, seconds until all old ones are refused`,
      many.seconds.toFixed(1),
      '',
    ],
  ];
  return [`\nShared accounts (load average ${load.toFixed(1)})`, table(['', 'measured', 'aim'], rows)].join('\n');
}
