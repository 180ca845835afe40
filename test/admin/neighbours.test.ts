import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

it("one org's lists take turns, 429 beyond; another org's revocation and sessions do not wait", async () => {
  const [admin] = await plantUsers(product, 1);
  const [theirs] = await plantUsers(product, 1, { org: 'metacortex' });
  await product.context.pool.query("UPDATE users SET role = 'admin' WHERE id = $1", [admin?.id]);
  const headers = { cookie: admin?.cookies[0] ?? '' };
  const list = () => fetch(`${product.url}/api/orgs/current/groups`, { headers });
  const role = await list();
  expect(role.status).toBe(200);
  const asked: Promise<Response>[] = [];
  await whileLocked(
    product,
    (blocker) => blocker.query('LOCK TABLE groups IN ACCESS EXCLUSIVE MODE'),
    async () => {
      const refused: Response[] = [];
      for (let number = 0; number < 60; number += 1) {
        const one = list();
        asked.push(one);
        void one.then((answer) => answer.status === 429 && refused.push(answer));
      }
      await waitForLock(product, 2);
      const revoked = await product.revoke(
        { format: 'opaque', id: theirs?.id },
        { apiKey: product.orgs.metacortex.apiKey },
      );
      expect(revoked.status).toBe(204);
      const me = await fetch(`${product.url}/api/users/me`, { headers });
      expect(me.status).toBe(200);
      while (refused.length < 38) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(Number(refused[0]?.headers.get('Retry-After'))).toBeGreaterThan(0);
    },
  );
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.sort()).toEqual([...Array(22).fill(200), ...Array(38).fill(429)]);
});
