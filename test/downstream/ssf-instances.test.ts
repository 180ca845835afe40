import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { createConnections } from '../../src/connections/connections.ts';
import { discover } from '../../src/connections/discovery.ts';
import { newId } from '../../src/database/ids.ts';
import { type AppWithSecret, createApps } from '../../src/downstream/apps.ts';
import { createEventPolls } from '../../src/signals/event-polls.ts';
import { eventsUrl } from '../../src/signals/security-events.ts';
import type { Browser } from '../support/browser.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { addReceiver, type EventReceiver, receiverAt, type Sets } from './event-receiver.ts';

// Two instances of the product, each the other's transmitter and receiver.

type Side = {
  product: Product;
  /** The connection whose IdP is the other side. */
  connectionId: string;
  /** The other side as a receiver of this one. */
  app: AppWithSecret;
  receiver: EventReceiver;
  stream: string;
};
let here: Side;
let there: Side;
const clientId = 'the-other-side';
const caep = 'https://schemas.openid.net/secevent/caep/event-type/';

beforeAll(async () => {
  const first = await startProduct();
  const second = await startProduct();
  const products = [first, second];
  const connections = [await connect(first, second), await connect(second, first)] as const;
  const sides = [];
  for (const [index, product] of products.entries()) {
    const app = await addReceiver(product, { audience: clientId });
    const receiver = receiverAt(product, app);
    await receiver.askForToken();
    const { body } = await receiver.createStream();
    const connectionId = connections[index] as string;
    sides.push({ product, connectionId, app, receiver, stream: body.stream_id as string });
  }
  [here, there] = sides as [Side, Side];
});
afterAll(async () => {
  await here?.product.stop();
  await there?.product.stop();
});
afterEach(async () => {
  for (const side of [here, there]) {
    await createEventPolls(side.product.context).remove(orgOf(side), side.connectionId, byOperator);
    const { receiver, stream } = side;
    await receiver.call('POST', '/status', { stream_id: stream, status: 'disabled' });
    await receiver.call('POST', '/status', { stream_id: stream, status: 'enabled' });
    await receiver.call('PATCH', '/stream', { stream_id: stream, delivery: { method: 'urn:ietf:rfc:8936' } });
    await apps(side).change(orgOf(side), side.app.id, { settings: { connection: null } }, byOperator);
  }
});

const orgOf = ({ product }: Pick<Side, 'product'>) => product.orgs.whiterabbit.id;
const apps = ({ product: { context } }: Side) => createApps({ ...context, appFetch: context.webhookFetch });

/** The org of `product` trusts what the org of `other` signs, about people of its domain. */
async function connect(product: Product, other: Product): Promise<string> {
  const { context } = product;
  const orgId = product.orgs.whiterabbit.id;
  const discovered = await discover(context.guardedFetch, `${other.url}/orgs/${other.orgs.whiterabbit.id}`);
  const connections = createConnections(context);
  const added = await connections.addConnection(orgId, { ...discovered, clientId, clientSecret: 'none' }, byOperator);
  await connections.vouchForConnection(orgId, added.id, byOperator);
  const domain = await context.prisma.domain.findFirstOrThrow({ where: { orgId } });
  await context.prisma.domainConnection.create({ data: { orgId, domainId: domain.id, connectionId: added.id } });
  return added.id;
}

/** `receiver` fetches what `transmitter` has for it, with an access token that it asks for. */
async function poll(receiver: Side, transmitter: Side): Promise<void> {
  const { issuer } = transmitter.receiver;
  await createEventPolls(receiver.product.context).set(
    orgOf(receiver),
    receiver.connectionId,
    {
      endpoint: `${issuer}/ssf/poll/${transmitter.stream}`,
      auth: {
        method: 'client_credentials',
        tokenEndpoint: `${issuer}/oauth/token`,
        clientId: transmitter.app.id,
        scope: 'ssf.read',
      },
      credential: transmitter.app.clientSecret as string,
    },
    byOperator,
  );
}
/** `transmitter` pushes to `receiver`. */
async function push(receiver: Side, transmitter: Side): Promise<void> {
  const endpoint = eventsUrl({ publicUrl: receiver.product.url }, receiver.connectionId);
  const delivery = { method: 'urn:ietf:rfc:8935', endpoint_url: endpoint };
  const changed = await transmitter.receiver.call('PATCH', '/stream', { stream_id: transmitter.stream, delivery });
  expect(changed.status).toBe(200);
}

const status = async (browser: Browser) => (await browser.get('/api/users/me')).status;
async function untilSignedOut(browser: Browser): Promise<void> {
  while ((await status(browser)) !== 401) await new Promise((resolve) => setTimeout(resolve, 50));
}
const revoke = async ({ product }: Side) => expect((await product.revoke()).status).toBe(204);
const revocations = ({ product }: Side) =>
  product.context.prisma.revocation.findMany({
    where: { orgId: product.orgs.whiterabbit.id },
    orderBy: { createdAt: 'asc' },
  });
