import { once } from 'node:events';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { startTestPostgres } from '../support/database.ts';
import { inParallel, plantUsers } from '../support/planted-sessions.ts';
import { type Product, startNode, startProduct } from '../support/product.ts';
import { type Received, startReceiver, verify } from './receiver.ts';
import { drained, hasten, signInAs, until } from './support.ts';

type Node = Awaited<ReturnType<typeof startNode>>;

/** A node of its own whose connections can be told from others'. */
function startVictim(product: Product): Promise<Node> {
  const url = new URL(product.databaseUrl);
  url.searchParams.set('application_name', 'victim');
  return startNode({ ...product.env, DATABASE_URL: url.href });
}

async function kill({ process }: Node): Promise<void> {
  process.kill('SIGKILL');
  await once(process, 'exit');
}

const revokeAt = async (product: Product, count: number, at: string) => {
  const users = await plantUsers(product, count);
  await inParallel(users, 8, async ({ email }) => {
    expect((await product.revoke({ format: 'email', email }, { at })).status).toBe(204);
  });
  return users.map(({ id }) => id);
};

/** Each revocation is in the feed, and none is there twice. */
async function expectEachOnce(product: Product, users: readonly string[]): Promise<void> {
  const { rows } = await product.context.pool.query(
    `SELECT asked.id, count(n.id)::int AS notifications, sum(n.count)::int AS count
     FROM unnest($1::text[]) AS asked (id) LEFT JOIN notifications n ON n.target_id = asked.id GROUP BY asked.id`,
    [users],
  );
  expect(rows).toHaveLength(users.length);
  expect(rows.filter(({ notifications, count }) => notifications !== 1 || count !== 1)).toEqual([]);
}

test('a node killed before and after it has claimed loses no event, and its revocations never waited', async () => {
  const product = await startProduct();
  onTestFinished(product.stop);
  const victim = await startVictim(product);
  const gate = new pg.Client({ connectionString: product.databaseUrl });
  await gate.connect();
  await drained(product);
  // Relays claim and get no further.
  await gate.query('BEGIN; LOCK TABLE notification_feeds IN ACCESS EXCLUSIVE MODE');
  const users: string[] = [];
  await until(async () => {
    users.push(...(await revokeAt(product, 3, victim.url)));
    // Not by the gate: within its transaction it would see the same moment again and again.
    const { rows } = await product.context.pool.query(
      `SELECT FROM pg_stat_activity WHERE application_name = 'victim' AND wait_event_type = 'Lock' AND query ~ 'notification_feeds'`,
    );
    return rows.length > 0;
  });
  // These nobody has claimed: both relays are held up.
  users.push(...(await revokeAt(product, 20, victim.url)));
  await kill(victim);
  await gate.query('COMMIT');
  await gate.end();
  await drained(product);
  await expectEachOnce(product, users);
});

test('what a killed node has planned, another one runs', async () => {
  const product = await startProduct();
  onTestFinished(product.stop);
  const receiver = await startReceiver();
  onTestFinished(receiver.stop);
  const victim = await startVictim(product);
  const owner = await signInAs(product, 'owner');
  await owner.post('/api/orgs/current/webhooks', { json: { url: `${receiver.url}/hook`, kinds: ['revocation'] } });
  const [user] = await plantUsers(product, 1);
  const revoke = () => product.revoke({ format: 'email', email: user?.email }, { at: victim.url });
  await revoke();
  await receiver.arrived('/hook');
  // A repeat is told of when its minute is over: until then the job waits.
  await revoke();
  await until(async () => {
    const { rows } = await product.context.pool.query('SELECT FROM graphile_worker.jobs WHERE run_at > now()');
    return rows.length === 1;
  });
  await kill(victim);
  await hasten(product);
  const [, second] = await receiver.arrived('/hook', 2);
  expect(second?.message.data.count).toBe(2);
  await drained(product);
});

