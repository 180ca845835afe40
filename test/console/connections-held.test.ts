import { afterAll, beforeAll, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { openConsole } from './client.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
});
afterAll(() => product.stop());

it.each([
  ['a person', () => `/admin/people/${owner.id}`],
  ['the overview', () => '/admin'],
  ['the administrators', () => '/admin/settings/administrators?search=a'],
  ['provisioning', () => '/admin/settings/provisioning'],
  ['the organisation', () => '/admin/settings/organisation'],
])('the page of %s holds two connections of the general pool at most', async (_, address) => {
  const console = openConsole(product.url, owner.cookie);
  const { pool } = product.context;
  // A connection that is being made comes later than the work for it.
  await console.get(address());
  let held = 0;
  let most = 0;
  const take = () => {
    held += 1;
    most = Math.max(most, held);
  };
  const giveBack = () => {
    held -= 1;
  };
  pool.on('acquire', take).on('release', giveBack);
  try {
    expect((await console.get(address())).status).toBe(200);
  } finally {
    pool.off('acquire', take).off('release', giveBack);
  }
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(2);
});
