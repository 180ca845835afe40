import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from '../support/browser.ts';
import { whileLocked } from '../support/locks.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

const metricsToken = 'the-token-of-the-metrics';
const lines: { msg: string; shortage?: string }[] = [];
let product: Product;
let owner: Browser;
beforeAll(async () => {
  product = await startProduct({
    env: { METRICS_TOKEN: metricsToken },
    log: pino({ level: 'warn' }, { write: (line) => lines.push(JSON.parse(line)) }),
  });
  await product.context.prisma.user.updateMany({ data: { role: 'owner' } });
  owner = await product.signIn();
});
afterAll(() => product.stop());

const readiness = async () => {
  const answer = await fetch(`${product.url}/readyz`);
  return { status: answer.status, ...((await answer.json()) as { degraded?: string[] }) };
};
const figure = async (labels: string) => {
  const answer = await fetch(`${product.url}/metrics`, { headers: { authorization: `Bearer ${metricsToken}` } });
  const line = (await answer.text()).split('\n').find((each) => each.startsWith(`universal_logout_${labels} `));
  return Number(line?.split(' ')[1]);
};
const warnings = (shortage: string) => lines.filter((line) => line.shortage === shortage);

it('says nothing while there is enough', async () => {
  expect(await readiness()).toEqual({ status: 'ready' });
  expect(await figure('turns{queue="lists",state="running"}')).toBe(0);
  expect(await figure('turns_refused_total{queue="lists"}')).toBe(0);
});

it.each(['accessPool', 'pool'] as const)(
  'says when %s had nobody free for over a second, and goes on being ready',
  async (name) => {
    const pool = product.context[name];
    const shortage = `connections of ${{ accessPool: 'access', pool: 'general' }[name]}`;
    const held = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
    const waiting = [1, 2].map(() => pool.query('SELECT 1'));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(warnings(shortage)).toEqual([]);
    await expect.poll(() => warnings(shortage).length, { timeout: 3_000 }).toBe(1);
    const start = performance.now();
    expect(await readiness()).toMatchObject({ degraded: expect.arrayContaining([shortage]) });
    // Whoever waits for a connection waits five seconds.
    expect(performance.now() - start).toBeLessThan(4_900);
    for (const client of held) client.release();
    await Promise.all(waiting);
    // A monitor that asks a moment later still hears of it; the log has one line a minute.
    expect((await readiness()).degraded).toContain(shortage);
    expect(warnings(shortage)).toHaveLength(1);
  },
);

it('says when revocations wait in their batches, which the pool cannot tell', async () => {
  lines.length = 0;
  const people = await plantUsers(product, 12);
  const answers: Promise<Response>[] = [];
  await whileLocked(
    product,
    (blocker) => blocker.query('LOCK TABLE revocations IN ACCESS EXCLUSIVE MODE'),
    async () => {
      for (const { id } of people) {
        answers.push(product.revoke({ format: 'opaque', id }));
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      expect(product.context.endingPool.waitingCount).toBe(0);
      expect(await figure('revocations_waiting{people="free"}')).toBeGreaterThan(0);
      await expect.poll(() => warnings('connections of ending').length, { timeout: 3_000 }).toBe(1);
      expect(await figure('revocations_oldest_age_seconds')).toBeGreaterThan(0.9);
      expect(await readiness()).toMatchObject({ degraded: expect.arrayContaining(['connections of ending']) });
    },
  );
  for (const { status } of await Promise.all(answers)) expect(status).toBe(204);
  expect(await figure('revocations_waiting{people="free"}')).toBe(0);
  expect(await figure('revocations_oldest_age_seconds')).toBe(0);
  expect(await figure('revocations_given_up_total')).toBe(0);
});

it('says when turns ran out, and counts what was refused', async () => {
  const answers = await Promise.all(Array.from({ length: 60 }, () => owner.get('/api/orgs/current/users?search=x')));
  const refused = answers.filter(({ status }) => status === 429).length;
  expect(refused).toBeGreaterThan(0);
  expect(await readiness()).toMatchObject({ degraded: expect.arrayContaining(['turns of lists']) });
  expect(await figure('turns_refused_total{queue="lists"}')).toBe(refused);
  expect(await figure('turns{queue="lists",state="waiting"}')).toBe(0);
  expect(warnings('turns of lists')).toHaveLength(1);
});