/** Nothing more has come about for two seconds: as long as a poll and a plan may take. */
async function untilQuiet(): Promise<void> {
  const count = async () => (await revocations(here)).length + (await revocations(there)).length;
  for (let before = -1; before !== (await count()); ) {
    before = await count();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}
// So that no call is taken for an echo of one of the case before.
beforeEach(() =>
  Promise.all(
    [here, there].map(({ product }) =>
      product.context.pool.query(
        `UPDATE forwards SET revoked_at = revoked_at - interval '1 minute', finished_at = finished_at - interval '1 minute'`,
      ),
    ),
  ),
);

describe.each([
  ['fetches', poll],
  ['is pushed', push],
])('a second instance that %s the events of the first', (_how, join) => {
  it('signs a person out who is signed out there', async () => {
    await join(there, here);
    const browser = await there.product.signIn();
    await revoke(here);
    await untilSignedOut(browser);
    expect((await revocations(there)).at(-1)).toMatchObject({ initiator: 'signal', callerId: there.connectionId });
    const { pool } = here.product.context;
    for (;;) {
      const { rows } = await pool.query(`SELECT FROM forwards WHERE status = 'pending'`);
      if (rows.length === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await here.receiver.poll(here.stream)).body.sets ?? {}).toEqual({});
    // Signing in afresh works at once.
    expect(await status(await there.product.signIn())).toBe(200);
  });

  it('ends the loop where both forward to each other', async () => {
    await join(there, here);
    await join(here, there);
    const before = [(await revocations(here)).length, (await revocations(there)).length] as const;
    const [one, two] = [await here.product.signIn(), await there.product.signIn()];
    await revoke(here);
    await Promise.all([untilSignedOut(one), untilSignedOut(two)]);
    await untilQuiet();
    const after = [(await revocations(here)).length, (await revocations(there)).length] as const;
    // What was ended there is told here once more, ends nothing, and goes no further.
    expect([after[0] - before[0], after[1] - before[1]]).toEqual([2, 1]);
  });

  it('passes nothing back where the app says which connection is the same system', async () => {
    await join(there, here);
    await join(here, there);
    for (const side of [here, there])
      await apps(side).change(orgOf(side), side.app.id, { settings: { connection: side.connectionId } }, byOperator);
    const before = [(await revocations(here)).length, (await revocations(there)).length] as const;
    const browser = await there.product.signIn();
    await revoke(here);
    await untilSignedOut(browser);
    await untilQuiet();
    const after = [(await revocations(here)).length, (await revocations(there)).length] as const;
    expect([after[0] - before[0], after[1] - before[1]]).toEqual([1, 1]);
  });
});

it('what one organisation signs ends nothing at another, whatever it names', async () => {
  const { product } = there;
  await push({ ...there, connectionId: product.orgs.metacortex.connectionId }, here);
  const browser = await product.signIn('metacortex');
  await revoke(here);
  const { pool } = here.product.context;
  for (;;) {
    const { rows } = await pool.query(`SELECT error FROM forwards WHERE status = 'dead' AND error = 'invalid_issuer'`);
    if (rows.length > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await status(browser)).toBe(200);
});

it('an event of a switched-off account switches it off there, too', async () => {
  await poll(there, here);
  const { prisma } = there.product.context;
  const active = async () =>
    (await prisma.user.findFirstOrThrow({ where: { orgId: orgOf(there), emailKey: trinity.email } })).active;
  const { transaction } = await import('../../src/database/pool.ts');
  const { switchOff } = await import('../../src/revocation/switch-person.ts');
  await transaction(here.product.context.accessPool, (client) =>
    switchOff(
      client,
      here.product.orgs.whiterabbit.userId,
      { orgId: orgOf(here), initiator: 'scim', by: byOperator, asked: null },
      null,
    ),
  );
  while (await active()) await new Promise((resolve) => setTimeout(resolve, 50));
  const { sets } = (await here.receiver.poll(here.stream)).body;
  for (const set of Object.values(sets as Sets)) expect(decodeJwt(set).iss).toBe(here.receiver.issuer);
});

it('an event about a shared account there is taken and ends nothing, and nobody is told of it', async () => {
  await push(there, here);
  const events_requested = ['session-revoked', 'credential-change'].map((name) => `${caep}${name}`);
  const changed = await here.receiver.call('PATCH', '/stream', { stream_id: here.stream, events_requested });
  expect(changed.body.events_delivered).toEqual(events_requested);
  const { pool, prisma } = here.product.context;
  const account = newId('account');
  await prisma.account.create({
    data: { orgId: orgOf(here), id: account, name: 'Reports', userName: 'reports', connector: 'manual' },
  });
  await pool.query(
    `INSERT INTO audit_events (org_id, id, action, actor_type, target_type, target_id, detail)
     VALUES ($1, $2, 'account.rotated', 'system', 'account', $3, '{"version": 2, "cause": "hand"}')`,
    [orgOf(here), newId('auditEvent'), account],
  );
  const received = async () => {
    const { rows } = await there.product.context.pool.query(
      `SELECT id, detail FROM audit_events WHERE action = 'signal.received' AND detail ->> 'type' = 'credential-change'`,
    );
    return rows;
  };
  while ((await received()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  const [event] = await received();
  expect(event.detail).toMatchObject({ outcome: 'recorded', format: 'opaque' });
  const told = await there.product.context.pool.query(
    `SELECT FROM outbox WHERE event_id = $1 UNION ALL SELECT FROM notifications WHERE event_id = $1`,
    [event.id],
  );
  expect(told.rowCount).toBe(0);
  const status = async () =>
    (await pool.query(`SELECT status FROM forwards WHERE user_id = $1`, [account])).rows[0].status;
  while ((await status()) === 'pending') await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await status()).toBe('delivered');
});
