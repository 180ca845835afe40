import { randomBytes } from 'node:crypto';
import type { Vault } from '../src/accounts/vault.ts';
import { newId } from '../src/database/ids.ts';
import type { AccountSystem, User } from './account-systems.ts';
import type { Child } from './child.ts';
import { revocationRequest } from './contenders.ts';
import { type ForwardStore, orgs } from './forward-store.ts';
import type { HttpJob, Samples } from './http-load.ts';
import { sql } from './people.ts';

export type AccountBed = Readonly<{ store: ForwardStore; load: Child; vault: Vault }>;

/** Whose accounts they are: all belong to one org. */
export const orgIdSql = sql.orgId(String(orgs.three));

/** Revokes people one after another. Returns the milliseconds that the first `204` took. */
export async function revoke({ node }: ForwardStore, load: Child, people: readonly number[]): Promise<number> {
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

export type Planted = Readonly<{ id: string; person: number; user: User }>;

/** A user of the system for each of these people, as a shared account that only they may use. */
export async function plant(
  { store, vault }: AccountBed,
  system: AccountSystem,
  people: readonly number[],
): Promise<readonly Planted[]> {
  const { rows } = await store.pool.query<{ org: string }>(`SELECT ${orgIdSql} AS org`);
  const orgId = (rows[0] as { org: string }).org;
  const planted = people.map((person) => {
    const user = { name: `bench${randomBytes(6).toString('hex')}`, password: randomBytes(12).toString('hex') };
    return { id: newId('account'), person, user };
  });
  await system.add(planted.map(({ user }) => user));
  for (const { id, person, user } of planted) {
    const admin = await vault.sealAdmin(orgId, id, system.admin.password);
    await store.pool.query(
      `INSERT INTO accounts (org_id, id, name, user_name, connector, settings, admin_user_name, admin_password, version, next_version, changed_at)
       VALUES ($1, $2, $3, $3, $4, $5, $6, $7, 1, 2, now())`,
      [orgId, id, user.name, system.kind, system.settings, system.admin.userName, admin],
    );
    await store.pool.query(
      `INSERT INTO account_versions (org_id, account_id, version, sealed, state) VALUES ($1, $2, 1, $3, 'current')`,
      [orgId, id, await vault.seal(orgId, id, 1, user.password)],
    );
    await store.pool.query(
      `INSERT INTO account_rights (org_id, id, account_id, user_id, "right") VALUES ($1, $2, $3, ${sql.userId(String(person))}, 'use')`,
      [orgId, newId('accountRight'), id],
    );
  }
  return planted;
}
