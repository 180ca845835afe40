import { once } from 'node:events';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { transaction } from '../../src/database/pool.ts';
import { gtrSettings } from '../../src/downstream/app-settings.ts';
import { createApps } from '../../src/downstream/apps.ts';
import { switchOff } from '../../src/revocation/switch-person.ts';
import { inParallel, plantUsers } from '../support/planted-sessions.ts';
import { type Product, startNode, startProduct } from '../support/product.ts';
import { type Receiver, startReceiver } from './receiver.ts';

/** More of them by hand: FORWARD_KILLS=50. */
const trials = Number(process.env.FORWARD_KILLS ?? 10);

type Person = Awaited<ReturnType<typeof plantUsers>>[number];
type Node = Awaited<ReturnType<typeof startNode>>;

let product: Product;
let receiver: Receiver;
let victim: Node;

beforeAll(async () => {
  product = await startProduct();
  receiver = await startReceiver();
  const apps = createApps({ ...product.context, appFetch: product.context.webhookFetch });
  const settings = gtrSettings.parse({ endpoint: receiver.url, auth: { method: 'signed_jwt', clientId: 'us' } });
  await apps.add(product.orgs.whiterabbit.id, { kind: 'gtr', name: 'CRM', settings }, byOperator);
});
afterAll(async () => {
  await receiver.stop();
  await product.stop();
});
beforeEach(async () => {
  receiver.answer(204);
  // A node of its own whose connections can be told from others'.
  const url = new URL(product.databaseUrl);
  url.searchParams.set('application_name', 'victim');
  victim = await startNode({ ...product.env, DATABASE_URL: url.href });
});

async function kill(): Promise<void> {
  victim.process.kill('SIGKILL');
  await once(victim.process, 'exit');
}

/** At the victim. What it doesn't answer any more may have been done, or not. */
const revokeAll = (people: readonly Person[]) =>
  inParallel(people, 8, async ({ email }) => {
    await product.revoke({ format: 'email', email }, { at: victim.url }).catch(() => null);
  });

/** As after a minute: claims of a node that is gone have run out. */
const claimsRunOut = () =>
  product.context.pool.query(
    `UPDATE forwards SET due_at = clock_timestamp() WHERE status = 'pending' AND due_at > clock_timestamp()`,
  );

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const isEmpty = async (from: string) =>
  (await product.context.pool.query(`SELECT FROM ${from} LIMIT 1`)).rowCount === 0;

/** Whoever was revoked has been told of, and nobody else. */
async function expectEachTold(people: readonly Person[]): Promise<void> {
  await until(() => isEmpty('forward_outbox'));
  await until(async () => {
    await claimsRunOut();
    return isEmpty(`forwards WHERE status = 'pending'`);
  });
  const { rows } = await product.context.pool.query<{ email: string; revocations: number; statuses: string[] }>(
    `SELECT u.email, (SELECT count(*)::int FROM revocations r WHERE r.org_id = u.org_id AND r.user_id = u.id) AS revocations,
            ARRAY(SELECT f.status FROM forwards f WHERE f.org_id = u.org_id AND f.user_id = u.id) AS statuses
     FROM users u WHERE u.id = ANY ($1)`,
    [people.map(({ id }) => id)],
  );
  expect(rows).toHaveLength(people.length);
  const heard = new Set(receiver.received.map(({ body }) => (body as { sub_id: { email: string } }).sub_id.email));
  for (const { email, revocations, statuses } of rows) {
    expect([email, statuses]).toEqual([email, revocations > 0 ? ['delivered'] : []]);
    expect([email, heard.has(email)]).toEqual([email, revocations > 0]);
  }
}

/** Somebody whose revocation is undone before it is done. */
async function rolledBack(): Promise<Person> {
  const [person] = (await plantUsers(product, 1)) as [Person];
  const orgId = product.orgs.whiterabbit.id;
  const undone = transaction(product.context.accessPool, async (client) => {
    await switchOff(client, person.id, { orgId, initiator: 'admin', by: byOperator, asked: null }, null);
    throw new Error('changed my mind');
  });
  await expect(undone).rejects.toThrow('changed my mind');
  return person;
}

/** Whether the victim waits for a lock with such a statement. */
const victimWaits = async (statement: string) => {
  const text = `SELECT FROM pg_stat_activity WHERE application_name = 'victim' AND wait_event_type = 'Lock' AND query ~ $1`;
  return (await product.context.pool.query(text, [statement])).rowCount !== 0;
};

it.each([
  ['while it plans', 'LOCK TABLE forwards IN EXCLUSIVE MODE', 'event AS MATERIALIZED'],
  ['while it settles', 'SELECT FROM apps FOR NO KEY UPDATE', '^SELECT FROM apps WHERE'],
])('a node killed %s loses no forward', async (_when, lock, statement) => {
  const people: Person[] = [];
  const gate = new pg.Client({ connectionString: product.databaseUrl });
  await gate.connect();
  await gate.query('BEGIN');
  await gate.query(lock);
  await until(async () => {
    const more = await plantUsers(product, 4);
    people.push(...more);
    await revokeAll(more);
    return victimWaits(statement);
  });
  await kill();
  await gate.query('COMMIT');
  await gate.end();
  await expectEachTold([...people, await rolledBack()]);
});

it('a node killed while apps have been sent something and have not answered loses no forward', async () => {
  const held: (() => void)[] = [];
  receiver.answer((_call, res) => void held.push(() => res.writeHead(204).end()));
  const people = await plantUsers(product, 12);
  await revokeAll(people);
  await until(async () => held.length > 0);
  await kill();
  receiver.answer(204);
  for (const answer of held) answer();
  await expectEachTold([...people, await rolledBack()]);
});

it(
  `nothing is lost in ${trials} kills at any moment, and nothing told that was rolled back`,
  async () => {
    for (let trial = 0; trial < trials; trial += 1) {
      if (trial > 0) victim = await startNode({ ...product.env });
      receiver.answer((_call, res) => void setTimeout(() => res.writeHead(204).end(), Math.random() * 30));
      const people = await plantUsers(product, 40);
      const revoking = revokeAll(people);
      const undone = rolledBack();
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 500));
      await kill();
      await revoking;
      await expectEachTold([...people, await undone]);
    }
  },
  trials * 60_000,
);
