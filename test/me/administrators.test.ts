import { afterAll, beforeAll, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

const ask = async (cookie?: string) => {
  const headers = cookie ? { cookie } : {};
  const response = await fetch(`${product.url}/api/users/me/administrators`, { headers });
  const body = (await response.json()) as { code?: string; items: { name: string; email: string; role: string }[] };
  return { status: response.status, ...body };
};

it('names those who administer one’s own organisation, owners first, and nobody else', async () => {
  const { cookie, email: own } = await plantAdministrator(product, 'member');
  const admin = await plantAdministrator(product, 'admin');
  const owner = await plantAdministrator(product, 'owner');
  const foreign = await plantAdministrator(product, 'owner', { org: 'metacortex' });
  const off = await plantAdministrator(product, 'super_admin');
  await product.context.pool.query('UPDATE users SET active = false WHERE id = $1', [off.id]);
  const { items } = await ask(cookie);
  expect(items).toEqual([
    { name: expect.any(String), email: owner.email, role: 'owner' },
    { name: expect.any(String), email: admin.email, role: 'admin' },
  ]);
  expect(items.map(({ email }) => email)).not.toContain(own);
  expect((await ask(foreign.cookie)).items.map(({ email }) => email)).toEqual([foreign.email]);
});

it('names twenty at most', async () => {
  for (let number = 0; number < 20; number += 1) await plantAdministrator(product, 'admin');
  const { cookie } = await plantAdministrator(product, 'member');
  const { items } = await ask(cookie);
  expect(items).toHaveLength(20);
  expect(items[0]?.role).toBe('owner');
});

it('answers nobody who isn’t signed in', async () => {
  expect(await ask()).toMatchObject({ status: 401, code: 'not_signed_in' });
});
