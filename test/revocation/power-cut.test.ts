import { expect, it } from 'vitest';
import { startTestPostgres } from '../support/database.ts';
import { plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { startProduct } from '../support/product.ts';

it('holds every 204 through kill -9 of PostgreSQL in the middle of revocations, and recovers by itself', async () => {
  const postgres = await startTestPostgres();
  const product = await startProduct({ databaseUrl: postgres.url, processes: 1 });
  try {
    const node = product.nodes[1] as string;
    const statuses = new Map<number, number>();
    let broken = 0;
    for (let round = 0; round < 4; round += 1) {
      const users = await plantUsers(product, 600);
      const promised: string[] = [];
      const revoking = Promise.all(
        Array.from({ length: 200 }, async (_, worker) => {
          for (let index = worker; index < users.length; index += 200) {
            const user = users[index] as (typeof users)[number];
            const { status } = await product.revoke({ format: 'email', email: user.email }, { at: node });
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
            if (status === 204) promised.push(user.cookies[0] as string);
          }
        }),
      );
      // In the middle: some have been promised, most are still to come.
      while (promised.length < 5 + round * 20) await new Promise((resolve) => setTimeout(resolve, 1));
      await postgres.kill();
      await new Promise((resolve) => setTimeout(resolve, 300));
      await postgres.restart();
      await revoking;
      await waitUntilReady(node);
      for (const cookie of promised) broken += (await statusOfMe(node, cookie)) === 401 ? 0 : 1;
    }
    expect(broken).toBe(0);
    expect(statuses.get(204)).toBeGreaterThan(0);
    // What wasn't promised was refused as unavailable, never as anything else.
    expect(statuses.get(503)).toBeGreaterThan(0);
    expect([...statuses.keys()].sort()).toEqual([204, 503]);
  } finally {
    await product.stop();
    await postgres.stop();
  }
}, 180_000);

async function waitUntilReady(node: string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if ((await fetch(`${node}/readyz`)).status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the node did not become ready again');
}