test('a node killed in the middle of deliveries: another one makes them, under the same ids', async () => {
  const product = await startProduct();
  onTestFinished(product.stop);
  const receiver = await startReceiver();
  onTestFinished(receiver.stop);
  const victim = await startVictim(product);
  const owner = await signInAs(product, 'owner');
  const hooks = await Promise.all(
    ['/one', '/two'].map(async (path) => {
      const json = { url: receiver.url + path, kinds: ['revocation'] };
      const answer = await owner.post('/api/orgs/current/webhooks', { json });
      return { path, secret: answer.json<{ secret: string }>().secret };
    }),
  );
  await drained(product);
  const held: (() => void)[] = [];
  receiver.answerWith((res) => held.push(() => void res.writeHead(204).end()));
  const users = await revokeAt(product, 12, victim.url);
  const locks = async () =>
    (
      await product.context.pool.query(
        'SELECT DISTINCT locked_by FROM graphile_worker.jobs WHERE locked_at IS NOT NULL',
      )
    ).rowCount;
  await until(async () => (await locks()) === 2);
  await kill(victim);
  receiver.answerWith((res) => void res.writeHead(204).end());
  for (const answer of held) answer();
  // What the survivor can have it finishes; what the dead one holds stays.
  const left = async () =>
    (await product.context.pool.query('SELECT locked_by FROM graphile_worker.jobs')).rows.map((row) => row.locked_by);
  await until(async () => {
    await hasten(product);
    return (await left()).every((holder) => holder !== null) && (await locks()) === 1;
  });
  expect((await left()).length).toBeGreaterThan(0);
  await product.context.pool.query(
    `UPDATE graphile_worker._private_jobs SET locked_at = locked_at - interval '2 minutes' WHERE locked_at IS NOT NULL`,
  );
  await drained(product);
  for (const { path, secret } of hooks) {
    const here = receiver.at(path);
    expect(new Set(here.map(targetOf))).toEqual(new Set(users));
    expect(new Set(here.map(idOf)).size).toBe(users.length);
    for (const one of here) verify(secret, one);
  }
  const { rows } = await product.context.pool.query('SELECT status, count(*)::int FROM deliveries GROUP BY status');
  expect(rows).toEqual([{ status: 'delivered', count: 24 }]);
  await expectEachOnce(product, users);
});

test('a delivery that fails after its job was freed under it is tried again', async () => {
  const product = await startProduct({ processes: 1 });
  onTestFinished(product.stop);
  const receiver = await startReceiver();
  onTestFinished(receiver.stop);
  const owner = await signInAs(product, 'owner');
  await owner.post('/api/orgs/current/webhooks', { json: { url: `${receiver.url}/hook`, kinds: ['revocation'] } });
  const held: (() => void)[] = [];
  receiver.answerWith((res) => held.push(() => void res.writeHead(500).end()));
  await revokeAt(product, 1, product.url);
  await receiver.arrived('/hook');
  // As is done with jobs of a process that has stood still for a minute; its lane keeps others away.
  await product.context.pool.query(
    'SELECT graphile_worker.force_unlock_workers(array_agg(locked_by)) FROM graphile_worker.jobs WHERE locked_by IS NOT NULL',
  );
  receiver.answerWith((res) => void res.writeHead(204).end());
  for (const answer of held) answer();
  // Not hastened: the pause is what the run under way ends in.
  await receiver.arrived('/hook', 2);
  await drained(product);
  expect(new Set(receiver.at('/hook').map(idOf)).size).toBe(1);
});

test('kill -9 of PostgreSQL: whatever has committed is told of, and both nodes go on', async () => {
  const postgres = await startTestPostgres();
  onTestFinished(postgres.stop);
  const product = await startProduct({ databaseUrl: postgres.url, processes: 1 });
  onTestFinished(product.stop);
  const receiver = await startReceiver();
  onTestFinished(receiver.stop);
  const owner = await signInAs(product, 'owner');
  await owner.post('/api/orgs/current/webhooks', { json: { url: `${receiver.url}/hook`, kinds: ['revocation'] } });
  const users = await plantUsers(product, 300);
  let promised = 0;
  const revoking = inParallel(users, 8, async ({ email }) => {
    const { status } = await product.revoke({ format: 'email', email }, { at: product.nodes[promised % 2] });
    if (status === 204) promised += 1;
  });
  await until(async () => promised > 60 && receiver.received.length > 10);
  await postgres.kill();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await postgres.restart();
  await revoking;
  for (const node of product.nodes) await until(async () => (await fetch(`${node}/readyz`)).status === 200);
  // Only what the workers from before the kill hold. Those of now are at work: a job that is freed while
  // it runs, and puts itself off, would be ended with the old run of it.
  await product.context.pool.query(
    `UPDATE graphile_worker._private_jobs SET locked_at = locked_at - interval '2 minutes'
     WHERE locked_at < pg_postmaster_start_time()`,
  );
  await drained(product);
  const { rows } = await product.context.pool.query<{ target_id: string }>(
    `SELECT target_id FROM audit_events WHERE action = 'access.revoked' AND org_id = $1`,
    [product.orgs.whiterabbit.id],
  );
  const revoked = rows.map((row) => row.target_id);
  expect(revoked.length).toBeGreaterThanOrEqual(promised);
  await expectEachOnce(product, revoked);
  expect(new Set(receiver.at('/hook').map(targetOf))).toEqual(new Set(revoked));
  expect(new Set(receiver.at('/hook').map(idOf)).size).toBe(revoked.length);
  expect(product.processes.map(({ exitCode }) => exitCode)).toEqual([null]);
}, 180_000);

const targetOf = ({ message }: Received) => (message.data.target as { id: string }).id;
const idOf = ({ headers }: Received) => headers['webhook-id'];
