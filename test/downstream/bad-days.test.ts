import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { transaction } from '../../src/database/pool.ts';
import { gtrSettings } from '../../src/downstream/app-settings.ts';
import { createApps } from '../../src/downstream/apps.ts';
import { createForwards, type ForwardRow } from '../../src/downstream/forwards.ts';
import { revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { switchOff } from '../../src/revocation/switch-person.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type Receiver, startReceiver } from './receiver.ts';

let product: Product;
let apps: ReturnType<typeof createApps>;
let forwards: ReturnType<typeof createForwards>;
let receiver: Receiver;
beforeAll(async () => {
  product = await startProduct();
  apps = createApps({ ...product.context, appFetch: product.context.webhookFetch });
  forwards = createForwards({ ...product.context, wake: product.context.wakeForwarder });
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.stop();
  await product.stop();
});
afterEach(async () => {
  receiver.answer(204);
  receiver.received.splice(0);
  for (const { id } of await apps.list(orgId())) await apps.remove(orgId(), id, byOperator);
});

const orgId = () => product.orgs.whiterabbit.id;
const query = (text: string, ...values: unknown[]) => product.context.pool.query(text, values);
const addApp = ({ url }: Pick<Receiver, 'url'> = receiver) => {
  const auth = { method: 'signed_jwt' as const, clientId: 'us' };
  const settings = gtrSettings.parse({ endpoint: url, auth });
  return apps.add(orgId(), { kind: 'gtr', name: 'CRM', settings }, byOperator);
};
/** Somebody who has been revoked. */
async function revoked() {
  const [person] = (await plantUsers(product, 1)) as unknown as [{ id: string; email: string }];
  expect((await product.revoke({ format: 'email', email: person.email })).status).toBe(204);
  return person;
}
async function until(
  person: { id: string },
  condition: (row: ForwardRow) => boolean,
  app?: string,
): Promise<ForwardRow> {
  for (;;) {
    const [row] = await forwards.list(orgId(), { user: person.id, app }, { after: null, limit: 1 });
    if (row && condition(row)) return row;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const dueNow = () => query(`UPDATE forwards SET due_at = clock_timestamp() WHERE status = 'pending'`);
const failures = async (app: { id: string }) =>
  (await query(`SELECT detail FROM audit_events WHERE action = 'forward.failed' AND target_id = $1`, app.id)).rows.map(
    ({ detail }) => detail,
  );

it('an app that refuses our key six times is given up, and administrators know', async () => {
  const app = await addApp();
  receiver.answer(401);
  const person = await revoked();
  for (let tries = 1; tries < 6; tries += 1) {
    const row = await until(person, ({ attempts }) => attempts === tries);
    expect(row).toMatchObject({ status: 'pending', error: 'not_authorized' });
    await dueNow();
  }
  expect(await until(person, ({ status }) => status === 'dead')).toMatchObject({ attempts: 6, httpStatus: 401 });
  expect(await failures(app)).toMatchObject([{ error: 'not_authorized', status: 401, attempts: 6 }]);
});

it('an app that has been away for long may refuse our key at first', async () => {
  await addApp();
  receiver.answer(500);
  const person = await revoked();
  await until(person, ({ attempts }) => attempts === 1);
  await query('UPDATE forwards SET attempts = 9, claim = 9 WHERE user_id = $1', person.id);
  receiver.answer(401);
  await dueNow();
  expect(await until(person, ({ attempts }) => attempts === 10)).toMatchObject({ status: 'pending' });
  receiver.answer(204);
  await dueNow();
  await until(person, ({ status }) => status === 'delivered');
});

it('an app that answers is back, whomever it refuses', async () => {
  const app = await addApp();
  await query('UPDATE apps SET failures = 10, away_since = now(), probe_at = now() WHERE id = $1', app.id);
  receiver.answer(400);
  const person = await revoked();
  await until(person, ({ status }) => status === 'dead');
  expect(await apps.find(orgId(), app.id)).toMatchObject({ awaySince: null, lastReceivedAt: null });
});

it('an app that asks to wait holds up no other app of an org-wide sign-out', async () => {
  // What is under way when the test ends comes to nobody else's.
  const own = await startReceiver();
  onTestFinished(() => own.stop());
  const busy = await addApp(own);
  await query("UPDATE apps SET probe_at = now() + interval '1 hour' WHERE id = $1", busy.id);
  await query(
    `INSERT INTO forwards (org_id, id, app_id, user_id, event_id, revoked_at, mass)
     SELECT $1, 'held' || i, $2, 'of-before' || i, 'of-before', now(), true FROM generate_series(1, 2500) i`,
    orgId(),
    busy.id,
  );
  const other = await addApp(own);
  const [person] = (await plantUsers(product, 1)) as unknown as [{ id: string }];
  await transaction(product.context.accessPool, (client) =>
    revokeOrgAccess(client, { orgId: orgId(), initiator: 'admin', by: byOperator, asked: null }),
  );
  await until(person, ({ status }) => status === 'delivered', other.id);
});

it('a person renamed in the moment of the revocation is called as before where the new address is unknown', async () => {
  await addApp();
  const [person] = (await plantUsers(product, 1)) as unknown as [{ id: string; email: string }];
  const renamed = `new-${person.email}`;
  const knows = (email: string) => (call: { body: unknown }) => JSON.stringify(call.body).includes(`"${email}"`);
  receiver.answer((call, res) => res.writeHead(knows(person.email)(call) ? 204 : 404).end());
  const rename = { email: renamed, emailKey: renamed, userName: null, userNameKey: null };
  const ending = { orgId: orgId(), initiator: 'scim' as const, by: byOperator, asked: null, rename };
  await transaction(product.context.accessPool, (client) => switchOff(client, person.id, ending, null));
  expect(await until(person, ({ status }) => status === 'delivered')).toMatchObject({ error: null, httpStatus: 204 });
  const called = receiver.received.map(({ body }) => (body as { sub_id: { email: string } }).sub_id.email);
  expect(called).toEqual([renamed, person.email]);
});

it('an app that is to know people by another name is sent nobody without one', async () => {
  const app = await addApp();
  await apps.change(orgId(), app.id, { state: 'paused' }, byOperator);
  const person = await revoked();
  await until(person, ({ status }) => status === 'pending');
  await apps.change(orgId(), app.id, { state: 'enabled', settings: { naming: 'id' } }, byOperator);
  expect(await until(person, ({ status }) => status !== 'pending')).toMatchObject({
    status: 'left_out',
    error: 'no_name_there',
  });
  expect(receiver.received).toEqual([]);
});

it('what is sent again never takes back what was told later', async () => {
  const app = await addApp();
  const insert = (id: string, type: string, status: string, ago: string) =>
    query(
      `INSERT INTO forwards (org_id, id, app_id, user_id, event_id, type, status, names, revoked_at, finished_at)
       VALUES ($1, $2, $3, 'somebody', $2, $4, $5, '{"email": "x@y.fake"}', now() - $6::interval, now())`,
      orgId(),
      id,
      app.id,
      type,
      status,
      ago,
    );
  await insert('off', 'account-disabled', 'dead', '2 hours');
  await insert('on', 'account-enabled', 'delivered', '1 hour');
  expect(await forwards.replayDead(orgId(), app.id, byOperator)).toMatchObject({ replayed: 0 });
  await expect(forwards.replay(orgId(), 'off', byOperator)).rejects.toMatchObject({ code: 'conflict' });
});

it('an app that has had too much is left alone for as long as it asks', async () => {
  await addApp();
  receiver.answer((_call, res) => res.writeHead(429, { 'Retry-After': '300' }).end());
  const person = await revoked();
  const row = await until(person, ({ attempts }) => attempts === 1);
  expect(row).toMatchObject({ status: 'pending', error: 'asked_to_wait', httpStatus: 429 });
  const wait = (row.dueAt as Date).getTime() - Date.now();
  expect([wait > 200_000, wait <= 300_000]).toEqual([true, true]);
});

it('an app that is down for a day loses the forward, which can be sent again', async () => {
  const app = await addApp();
  receiver.answer(500);
  const person = await revoked();
  await until(person, ({ attempts }) => attempts === 1);
  // A day later.
  await query('UPDATE forwards SET tried_until = clock_timestamp()');
  await dueNow();
  const dead = await until(person, ({ status }) => status === 'dead');
  expect(await failures(app)).toMatchObject([{ error: 'unavailable', status: 500 }]);
  receiver.answer(204);
  await forwards.replay(orgId(), dead.id, byOperator);
  await until(person, ({ status }) => status === 'delivered');
});

it('a person who is renamed afterwards is called as at the revocation', async () => {
  const app = await addApp();
  await apps.change(orgId(), app.id, { state: 'paused' }, byOperator);
  const person = await revoked();
  await until(person, ({ status }) => status === 'pending');
  await query(`UPDATE users SET email = 'married@x.fake', email_key = 'married@x.fake' WHERE id = $1`, person.id);
  await apps.change(orgId(), app.id, { state: 'enabled' }, byOperator);
  const [call] = await receiver.until(1);
  expect(call?.body).toEqual({ sub_id: { format: 'email', email: person.email } });
});

it('an app that is removed with forwards waiting hears of none of them', async () => {
  const app = await addApp();
  await apps.change(orgId(), app.id, { state: 'paused' }, byOperator);
  const person = await revoked();
  await until(person, ({ status }) => status === 'pending');
  await apps.remove(orgId(), app.id, byOperator);
  expect(await forwards.list(orgId(), { user: person.id }, { after: null, limit: 1 })).toEqual([]);
  const { rows } = await query(
    `SELECT detail FROM audit_events WHERE action = 'app.removed' AND target_id = $1`,
    app.id,
  );
  expect(rows).toMatchObject([{ detail: { waiting: 1 } }]);
  // Whoever comes next is told: nothing is stuck behind what is gone.
  await addApp();
  await revoked();
  expect(await receiver.until(1)).toHaveLength(1);
});

it('an app whose clock is off by less than five minutes takes what it is told', async () => {
  await addApp();
  await revoked();
  const [call] = await receiver.until(1);
  const token = call?.authorization.replace('Bearer ', '') as string;
  const keys = createRemoteJWKSet(new URL(`${product.url}/orgs/${orgId()}/oauth/jwks`));
  const takesAt = (minutes: number) =>
    jwtVerify(token, keys, { audience: receiver.url, currentDate: new Date(Date.now() + minutes * 60_000) });
  await takesAt(-4);
  await takesAt(4);
  await expect(takesAt(-6)).rejects.toThrow('nbf');
  await expect(takesAt(6)).rejects.toThrow('exp');
});
