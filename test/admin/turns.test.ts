import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from '../support/browser.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let owner: Browser;
beforeAll(async () => {
  product = await startProduct();
  const { id, userId } = product.orgs.whiterabbit;
  await product.context.prisma.user.updateMany({ where: { orgId: id, id: userId }, data: { role: 'owner' } });
  owner = await product.signIn();
});
afterAll(() => product.stop());

it('an org’s many lists take turns: what is beyond is told to wait, and another org is served meanwhile', async () => {
  // Each list waits for this lock, as a dear one would take its time.
  const blocker = await product.context.pool.connect();
  await blocker.query('BEGIN; LOCK TABLE webhooks IN ACCESS EXCLUSIVE MODE');
  const asked = Array.from({ length: 40 }, () => owner.get('/api/orgs/current/webhooks'));
  const refused = (await Promise.race(asked)) as Awaited<(typeof asked)[number]>;
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
  const { metacortex } = product.orgs;
  expect((await product.revoke(undefined, { apiKey: metacortex.apiKey })).status).toBe(204);
  await blocker.query('ROLLBACK');
  blocker.release();
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(22);
  expect(statuses.filter((status) => status === 429)).toHaveLength(18);
});
