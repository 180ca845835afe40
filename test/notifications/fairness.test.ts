import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { byOperator } from '../../src/by.ts';
import type { Browser } from '../support/browser.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { startReceiver } from './receiver.ts';
import { drained, hasten, relayed, signInAs, until } from './support.ts';

let product: Product;
let owner: Browser;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  product = await startProduct();
  receiver = await startReceiver();
  owner = await signInAs(product, 'owner');
  await drained(product);
});
afterAll(async () => {
  await product.stop();
  await receiver.stop();
});
afterEach(async () => {
  receiver.answerWith((res) => void res.writeHead(204).end());
  const { pool } = product.context;
  await pool.query('DELETE FROM webhooks');
  await pool.query('SELECT graphile_worker.complete_jobs(array_agg(id)) FROM graphile_worker.jobs');
});

const addHook = (orgId: string, path: string) =>
  product.context.webhooks.add(orgId, { url: receiver.url + path, kinds: ['role_change'], active: true }, byOperator);

/** One event that administrators are told of, in each org; of another person each time. */
const tell = (orgIds: readonly string[]) =>
  product.context.pool.query(
    `INSERT INTO audit_events (org_id, id, action, actor_type, target_type, target_id)
     SELECT id, 'evt_' || gen_random_uuid(), 'role.changed', 'system', 'user', 'usr_' || gen_random_uuid()
     FROM unnest($1::text[]) AS org (id)`,
    [orgIds],
  );

async function plantOrgs(count: number, hooksOfEach: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => `org_slow_${Math.random().toString(36).slice(2)}`);
  for (const id of ids) {
    await product.context.prisma.org.create({ data: { id, name: id, slug: id.replaceAll('_', '-') } });
    for (let hook = 0; hook < hooksOfEach; hook += 1) await addHook(id, `/hangs/${id}/${hook}`);
  }
  return ids;
}

const count = async (table: string) =>
  (await product.context.pool.query(`SELECT count(*)::int AS count FROM ${table}`)).rows[0].count;

test('organisations whose receivers hang hold up no other one', async () => {
  const before = await count('delivery_attempts');
  receiver.answerWith((res, { path }) => {
    if (!path.startsWith('/hangs')) res.writeHead(204).end();
  });
  const slow = await plantOrgs(3, 5);
  await tell(slow);
  await tell(slow);
  await until(async () => receiver.received.filter(({ path }) => path.startsWith('/hangs')).length >= 6);
  const { whiterabbit } = product.orgs;
  await addHook(whiterabbit.id, '/well');
  await tell([whiterabbit.id]);
  await receiver.arrived('/well');
  // Not one of those that hang had been given up by then.
  const { rows } = await product.context.pool.query(
    `SELECT count(*)::int AS given_up FROM delivery_attempts WHERE status IS NULL`,
  );
  expect([rows[0].given_up, before]).toEqual([0, 0]);
});

test('tries that failed before take half of a node at most', async () => {
  const open = { now: 0, most: 0 };
  let hanging = false;
  receiver.answerWith((res) => {
    if (!hanging) return void res.writeHead(500).end();
    open.now += 1;
    open.most = Math.max(open.most, open.now);
    res.on('close', () => {
      open.now -= 1;
    });
  });
  const slow = await plantOrgs(20, 1);
  await tell(slow);
  const failedOnce = (number: number) =>
    until(async () => (await count(`deliveries WHERE status = 'pending' AND attempts >= ${number}`)) === slow.length);
  await failedOnce(1);
  hanging = true;
  await until(async () => {
    await hasten(product);
    return open.now === 12;
  });
  await addHook(product.orgs.whiterabbit.id, '/also-well');
  receiver.answerWith((res, { path }) => path === '/also-well' && void res.writeHead(204).end());
  await tell([product.orgs.whiterabbit.id]);
  await receiver.arrived('/also-well');
  expect(open).toEqual({ now: 12, most: 12 });
});

