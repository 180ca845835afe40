import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { cleaningLock } from '../../src/database/chores.ts';
import { transaction } from '../../src/database/pool.ts';
import { createRekeyNames } from '../../src/users/rekey-names.ts';
import { provision } from '../scim/support.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let scim: Awaited<ReturnType<typeof provision>>;
beforeAll(async () => {
  product = await startProduct();
  scim = await provision(product);
});
afterAll(() => product?.stop());

it('finds people whose user names were keyed by a version before, and tells of two who are one now', async () => {
  const { pool } = product.context;
  // The product's own housekeeping does the same, five seconds after the start: it has to wait.
  const holder = await pool.connect();
  await holder.query('SELECT pg_advisory_lock($1)', [cleaningLock]);
  onTestFinished(async () => {
    await holder.query('SELECT pg_advisory_unlock_all()');
    holder.release();
  });
  const keyed = async (userName: string, key: string, email: string) => {
    const { id } = await scim.user(userName, { emails: [{ value: email, primary: true }] });
    await pool.query('UPDATE users SET user_name_key = $2 WHERE id = $1', [id, key]);
    return String(id);
  };
  await keyed('jürgen@münchen.fake', 'jürgen@münchen.fake', 'j@whiterabbit.fake');
  const first = await keyed('Νίκος', 'νίκος', 'n1@whiterabbit.fake');
  const second = await keyed('ΝΊΚΟΣ', 'νίκοσ ', 'n2@whiterabbit.fake');
  await keyed('plain name', 'plain name', 'p@whiterabbit.fake');
  expect((await product.revoke({ format: 'email', email: 'jürgen@münchen.fake' })).status).toBe(404);
  const told: unknown[] = [];
  const chore = createRekeyNames({ log: { warn: (line: unknown) => void told.push(line) } as never });
  expect(await transaction(pool, chore)).toBe(false);
  expect((await product.revoke({ format: 'email', email: 'jürgen@münchen.fake' })).status).toBe(204);
  expect(told).toHaveLength(1);
  expect([first, second]).toContain((told[0] as { userId: string }).userId);
  // Nothing is left to do, and no later part looks again.
  await pool.query(`UPDATE users SET user_name_key = 'other' WHERE id = $1`, [first]);
  expect(await transaction(pool, chore)).toBe(false);
  const { rows } = await pool.query('SELECT user_name_key FROM users WHERE id = $1', [first]);
  expect(rows[0].user_name_key).toBe('other');
});
