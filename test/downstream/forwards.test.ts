import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eraseNames } from '../../src/audit/erase-names.ts';
import { byOperator } from '../../src/by.ts';
import { transaction } from '../../src/database/pool.ts';
import { type GtrSettings, gtrSettings } from '../../src/downstream/app-settings.ts';
import { createApps } from '../../src/downstream/apps.ts';
import { createForwards, type ForwardRow } from '../../src/downstream/forwards.ts';
import { removePerson } from '../../src/revocation/remove-person.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type Receiver, startReceiver } from './receiver.ts';

let product: Product;
let apps: ReturnType<typeof createApps>;
let forwards: ReturnType<typeof createForwards>;
beforeAll(async () => {
  product = await startProduct();
  apps = createApps({ ...product.context, appFetch: product.context.webhookFetch });
  forwards = createForwards({ ...product.context, wake: product.context.wakeForwarder });
});
afterAll(() => product?.stop());

const receivers: Receiver[] = [];
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.stop();
  for (const org of ['whiterabbit', 'metacortex'] as const)
    for (const { id } of await apps.list(orgId(org))) await apps.remove(orgId(org), id, byOperator);
});

async function receiverOf(answer: Parameters<typeof startReceiver>[0] = 204) {
  const receiver = await startReceiver(answer);
  receivers.push(receiver);
  return receiver;
}

const orgId = (org: keyof Product['orgs'] = 'whiterabbit') => product.orgs[org].id;
type Given = Omit<Partial<GtrSettings>, 'auth'> & { auth?: object };
function addApp(receiver: Pick<Receiver, 'url'>, settings: Given = {}, org: keyof Product['orgs'] = 'whiterabbit') {
  const all = gtrSettings.parse({ endpoint: receiver.url, auth: { method: 'bearer' }, ...settings });
  const credential = all.auth.method === 'bearer' ? 'the-key-of-the-app' : undefined;
  return apps.add(orgId(org), { kind: 'gtr', name: 'CRM', settings: all, credential }, byOperator);
}
const plant = async (count = 1) => plantUsers(product, count);
type Person = { id: string; email: string };
/** Exactly so many, for taking apart. */
const plantThe = async (count: number) => (await plant(count)) as unknown as [Person, Person, Person];
const person = async () => (await plant())[0] as Awaited<ReturnType<typeof plantUsers>>[number];
const revoke = async (email: string) => expect((await product.revoke({ format: 'email', email })).status).toBe(204);

const forwardsOf = (filter: Parameters<typeof forwards.list>[1], org?: keyof Product['orgs']) =>
  forwards.list(orgId(org), filter, { after: null, limit: 100 });
