import { afterAll, beforeAll, expect, test } from 'vitest';
import { sweepNotifications } from '../../src/notifications/sweep.ts';
import { clean } from '../../src/sessions/housekeeping.ts';
import type { Browser } from '../support/browser.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { feedOf, here, record, relayed, setRole, signInAs, until } from './support.ts';

let product: Product;
let admin: Browser;
let twin: Browser;
beforeAll(async () => {
  product = await startProduct({ processes: 1 });
  admin = await signInAs(product, 'admin');
  twin = await signInAs(product, 'owner', 'metacortex');
});
afterAll(() => product.stop());

const plant = async (count = 1) => plantUsers(product, count);
const about = async (browser: Browser, target: string) =>
  (await feedOf(browser, '?limit=200')).items.filter((item) => item.target?.id === target);

test('each revocation is in the feed of its organisation, for every administrator, and in no other', async () => {
  const [user] = await plant();
  expect((await product.revoke({ format: 'email', email: user?.email })).status).toBe(204);
  const [item] = await until(async () => {
    const items = await about(admin, user?.id as string);
    return items.length > 0 && items;
  });
  expect(item).toMatchObject({
    kind: 'revocation',
    text: 'The API key test ended the access of Planted',
    count: 1,
    read: false,
    actor: { type: 'api_key', name: 'test' },
    target: { type: 'user', id: user?.id, name: 'Planted' },
    detail: { initiator: 'idp', sessionsEnded: 1 },
  });
  await relayed(product);
  expect(await about(twin, user?.id as string)).toEqual([]);
  expect((await feedOf(twin)).items.map(({ kind }) => kind)).not.toContain('revocation');
});

test('a member, and nobody, may neither read nor change anything of it', async () => {
  await setRole(product, product.orgs.whiterabbit, 'member');
  for (const path of [here, `${here}/unread-count`, `${here}/settings`]) {
    expect((await admin.get(path)).status).toBe(403);
    expect((await fetch(product.url + path)).status).toBe(401);
  }
  expect((await admin.post(`${here}/read`, { json: { upTo: 1 } })).status).toBe(403);
  expect((await admin.put(`${here}/settings`, { json: { email: [] } })).status).toBe(403);
  await setRole(product, product.orgs.whiterabbit, 'admin');
});

test('a storm of the same kind and target is one notification with a count; what is about others stays apart', async () => {
  const [stormy, calm] = await plant(2);
  for (let times = 0; times < 20; times += 1) await product.revoke({ format: 'email', email: stormy?.email });
  await product.revoke({ format: 'email', email: calm?.email });
  await relayed(product);
  expect((await about(admin, stormy?.id as string)).map(({ count, text }) => [count, text])).toEqual([
    [20, 'The API key test ended the access of Planted (20 times)'],
  ]);
  expect((await about(admin, calm?.id as string)).map(({ count }) => count)).toEqual([1]);
  // The minute is over: the next one stands by itself.
  await product.context.pool.query(`UPDATE notifications SET created_at = created_at - interval '61 seconds'`);
  await product.revoke({ format: 'email', email: stormy?.email });
  await relayed(product);
  expect((await about(admin, stormy?.id as string)).map(({ count }) => count)).toEqual([1, 20]);
});

test('the same in two organisations at once, from two nodes, is counted in each by itself', async () => {
  const email = { format: 'email', email: 'trinity@whiterabbit.fake' };
  const { whiterabbit, metacortex } = product.orgs;
  await relayed(product);
  await product.context.pool.query(`UPDATE notifications SET created_at = created_at - interval '61 seconds'`);
  const [node, other] = product.nodes as [string, string];
  await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      product.revoke(email, {
        apiKey: index % 3 === 0 ? metacortex.apiKey : whiterabbit.apiKey,
        at: index % 2 === 0 ? node : other,
      }),
    ),
  );
  admin = await product.signIn('whiterabbit');
  twin = await product.signIn('metacortex');
  await relayed(product);
  const newest = async (browser: Browser, id: string) => (await about(browser, id))[0]?.count;
  expect(await newest(admin, whiterabbit.userId)).toBe(20);
  expect(await newest(twin, metacortex.userId)).toBe(10);
});

