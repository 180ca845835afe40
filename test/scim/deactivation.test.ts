import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';
import { provision, urns } from './support.ts';

let product: Product;
let client: Awaited<ReturnType<typeof provision>>;
beforeAll(async () => {
  product = await startProduct();
  client = await provision(product);
});
afterAll(() => product.stop());

it('takes wrapped single values, and leaves out what it does not know, beside a deactivation', async () => {
  const { id } = await client.user('lenient@whiterabbit.fake');
  const changed = await client.patch(`/Users/${id}`, [
    { op: 'Replace', path: 'title', value: [{ value: 'Pilot', $ref: 'x' }] },
    { op: 'Replace', path: 'nickName', value: { value: 'P', type: 'work' } },
    { op: 'Add', path: `${urns.enterprise}:manager`, value: [{ $ref: 'x', value: 'usr_1' }] },
    { op: 'Add', path: 'shoeSize', value: 9 },
    { op: 'Add', path: 'shoes[type eq "left"].size', value: 9 },
    { op: 'Replace', path: 'active', value: [{ value: 'FALSE' }] },
  ]);
  expect([changed.status, changed.body.active]).toEqual([200, false]);
  expect(changed.body).toMatchObject({
    title: 'Pilot',
    nickName: 'P',
    [urns.enterprise]: { manager: { value: 'usr_1' } },
  });
});