/** The forwards of a person, once `condition` holds of them. */
async function until(user: { id: string }, condition: (rows: readonly ForwardRow[]) => boolean) {
  for (;;) {
    const rows = await forwardsOf({ user: user.id });
    if (condition(rows)) return rows;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const all = (status: ForwardRow['status']) => (rows: readonly ForwardRow[]) =>
  rows.length > 0 && rows.every((row) => row.status === status);
/** Not those that are under way: claimed once more, what came of them would count no longer. */
const dueNow = () =>
  product.context.pool.query(`UPDATE forwards SET due_at = now() WHERE status = 'pending' AND attempts = claim`);

describe('an app behind', () => {
  it('hears of a sign-out as Okta would tell it: by a JWT of the organisation’s own key', async () => {
    const receiver = await receiverOf();
    await addApp(receiver, { auth: { method: 'signed_jwt', clientId: 'acme-at-crm' } });
    const user = await person();
    await revoke(user.email);
    const [call] = await receiver.until(1);
    expect(call?.body).toEqual({ sub_id: { format: 'email', email: user.email } });
    const token = call?.authorization.replace('Bearer ', '') as string;
    const issuer = `${product.url}/orgs/${orgId()}`;
    const metadata = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as {
      issuer: string;
      jwks_uri: string;
    };
    expect(metadata.issuer).toBe(issuer);
    const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: receiver.url,
      typ: 'global-token-revocation+jwt',
      algorithms: ['RS256'],
    });
    expect(payload).toMatchObject({ sub: 'acme-at-crm', jti: expect.any(String) });
    expect([(payload.exp ?? 0) - (payload.iat ?? 0), (payload.iat ?? 0) - (payload.nbf ?? 0)]).toEqual([300, 300]);
    expect(decodeProtectedHeader(token).kid).toMatch(/^sig_/);
    // Nothing of the private key is published, and another organisation's keys are others.
    const published = (await (await fetch(metadata.jwks_uri)).json()) as { keys: object[] };
    expect(published.keys.map((key) => Object.keys(key).toSorted())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']]);
    const others = createRemoteJWKSet(new URL(`${product.url}/orgs/${orgId('metacortex')}/oauth/jwks`));
    await expect(jwtVerify(token, others)).rejects.toThrow();
    expect(await until(user, all('delivered'))).toMatchObject([{ attempts: 1, httpStatus: 204, error: null }]);
  });

  it('has its key shown, never to anybody else, and what people are called there', async () => {
    const [byKey, bySubject, byId, byOurs] = await Promise.all([
      receiverOf(),
      receiverOf(200),
      receiverOf(),
      receiverOf(200),
    ]);
    await addApp(byKey as Receiver, { member: 'subject' });
    await addApp(bySubject as Receiver, { naming: 'iss_sub' });
    await addApp(byId as Receiver, { naming: 'id', attribute: 'externalId' });
    await addApp(byOurs as Receiver, { naming: 'org_sub', member: 'subject' });
    const user = await person();
    await product.context.pool.query(`UPDATE users SET external_id = 'ext-1' WHERE id = $1`, [user.id]);
    await revoke(user.email);
    const [first] = await (byKey as Receiver).until(1);
    expect(first).toMatchObject({
      authorization: 'Bearer the-key-of-the-app',
      body: { subject: { format: 'email', email: user.email } },
    });
    const [second] = await (bySubject as Receiver).until(1);
    expect(second?.body).toEqual({ sub_id: { format: 'iss_sub', iss: product.orgs.whiterabbit.issuer, sub: user.id } });
    const [third] = await (byId as Receiver).until(1);
    expect(third?.body).toEqual({ sub_id: { format: 'opaque', id: 'ext-1' } });
    const [fourth] = await (byOurs as Receiver).until(1);
    const iss = `${product.url}/orgs/${orgId()}`;
    expect(fourth?.body).toEqual({ subject: { format: 'iss_sub', iss, sub: user.id } });
    const { rows } = await product.context.pool.query(
      'SELECT settings::text || coalesce(credential, $1) AS text FROM apps',
      [''],
    );
    expect(rows.map(({ text }) => text).join()).not.toContain('the-key-of-the-app');
  });

  it('gets an access token of its own token endpoint, by a JWT of the organisation, kept until it is refused', async () => {
    let tokens = 0;
    const receiver = await receiverOf((call, res) => {
      if (call.path === '/token') {
        tokens += 1;
        res
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ access_token: `token-${tokens}`, expires_in: 3600 }));
      } else
        res
          .writeHead(
            call.authorization === 'Bearer token-1' && tokens === 1 && receiver.received.length > 3 ? 401 : 204,
          )
          .end();
    });
    const tokenEndpoint = receiver.url.replace('/gtr', '/token');
    await addApp(receiver, { auth: { method: 'oauth', tokenEndpoint, clientId: 'us', clientAuth: 'private_key_jwt' } });
    const [one, two] = await plant(2);
    await revoke(one?.email as string);
    await until(one as { id: string }, all('delivered'));
    const [asked] = receiver.received as unknown as [{ body: Record<string, string> }];
    expect(asked.body).toMatchObject({
      grant_type: 'client_credentials',
      scope: 'okta.universalLogout.manage',
      client_id: 'us',
    });
    const keys = createRemoteJWKSet(new URL(`${product.url}/orgs/${orgId()}/oauth/jwks`));
    await jwtVerify(asked.body.client_assertion as string, keys, {
      issuer: 'us',
      subject: 'us',
      audience: tokenEndpoint,
    });
    await revoke(two?.email as string);
    await until(two as { id: string }, all('delivered'));
    expect(receiver.received.map(({ path, authorization }) => `${path} ${authorization}`)).toEqual([
      '/token ',
      '/gtr Bearer token-1',
      '/gtr Bearer token-1',
    ]);
    receiver.answer((call, res) => {
      if (call.path === '/token') res.writeHead(200).end(JSON.stringify({ access_token: 'token-2' }));
      else res.writeHead(call.authorization === 'Bearer token-1' ? 401 : 204).end();
    });
    const third = await person();
    await revoke(third.email);
    expect(await until(third, all('delivered'))).toMatchObject([{ attempts: 1 }]);
    expect(receiver.received.at(-1)?.authorization).toBe('Bearer token-2');
  });

  it.each(['two words', 'a\r\nx: line', 'é'])(
    'is not called with the access token %j, which no header holds',
    async (token) => {
      const receiver = await receiverOf((call, res) => {
        if (call.path === '/token') res.writeHead(200).end(JSON.stringify({ access_token: token }));
        else res.writeHead(204).end();
      });
      const tokenEndpoint = receiver.url.replace('/gtr', '/token');
      await addApp(receiver, {
        auth: { method: 'oauth', tokenEndpoint, clientId: 'us', clientAuth: 'private_key_jwt' },
      });
      const user = await person();
      await revoke(user.email);
      const rows = await until(user, ([row]) => (row?.attempts ?? 0) > 0);
      expect(rows).toMatchObject([{ error: 'no_token' }]);
      expect(receiver.received.map(({ path }) => path)).not.toContain('/gtr');
    },
  );

  it('is told by the names that somebody had who is removed in the same transaction', async () => {
    const receiver = await receiverOf();
    await addApp(receiver, { naming: 'iss_sub' });
    const byMail = await receiverOf();
    await addApp(byMail);
    const user = await person();
    await transaction(product.context.accessPool, async (client) => {
      await client.query('SELECT FROM users WHERE org_id = $1 AND id = $2 FOR UPDATE', [orgId(), user.id]);
      await removePerson(
        client,
        { id: user.id, active: true },
        { orgId: orgId(), initiator: 'scim', by: byOperator, asked: null },
      );
    });
    const [call] = await byMail.until(1);
    expect(call?.body).toEqual({ sub_id: { format: 'email', email: user.email } });
    const [subject] = await receiver.until(1);
    expect(subject?.body).toEqual({
      sub_id: { format: 'iss_sub', iss: product.orgs.whiterabbit.issuer, sub: user.id },
    });
    // Nothing is left of the names once it is over.
    await until(user, all('delivered'));
    expect(
      (await product.context.pool.query('SELECT DISTINCT names FROM forwards WHERE user_id = $1', [user.id])).rows,
    ).toEqual([{ names: {} }]);
  });

  it('that knows nobody of the name has nothing to end; one that refuses is not asked again; one that is busy is', async () => {
    const receiver = await receiverOf(404);
    const app = await addApp(receiver);
    const [unknown, refused, busy] = await plantThe(3);
    await revoke(unknown.email);
    expect(await until(unknown, all('delivered'))).toMatchObject([{ error: 'unknown_there', httpStatus: 404 }]);
    receiver.answer(422);
    await revoke(refused.email);
    const [dead] = await until(refused, all('dead'));
    expect(dead).toMatchObject({ error: 'refused', httpStatus: 422, attempts: 1 });
    receiver.answer((_call, res) => res.writeHead(503, { 'Retry-After': '120' }).end());
    await revoke(busy.email);
    const [waits] = await until(busy, (rows) => rows[0]?.attempts === 1);
    expect(waits?.dueAt?.getTime()).toBeGreaterThan(Date.now() + 100_000);
    // It asked us to wait: for everybody.
    receiver.answer(204);
    await dueNow();
    const before = receiver.received.length;
    const other = await person();
    await revoke(other.email);
    await until(other, all('pending'));
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(receiver.received).toHaveLength(before);
    expect(await apps.find(orgId(), app.id)).toMatchObject({ awaySince: null });
    await product.context.pool.query('UPDATE apps SET probe_at = now() WHERE id = $1', [app.id]);
    expect(await until(busy, all('delivered'))).toMatchObject([{ attempts: 2 }]);
    await until(other, all('delivered'));
    expect((await forwards.find(orgId(), waits?.id as string))?.log).toMatchObject([
      { number: 2, status: 204 },
      { number: 1, status: 503, error: 'unavailable' },
    ]);
    // Administrators know of the dead one, and may send it again.
    const { rows } = await product.context.pool.query(
      `SELECT detail FROM audit_events WHERE action = 'forward.failed' AND target_id = $1`,
      [app.id],
    );
    expect(rows).toMatchObject([{ detail: { name: 'CRM', error: 'refused', status: 422 } }]);
    await forwards.replay(orgId(), dead?.id as string, byOperator);
    expect(await until(refused, all('delivered'))).toHaveLength(1);
    await expect(forwards.replay(orgId(), dead?.id as string, byOperator)).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('leaves no name of whom an owner erased', async () => {
    const receiver = await receiverOf(422);
    await addApp(receiver);
    const user = await person();
    await revoke(user.email);
    const [dead] = await until(user, all('dead'));
    const { pool } = product.context;
    const found = async () =>
      JSON.stringify((await pool.query('SELECT * FROM forwards WHERE user_id = $1', [user.id])).rows);
    expect(await found()).toContain(user.email);
    await transaction(pool, (client) => eraseNames(client, orgId(), { userId: user.id, keep: null }));
    expect(await found()).not.toContain(user.email);
    await expect(forwards.replay(orgId(), dead?.id as string, byOperator)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('that does not answer is left alone after ten failures, and hears the latest of each person when it is back', async () => {
    const receiver = await receiverOf(500);
    const app = await addApp(receiver);
    const people = (await plant(3)) as { id: string; email: string }[];
    for (const user of people) await revoke(user.email);
    const state = async () => (await apps.find(orgId(), app.id))?.awaySince ?? null;
    while ((await state()) === null) {
      await dueNow();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const tries = receiver.received.length;
    // A call from outside that ended nothing, within ten seconds of one that was passed on, is its echo.
    for (const user of people) await revoke(user.email);
    for (const user of people)
      expect((await until(user, (rows) => rows.length === 2))[0]).toMatchObject({ status: 'left_out', error: 'echo' });
    // A later sign-out takes the place of what waits.
    await product.context.pool.query(`UPDATE forwards SET revoked_at = revoked_at - interval '1 minute'`);
    for (const user of people) await revoke(user.email);
    for (const user of people)
      await until(user, (rows) => rows.length === 3 && rows.some(({ status }) => status === 'superseded'));
    // What is due isn't sent to an app that is away: others were told meanwhile of what came later.
    await dueNow();
    const quick = await receiverOf();
    await addApp(quick);
    await revoke((await person()).email);
    await quick.until(1);
    expect(receiver.received.length).toBeLessThanOrEqual(tries + 2);
    receiver.answer(204);
    await product.context.pool.query('UPDATE apps SET probe_at = now() WHERE id = $1', [app.id]);
    for (const user of people)
      await until(user, (rows) => rows.filter(({ status }) => status === 'delivered').length === 1);
    expect(await state()).toBeNull();
    const { rows } = await product.context.pool.query(
      `SELECT action FROM audit_events WHERE target_id = $1 AND action IN ('app.away', 'app.back') ORDER BY at`,
      [app.id],
    );
    expect(rows.map(({ action }) => action)).toEqual(['app.away', 'app.back']);
  });

  it('that is paused hears it later; that is disabled, never', async () => {
    const receiver = await receiverOf();
    const app = await addApp(receiver);
    await apps.change(orgId(), app.id, { state: 'paused' }, byOperator);
    const [one, two] = await plantThe(2);
    await revoke(one.email);
    await until(one, all('pending'));
    expect(receiver.received).toEqual([]);
    await apps.change(orgId(), app.id, { state: 'enabled' }, byOperator);
    await until(one, all('delivered'));
    await apps.change(orgId(), app.id, { state: 'paused' }, byOperator);
    await revoke(two.email);
    await until(two, all('pending'));
    await apps.change(orgId(), app.id, { state: 'disabled' }, byOperator);
    expect(await until(two, all('cancelled'))).toMatchObject([{ error: 'app_disabled' }]);
    expect(receiver.received).toHaveLength(1);
  });

  it('that redirects, hangs or sends 50 MB holds up no other organisation', async () => {
    const redirecting = await receiverOf((_call, res) => res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
    const hanging = await receiverOf(() => {});
    const endless = await receiverOf((_call, res) => {
      res.writeHead(200);
      const more = () => res.write(Buffer.alloc(1_000_000), () => !res.destroyed && more());
      more();
    });
    for (const receiver of [redirecting, hanging, endless]) await addApp(receiver);
    const quick = await receiverOf();
    await addApp(quick, {}, 'metacortex');
    const people = (await plant(6)) as { id: string; email: string }[];
    for (const user of people) await revoke(user.email);
    await hanging.until(1);
    expect(
      (
        await product.revoke(
          { format: 'email', email: 'trinity@whiterabbit.fake' },
          { apiKey: product.orgs.metacortex.apiKey },
        )
      ).status,
    ).toBe(204);
    await quick.until(1);
    expect(hanging.received).toHaveLength(1);
    const [first] = people as unknown as [{ id: string }];
    const rows = await until(first, (all) => all.filter(({ status }) => status !== 'pending').length === 2);
    expect(rows.map(({ status, error }) => `${status} ${error}`).toSorted()).toEqual([
      'dead redirect',
      'delivered null',
      'pending null',
    ]);
  });

  it('that answers hears at once beside seven that hang, however long their queues are', async () => {
    const hanging = await Promise.all(Array.from({ length: 7 }, () => receiverOf(() => {})));
    for (const receiver of hanging) await addApp(receiver);
    const quick = await receiverOf();
    await addApp(quick);
    for (const user of await plant(12)) await revoke(user.email as string);
    await quick.until(12);
    // One at a time: no more than that are held up by whoever doesn't answer.
    expect(hanging.map(({ received }) => received.length)).toEqual(Array(7).fill(1));
  });

  it('hears only of its own organisation’s people, and of its groups', async () => {
    const receiver = await receiverOf();
    await product.context.pool.query(
      `INSERT INTO groups (org_id, id, display_name) VALUES ($1, 'grp_sales', 'Sales')`,
      [orgId()],
    );
    await addApp(receiver, { concerns: { who: 'groups', groups: ['grp_sales'] } });
    const [inside, outside] = await plantThe(2);
    await product.context.pool.query(
      `INSERT INTO group_members (org_id, group_id, user_id) VALUES ($1, 'grp_sales', $2)`,
      [orgId(), inside.id],
    );
    await revoke(outside.email);
    await product.revoke(undefined, { apiKey: product.orgs.metacortex.apiKey });
    await revoke(inside.email);
    const [call] = await receiver.until(1);
    expect(call?.body).toMatchObject({ sub_id: { email: inside.email } });
    expect(await forwardsOf({ user: outside.id })).toEqual([]);
    expect(await forwardsOf({}, 'metacortex')).toEqual([]);
    const [row] = await until(inside, all('delivered'));
    expect(await forwards.find(orgId('metacortex'), row?.id as string)).toBeNull();
    const foreign = { concerns: { who: 'groups' as const, groups: ['grp_sales'] } };
    await expect(addApp(receiver, foreign, 'metacortex')).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('hears of everyone, one by one, when everyone is signed out', async () => {
    const people = await plant(600);
    const receiver = await receiverOf();
    await addApp(receiver);
    const { pool } = product.context;
    const { revokeOrgAccess } = await import('../../src/revocation/revoke-access.ts');
    await revokeOrgAccess(pool, { orgId: orgId(), initiator: 'operator', by: byOperator, asked: null });
    const told = new Set<string>();
    await receiver.until(people.length);
    while (people.some(({ email }) => !told.has(email))) {
      for (const { body } of receiver.received) told.add((body as { sub_id: { email: string } }).sub_id.email);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await pool.query('SELECT FROM org_forwards WHERE done_at IS NULL')).rowCount).toBe(0);
  });
});

it('a revocation that was rolled back is passed on to nobody', async () => {
  const receiver = await receiverOf();
  await addApp(receiver);
  const [one, two] = await plantThe(2);
  const { switchOff } = await import('../../src/revocation/switch-person.ts');
  const rolledBack = transaction(product.context.accessPool, async (client) => {
    await switchOff(client, one.id, { orgId: orgId(), initiator: 'admin', by: byOperator, asked: null }, null);
    throw new Error('changed my mind');
  });
  await expect(rolledBack).rejects.toThrow('changed my mind');
  await revoke(two.email);
  await until(two, all('delivered'));
  expect(await forwardsOf({ user: one.id })).toEqual([]);
  expect(receiver.received).toHaveLength(1);
});
