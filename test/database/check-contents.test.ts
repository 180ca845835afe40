import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { checkContents } from '../../src/database/check-contents.ts';
import { openPool } from '../support/database.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

const old = Buffer.alloc(32, 7);
const other = Buffer.alloc(32, 8);
const readiness = async (url = product.url) => {
  const answer = await fetch(`${url}/readyz`);
  return { status: answer.status, text: await answer.text() };
};

async function until(status: number): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await readiness();
    if (answer.status === status) return answer.text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`/readyz never said ${status}`);
}

test('a key that stored secrets need cannot be retired; one that is added in front is no reason', async () => {
  const { pool } = product.context;
  await checkContents(pool, [old]);
  await checkContents(pool, [other, old]);
  await expect(checkContents(pool, [other])).rejects.toThrow(
    /ENCRYPTION_KEYS lacks a key .*client secrets of connections: 2/,
  );
});

test('/readyz is red while a stored secret cannot be opened', async () => {
  const { pool } = product.context;
  await until(200);
  const { rows } = await pool.query('SELECT org_id, id, client_secret FROM connections LIMIT 1');
  const [{ org_id, id, client_secret }] = rows;
  const set = 'UPDATE connections SET client_secret = $3 WHERE org_id = $1 AND id = $2';
  await pool.query(set, [org_id, id, 'sealed']);
  expect(await until(503)).toMatch(/ENCRYPTION_KEYS lacks a key/);
  await pool.query(set, [org_id, id, client_secret]);
  await until(200);
});

test.each([
  ['default_transaction_read_only=on', /read-only/],
  ['role=pg_read_all_data', /lacks privileges\. GRANT it INSERT on users, .*UPDATE on users/],
])('a database that cannot be written is refused: %s', async (setting, reason) => {
  const pool = openPool({ connectionString: product.databaseUrl, options: `-c ${setting}` });
  onTestFinished(() => pool.end());
  await expect(checkContents(pool, [old])).rejects.toThrow(reason);
});