test('each administrator has an own marker, which never goes back and not past the end', async () => {
  const before = await feedOf(admin);
  const newest = before.items[0]?.position as number;
  const read = await admin.post(`${here}/read`, { json: { upTo: newest } });
  expect([read.status, read.json()]).toEqual([200, { unreadCount: 0, readUpTo: newest }]);
  const back = await admin.post(`${here}/read`, { json: { upTo: 1 } });
  expect(back.json()).toEqual({ unreadCount: 0, readUpTo: newest });
  const beyond = await admin.post(`${here}/read`, { json: { upTo: newest + 1_000 } });
  expect(beyond.json()).toEqual({ unreadCount: 0, readUpTo: newest });
  expect((await feedOf(admin)).items.every(({ read: seen }) => seen)).toBe(true);
  expect((await feedOf(twin)).unreadCount).toBeGreaterThan(0);
  const [user] = await plant();
  await product.revoke({ format: 'email', email: user?.email });
  await relayed(product);
  expect((await admin.get(`${here}/unread-count`)).json()).toEqual({ unreadCount: 1, readUpTo: newest });
  expect((await feedOf(admin, '?unread=true')).items.map(({ target }) => target?.id)).toEqual([user?.id]);
  for (const upTo of [-1, 1.5, '3', null, 2 ** 60])
    expect((await admin.post(`${here}/read`, { json: { upTo } })).status).toBe(400);
});

test('pages go through the whole feed, without a repetition, while more is added', async () => {
  const users = await plant(25);
  for (const user of users) await product.revoke({ format: 'email', email: user.email });
  await relayed(product);
  const seen: number[] = [];
  let next: string | null = '';
  while (next !== null) {
    const page = await feedOf(admin, `?limit=7${next ? `&cursor=${next}` : ''}`);
    seen.push(...page.items.map(({ position }) => position));
    next = page.next;
    const [more] = await plant();
    if (seen.length < 15) await product.revoke({ format: 'email', email: more?.email });
  }
  expect(seen).toEqual([...new Set(seen)].sort((one, other) => other - one));
  expect(seen.length).toBeGreaterThanOrEqual(25);
  for (const cursor of ['x', 'WyJhIl0', Buffer.from('["1e400"]').toString('base64url'), '%00'])
    expect((await admin.get(`${here}?cursor=${cursor}`)).status).toBe(400);
});

test('five refusals of one caller in a row are told of once; a success in between begins anew', async () => {
  const { whiterabbit } = product.orgs;
  const refuse = (times: number, actorId = 'key_wrong', ip = '203.0.113.9') =>
    record(product, whiterabbit, { action: 'call.refused', actorType: 'api_key', actorId, ip }, times);
  const told = async (id: string) => {
    await relayed(product);
    return (await about(admin, id)).map(({ kind, count }) => [kind, count]);
  };
  await refuse(4);
  expect(await told('key_wrong')).toEqual([]);
  await record(product, whiterabbit, { action: 'access.revoked', actorType: 'api_key', actorId: 'key_wrong' });
  await refuse(4);
  expect(await told('key_wrong')).toEqual([]);
  await refuse(3);
  expect(await told('key_wrong')).toEqual([['refused_calls', 5]]);
  await refuse(20);
  expect(await told('key_wrong')).toEqual([['refused_calls', 5]]);
  expect(await told('key_other')).toEqual([]);
  // Nobody knows who: one network is one caller, and another organisation's refusals are its own.
  const anonymous = { action: 'call.refused', actorType: 'anonymous' };
  for (const ip of ['198.51.100.1', '198.51.100.2', '198.51.100.3', '198.51.100.4'])
    await record(product, whiterabbit, { ...anonymous, ip });
  await record(product, product.orgs.metacortex, { ...anonymous, ip: '198.51.100.5' });
  expect(await told('198.51.100.0/24')).toEqual([]);
  await record(product, whiterabbit, { ...anonymous, ip: '198.51.100.6' });
  expect(await told('198.51.100.0/24')).toEqual([['refused_calls', 5]]);
  expect((await feedOf(twin)).items.filter(({ kind }) => kind === 'refused_calls')).toEqual([]);
  // Alike ones are recorded together: the first, then the number of its repeats.
  const network = '192.0.2.0/24';
  await record(product, whiterabbit, { ...anonymous, detail: { network, repeats: 0 } });
  await record(product, whiterabbit, { ...anonymous, detail: { network, repeats: 7 } });
  expect(await told(network)).toEqual([['refused_calls', 8]]);
});

