import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { adoptDatabase, knowsDatabase } from '../../src/accounts/rotation/known-database.ts';
import { transaction } from '../../src/database/pool.ts';
import { createTestDatabase, openPool } from '../support/database.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { openTarget, plantAccount, rotationsOf, until } from './support.ts';

// A copy of the database, with the same keys and the same network, must not change passwords at the
// real systems: those that the original keeps would be refused.
let product: Product;
const target = openTarget();
beforeAll(async () => {
  product = await startProduct({ env: { METRICS_TOKEN: 'for-the-scraper-of-figures' } });
});
afterAll(async () => {
  await product?.stop();
  await target.drop();
});

it('a copy is told from the database that it was made of, which goes on', async () => {
  const original = await createTestDatabase();
  const name = new URL(original.url).pathname.slice(1);
  const pool = openPool({ connectionString: original.url, max: 1 });
  // Nobody has known it yet, as after an upgrade.
  expect(await knowsDatabase(pool)).toBe(true);
  await pool.end();
  const admin = new pg.Client({ connectionString: inject('adminUrl') });
  await admin.connect();
  await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, [name]);
  await admin.query(`CREATE DATABASE ${name}_copy TEMPLATE ${name}`);
  const at = (path: string) => Object.assign(new URL(original.url), { pathname: `/${path}` }).href;
  const [copy, again] = [at(`${name}_copy`), at(name)].map((url) => openPool({ connectionString: url, max: 1 }));
  try {
    expect(await knowsDatabase(copy as pg.Pool)).toBe(false);
    expect(await knowsDatabase(again as pg.Pool)).toBe(true);
    await transaction(copy as pg.Pool, adoptDatabase);
    expect(await knowsDatabase(copy as pg.Pool)).toBe(true);
  } finally {
    await Promise.all([copy?.end(), again?.end()]);
    await admin.query(`DROP DATABASE ${name}_copy WITH (FORCE)`);
    await admin.end();
    await original.drop();
  }
});

it('rotations rest there, and everybody is told, until somebody says that it is the real one', async () => {
  const owner = await plantAdministrator(product, 'owner');
  const twin = await plantAdministrator(product, 'owner', { org: 'metacortex' });
  const { pool } = product.context;
  const degraded = async () =>
    ((await (await fetch(`${product.url}/readyz`)).json()) as { degraded?: string[] }).degraded ?? [];
  const needs = async (who: typeof owner) =>
    ((await who.send('GET', '/overview')).body.attention as { kind: string }[]).map(({ kind }) => kind);
  await until(async () => (await pool.query('SELECT FROM rotation_database')).rowCount === 1);
  const role = await target.makeRole();
  const account = await plantAccount(product, product.orgs.whiterabbit.id, {
    userName: role.name,
    password: role.password,
    settings: target.place,
    admin: target.admin,
  });
  expect(await degraded()).not.toContain('rotations');
  await pool.query(`UPDATE rotation_database SET database = 'another 1'`);
  await until(async () => (await degraded()).includes('rotations'));
  expect((await owner.send('POST', `/accounts/${account}/rotate`)).status).toBe(202);
  expect(await needs(owner)).toContain('rotations_rest');
  expect(await needs(twin)).not.toContain('rotations_rest');
  const metrics = await fetch(`${product.url}/metrics`, {
    headers: { authorization: 'Bearer for-the-scraper-of-figures' },
  });
  expect(await metrics.text()).toContain('universal_logout_rotations_resting 1');
  expect(await rotationsOf(product, account)).toMatchObject([{ state: 'queued', claim: 0 }]);
  expect(await target.signsIn(role.name, role.password)).toBe(true);
  await transaction(pool, adoptDatabase);
  await until(async () => (await rotationsOf(product, account))[0]?.state === 'done');
  expect(await target.signsIn(role.name, role.password)).toBe(false);
  expect(await needs(owner)).not.toContain('rotations_rest');
  expect(await degraded()).not.toContain('rotations');
});
