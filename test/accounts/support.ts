import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { createVault } from '../../src/accounts/vault.ts';
import { newId } from '../../src/database/ids.ts';
import type { Product } from '../support/product.ts';

type WithContext = Pick<Product, 'context'>;

/** A PostgreSQL that asks for passwords (SCRAM), where roles are made and tried. */
export function openTarget(adminUrl: string = inject('adminUrl')) {
  const url = new URL(adminUrl);
  const roles: string[] = [];
  const run = async (sql: string) => {
    const client = new pg.Client({ connectionString: adminUrl });
    client.on('error', () => {});
    await client.connect();
    return client.query(sql).finally(() => client.end());
  };
  return {
    run,
    place: { host: '127.0.0.1', port: Number(url.port), database: 'postgres', tls: 'off' },
    /** Who may change the passwords of the roles made here. */
    admin: { userName: decodeURIComponent(url.username), password: decodeURIComponent(url.password) },
    async makeRole(name = `role_${randomBytes(6).toString('hex')}`) {
      const password = randomBytes(12).toString('hex');
      await run(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
      roles.push(name);
      return { name, password };
    },
    /** Lets nobody change this role until what is returned is called. */
    async hold(name: string): Promise<() => Promise<void>> {
      const client = new pg.Client({ connectionString: adminUrl });
      client.on('error', () => {});
      await client.connect();
      await client.query('BEGIN');
      await client.query(`ALTER ROLE ${name} CONNECTION LIMIT 50`);
      return () => client.end();
    },
    /** Whether it lets somebody in. Anything but a refused password is thrown. */
    async signsIn(userName: string, password: string): Promise<boolean> {
      const client = new pg.Client({ ...this.place, ssl: false, user: userName, password });
      client.on('error', () => {});
      try {
        await client.connect();
        await client.end();
        return true;
      } catch (error) {
        if ((error as { code?: string }).code === '28P01') return false;
        throw error;
      }
    },
    async drop() {
      for (const name of roles) await run(`DROP ROLE IF EXISTS ${name}`);
    },
  };
}

export type Target = ReturnType<typeof openTarget>;

type Planted = Readonly<{
  connector?: string;
  userName: string;
  password: string;
  settings: object;
  admin?: Readonly<{ userName: string; password: string }> | string | null;
  users?: readonly string[];
  groups?: readonly string[];
  passwordRules?: object;
  everyDays?: number;
}>;

/** A shared account whose current version is 1. Returns its id. */
export async function plantAccount({ context }: WithContext, orgId: string, account: Planted): Promise<string> {
  const { pool, keyring } = context;
  const vault = createVault({ pool, keyring });
  const id = newId('account');
  const { admin = null } = account;
  const own = admin !== null && typeof admin === 'object' ? admin : null;
  await pool.query(
    `INSERT INTO accounts (org_id, id, name, user_name, connector, settings, admin_account_id, admin_user_name, admin_password,
                           password_rules, every_days, version, next_version, changed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, 2, clock_timestamp())`,
    [
      orgId,
      id,
      account.userName,
      account.userName,
      account.connector ?? 'postgresql',
      account.settings,
      admin === 'itself' ? id : typeof admin === 'string' ? admin : null,
      own?.userName ?? null,
      own && (await vault.sealAdmin(orgId, id, own.password)),
      account.passwordRules ?? {},
      account.everyDays ?? null,
    ],
  );
  await pool.query(
    `INSERT INTO account_versions (org_id, account_id, version, sealed, state) VALUES ($1, $2, 1, $3, 'current')`,
    [orgId, id, await vault.seal(orgId, id, 1, account.password)],
  );
  const give = (column: string, holder: string) =>
    pool.query(
      `INSERT INTO account_rights (org_id, id, account_id, ${column}, "right") VALUES ($1, $2, $3, $4, 'use')`,
      [orgId, newId('accountRight'), id, holder],
    );
  for (const user of account.users ?? []) await give('user_id', user);
  for (const group of account.groups ?? []) await give('group_id', group);
  return id;
}

export type RotationRow = {
  id: string;
  state: string;
  cause: string;
  error: string | null;
  candidate: number | null;
  previous: number | null;
  revealed: boolean;
  claim: number;
  attempts: number;
  user_id: string | null;
  revocation_id: string | null;
  told: string[];
  started_at: Date | null;
  promoted_at: Date | null;
  why: string | null;
};

export async function rotationsOf({ context }: WithContext, accountId: string): Promise<RotationRow[]> {
  const { rows } = await context.pool.query<RotationRow>(
    'SELECT * FROM account_rotations WHERE account_id = $1 ORDER BY created_at, id',
    [accountId],
  );
  return rows;
}

/** Every kept password of an account with its state, the latest first. */
export async function passwordsOf({ context }: WithContext, orgId: string, accountId: string) {
  const vault = createVault(context);
  const { rows } = await context.pool.query<{ version: number; sealed: string; state: string }>(
    'SELECT version, sealed, state FROM account_versions WHERE org_id = $1 AND account_id = $2 ORDER BY version DESC',
    [orgId, accountId],
  );
  return Promise.all(
    rows.map(async ({ version, state, sealed }) => ({
      version,
      state,
      password: await vault.open(orgId, accountId, version, sealed),
    })),
  );
}

export async function currentPassword(product: WithContext, orgId: string, accountId: string): Promise<string> {
  const versions = await passwordsOf(product, orgId, accountId);
  return versions.find(({ state }) => state === 'current')?.password ?? '';
}

export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** As if the pauses were over, and a claim of a node that is gone had run out. */
export async function passTime({ context }: WithContext, accountId: string): Promise<void> {
  await context.pool.query(
    `UPDATE account_rotations SET due_at = clock_timestamp() WHERE account_id = $1 AND due_at > clock_timestamp() AND finished_at IS NULL`,
    [accountId],
  );
  await context.pool.query('UPDATE accounts SET wrong_tried_at = NULL WHERE id = $1', [accountId]);
}

/** Waits until no rotation of the account has anything to do. */
export async function untilSettled(
  product: WithContext,
  accountId: string,
  { skipPauses = false } = {},
): Promise<RotationRow[]> {
  for (;;) {
    const rows = await rotationsOf(product, accountId);
    const { rowCount } = await product.context.pool.query('SELECT FROM account_outbox LIMIT 1');
    const isSettled = rows.every(({ state }) => ['done', 'cancelled', 'manual', 'old_works'].includes(state));
    if (rowCount === 0 && rows.length > 0 && isSettled) return rows;
    if (skipPauses) await passTime(product, accountId);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