test('new keys and changed roles are told of; what ended nobody’s session is not', async () => {
  const { whiterabbit } = product.orgs;
  const key = await product.context.apiKeys.create(whiterabbit.id, { name: 'Okta' }, { type: 'operator' });
  const target = { targetType: 'user', targetId: whiterabbit.userId };
  await record(product, whiterabbit, {
    action: 'role.changed',
    ...target,
    detail: { from: 'member', to: 'super_admin' },
  });
  await record(product, whiterabbit, { action: 'idp_session.ended', detail: { sessionsEnded: 0 } });
  await relayed(product);
  expect((await about(admin, key.id)).map(({ text }) => text)).toEqual(['The operator made the API key Okta']);
  const roleChange = (await about(admin, whiterabbit.userId)).find(({ kind }) => kind === 'role_change');
  expect(roleChange?.text).toBe('The system changed the role of Trinity from member to super admin');
  expect((await feedOf(admin, '?limit=200')).items.map((item) => item.text)).not.toContain(
    'The system ended an IdP session of somebody',
  );
});

test('open pages of administrators hear of it on every node, members and other organisations do not', async () => {
  const stream = async (browser: Browser, node: string) => {
    const leave = new AbortController();
    const cookie = await browser.cookiesFor(product.url);
    const response = await fetch(`${node}/api/users/me/events`, { headers: { cookie }, signal: leave.signal });
    const reader = response.body?.getReader();
    let text = '';
    const reading = (async () => {
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
        text += new TextDecoder().decode(part.value);
    })().catch(() => {});
    await until(async () => text.includes('retry'));
    const close = () => {
      leave.abort();
      return reading;
    };
    return { text: () => text, close };
  };
  const [first, second] = product.nodes as [string, string];
  const streams = [await stream(admin, first), await stream(admin, second)];
  const foreign = await stream(twin, first);
  const [user] = await plant();
  await product.revoke({ format: 'email', email: user?.email });
  for (const { text } of streams) await until(async () => text().includes('event: notifications\ndata: {}\n\n'));
  for (const { text } of streams)
    for (const word of [user?.id, user?.email, 'Planted']) expect(text()).not.toContain(word);
  await Promise.all(streams.map(({ close }) => close()));
  expect(foreign.text()).not.toContain('notifications');

  // The page was opened by an administrator; by now they are none.
  const demoted = await stream(admin, first);
  await setRole(product, product.orgs.whiterabbit, 'member');
  const [another] = await plant();
  await product.revoke({ format: 'email', email: another?.email });
  await relayed(product);
  // Something that comes after it, by the same way, on the same node.
  await product.revoke(
    { format: 'email', email: 'trinity@whiterabbit.fake' },
    { apiKey: product.orgs.metacortex.apiKey },
  );
  await until(async () => foreign.text().includes('signed-out'));
  expect(demoted.text()).not.toContain('notifications');
  await Promise.all([demoted.close(), foreign.close()]);
  await setRole(product, product.orgs.whiterabbit, 'admin');
});

test('what is older than 90 days is swept, with the log of its deliveries', async () => {
  const { pool } = product.context;
  await relayed(product);
  const { id } = product.orgs.whiterabbit;
  const newest = (await feedOf(admin)).items[0]?.id;
  await pool.query(`UPDATE notifications SET created_at = now() - interval '91 days' WHERE org_id = $1 AND id <> $2`, [
    id,
    newest,
  ]);
  await pool.query(
    `INSERT INTO deliveries (org_id, id, channel, kinds, created_at)
     VALUES ($1, 'dlv_old', 'email', '{revocation}', now() - interval '91 days'), ($1, 'dlv_new', 'email', '{revocation}', now() - interval '89 days')`,
    [id],
  );
  await pool.query(
    `INSERT INTO delivery_attempts (org_id, delivery_id, number, at, duration_ms) VALUES ($1, 'dlv_old', 1, now(), 1)`,
    [id],
  );
  // False: another node is cleaning.
  while (!(await clean(pool, () => false, sweepNotifications)));
  expect((await feedOf(admin)).items.map((item) => item.id)).toEqual([newest]);
  expect((await pool.query('SELECT id FROM deliveries')).rows).toEqual([{ id: 'dlv_new' }]);
  expect((await pool.query('SELECT FROM delivery_attempts')).rowCount).toBe(0);
});