test('the pauses grow with the tries, however often the job was put off in between', async () => {
  receiver.answerWith((res) => void res.writeHead(500).end());
  const { whiterabbit } = product.orgs;
  const { id } = await addHook(whiterabbit.id, '/fails');
  await tell([whiterabbit.id]);
  const { pool } = product.context;
  const tried = (attempts: number) =>
    until(async () => {
      const { rows } = await pool.query(
        `SELECT d.id, extract(epoch FROM j.run_at - now())::float8 AS pause, j.attempts
         FROM deliveries d JOIN graphile_worker.jobs j ON j.key = d.id AND j.locked_at IS NULL
         WHERE d.webhook_id = $1 AND d.attempts = $2`,
        [id, attempts],
      );
      return rows[0];
    });
  expect((await tried(1)).pause).toBeLessThan(Math.exp(1));
  await pool.query('UPDATE deliveries SET tries = 6 WHERE webhook_id = $1', [id]);
  await hasten(product);
  const seventh = await tried(2);
  expect(seventh.attempts).toBe(0);
  expect(seventh.pause).toBeGreaterThan(Math.exp(6));
  expect(seventh.pause).toBeLessThan(Math.exp(7));
  await pool.query('UPDATE deliveries SET tries = 11 WHERE webhook_id = $1', [id]);
  await hasten(product);
  const last = await tried(3);
  expect(last.pause).toBeGreaterThan(Math.exp(9));
  expect(last.pause).toBeLessThan(Math.exp(10));
});

test('jobs that can never run again are removed, and the deliveries that were theirs are dead letters', async () => {
  const { pool } = product.context;
  const { whiterabbit } = product.orgs;
  const { id } = await addHook(whiterabbit.id, '/never');
  await pool.query(
    `INSERT INTO deliveries (org_id, id, channel, webhook_id, kinds, body)
     VALUES ($1, 'dlv_never', 'webhook', $2, '{test}', '{}')`,
    [whiterabbit.id, id],
  );
  await pool.query(
    `SELECT graphile_worker.add_job('deliver', run_at => now() + interval '1 day', job_key => key) FROM unnest($1::text[]) AS job (key)`,
    [['dlv_never', 'put off', 'waits']],
  );
  // One was replaced while it ran, then its process was killed; one process after the other did not
  // survive the other.
  await pool.query(
    `UPDATE graphile_worker._private_jobs
     SET attempts = max_attempts, key = nullif(key, 'put off'),
         locked_at = CASE WHEN key = 'put off' THEN now() - interval '2 minutes' END, locked_by = CASE WHEN key = 'put off' THEN 'killed' END
     WHERE key <> 'waits'`,
  );
  const { rows } = await until(async () => {
    const left = await pool.query('SELECT key FROM graphile_worker.jobs');
    return left.rowCount === 1 && left;
  });
  expect(rows).toEqual([{ key: 'waits' }]);
  const letters = await owner.get('/api/orgs/current/dead-letters');
  expect(letters.json<{ items: unknown[] }>().items).toMatchObject([{ id: 'dlv_never', error: 'given_up' }]);
});

test('a receiver’s clock and this process’s may differ from the database’s: repeats wait for their minute', async () => {
  const { pool } = product.context;
  const { whiterabbit } = product.orgs;
  await product.context.webhooks.add(
    whiterabbit.id,
    { url: `${receiver.url}/repeats`, kinds: ['revocation'], active: true },
    byOperator,
  );
  const [user] = await plantUsers(product, 1);
  await product.revoke({ format: 'email', email: user?.email });
  await receiver.arrived('/repeats');
  const realNow = Date.now;
  Date.now = () => realNow() + 10 * 60_000;
  try {
    await product.revoke({ format: 'email', email: user?.email });
    await relayed(product);
  } finally {
    Date.now = realNow;
  }
  const { rows } = await pool.query(
    `SELECT extract(epoch FROM j.run_at - n.created_at)::float8 AS seconds
     FROM notifications n JOIN deliveries d ON d.org_id = n.org_id AND d.notification_id = n.id
     JOIN graphile_worker.jobs j ON j.key = d.id
     WHERE n.target_id = $1`,
    [user?.id],
  );
  expect(rows.map(({ seconds }) => Math.round(seconds))).toEqual([65]);
});
