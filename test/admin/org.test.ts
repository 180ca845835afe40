import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

const setRole = (role: 'owner' | 'member') =>
  product.context.prisma.user.updateMany({ where: { id: product.orgs.whiterabbit.userId }, data: { role } });

test('an administrator sees the organisation and what the role may do; a member, and nobody, do not', async () => {
  const browser = await product.signIn();
  expect((await browser.get('/api/orgs/current')).status).toBe(403);
  await setRole('owner');
  const answer = await browser.get('/api/orgs/current');
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.text)).toMatchObject({ id: product.orgs.whiterabbit.id, role: 'owner' });
  expect(JSON.parse(answer.text).permissions).toContain('access.end_everyone');
  expect((await fetch(`${product.url}/api/orgs/current`)).status).toBe(401);
});

test('the sign-in told when the person authenticated', async () => {
  await product.signIn();
  const { rows } = await product.context.pool.query(
    'SELECT authenticated_at FROM sessions ORDER BY created_at DESC LIMIT 1',
  );
  expect(rows[0].authenticated_at).toBeInstanceOf(Date);
});
