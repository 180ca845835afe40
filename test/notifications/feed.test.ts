import { afterAll, beforeAll, expect, test } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { clean } from '../../src/database/chores.ts';
import { sweepNotifications } from '../../src/notifications/sweep.ts';
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

test('each change of a role stands by itself, in its order', async () => {
  const { whiterabbit } = product.orgs;
  const [user] = await plant();
  const change = { action: 'role.changed', targetType: 'user', targetId: user?.id as string };
  await record(product, whiterabbit, { ...change, detail: { from: 'member', to: 'owner' } });
  await relayed(product);
  // Within a minute, and then two in one batch.
  await record(product, whiterabbit, { ...change, detail: { from: 'owner', to: 'admin' } }, 2);
  await relayed(product);
  expect((await about(admin, user?.id as string)).map(({ text, count }) => [text, count])).toEqual([
    ['The system changed the role of Planted from owner to admin', 1],
    ['The system changed the role of Planted from owner to admin', 1],
    ['The system changed the role of Planted from member to owner', 1],
  ]);
});

test('what different people did, or what was something else, is not counted together', async () => {
  const { whiterabbit } = product.orgs;
  const [user] = await plant();
  const end = (actorType: string, actorId: string | null, detail = {}) =>
    record(product, whiterabbit, {
      ...{ action: 'access.revoked', actorType, actorId, targetType: 'user', targetId: user?.id as string, detail },
    });
  const story: Parameters<typeof end>[] = [
    ['user', whiterabbit.userId],
    ['operator', null],
    ['user', whiterabbit.userId],
    ['operator', null, { session: 'ses_1' }],
    ['operator', null, { grant: 'grt_1' }],
    ['operator', null, { session: 'ses_2' }],
  ];
  const expected = [
    ['The operator ended one session of Planted (2 times)', 2],
    ['The operator signed Planted out of one app', 1],
    ['Trinity ended the access of Planted (2 times)', 2],
    ['The operator ended the access of Planted', 1],
  ];
  // One by one, then the same again in one batch, which counts further.
  for (const one of story) {
    await end(...one);
    await relayed(product);
  }
  const told = async () => (await about(admin, user?.id as string)).map(({ text, count }) => [text, count]);
  expect(await told()).toEqual(expected);
  await product.context.pool.query(`UPDATE notifications SET created_at = created_at - interval '61 seconds'`);
  const client = await product.context.pool.connect();
  await client.query('BEGIN');
  await client.query(
    `INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, detail)
     SELECT $1, 'evt_' || gen_random_uuid(), 'access.revoked', type, id, 'user', $2, detail
     FROM unnest($3::text[], $4::text[], $5::jsonb[]) AS told (type, id, detail)`,
    [
      ...[whiterabbit.id, user?.id, story.map(([type]) => type), story.map(([, id]) => id)],
      story.map(([, , detail]) => JSON.stringify(detail ?? {})),
    ],
  );
  await client.query('COMMIT');
  client.release();
  await relayed(product);
  const again = await told();
  expect(again).toHaveLength(8);
  expect(again.slice(0, 4)).toEqual(expect.arrayContaining(expected));
});

test('the end of one session or app is not told as the end of all access', async () => {
  const [user] = await plantUsers(product, 1, { sessions: 2 });
  const { rows } = await product.context.pool.query('SELECT id FROM sessions WHERE user_id = $1 LIMIT 1', [user?.id]);
  const path = `/api/orgs/current/users/${user?.id}/sessions/${rows[0].id}/revocations`;
  const asked = await admin.post(path, { json: {} });
  const { confirmation } = asked.json<{ confirmation: string }>();
  const done = await admin.post(path, { json: { confirmation } });
  expect([asked.status, done.status]).toEqual([409, 200]);
  await relayed(product);
  expect((await about(admin, user?.id as string)).map(({ text }) => text)).toEqual([
    'Trinity ended one session of Planted',
  ]);
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

test('two administrators of one organisation have each an own marker and own choices', async () => {
  const neo = await product.signIn('whiterabbit', { email: 'neo@whiterabbit.fake', password: 'Neo-and-123$' });
  await product.context.prisma.user.updateMany({ where: { email: 'neo@whiterabbit.fake' }, data: { role: 'admin' } });
  const [user] = await plant();
  await product.revoke({ format: 'email', email: user?.email });
  await relayed(product);
  const newest = (await feedOf(neo)).items[0]?.position as number;
  expect((await neo.post(`${here}/read`, { json: { upTo: newest } })).json()).toMatchObject({ unreadCount: 0 });
  const [mine, theirs] = [await feedOf(admin, '?limit=1'), await feedOf(neo, '?limit=1')];
  expect([mine.items[0]?.read, theirs.items[0]?.read, mine.readUpTo < newest]).toEqual([false, true, true]);
  expect((await feedOf(neo, '?unread=true')).items).toEqual([]);
  expect((await feedOf(admin, '?unread=true')).items[0]?.position).toBe(newest);
  const ids = await product.context.prisma.user.findMany({ where: { email: 'neo@whiterabbit.fake' } });
  await product.context.feed.setEmailKinds(product.orgs.whiterabbit.id, ids[0]?.id ?? '', ['api_key']);
  const chosen = async (browser: Browser) => (await browser.get(`${here}/settings`)).json<{ email: string[] }>().email;
  expect([await chosen(admin), await chosen(neo)]).toEqual([[], ['api_key']]);
  await admin.post(`${here}/read`, { json: { upTo: newest } });
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
  const endpoint = 'revocation';
  const success = { action: 'access.revoked', actorType: 'api_key', actorId: 'key_wrong', detail: { endpoint } };
  await record(product, whiterabbit, success);
  await refuse(4);
  expect(await told('key_wrong')).toEqual([]);
  // What else the key does changes nothing: it provisions, or takes no part in the revocation endpoint.
  await record(product, whiterabbit, { ...success, detail: { initiator: 'scim' } });
  await record(product, whiterabbit, { ...success, action: 'role.changed', detail: { from: 'member', to: 'admin' } });
  await record(product, whiterabbit, { ...success, detail: { endpoint: 'logout_token' } });
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

test('the refusals of a key say why', async () => {
  for (let times = 0; times < 5; times += 1)
    expect((await product.revoke({ format: 'email', email: 'nobody@metacortex.fake' })).status).toBe(404);
  await relayed(product);
  expect((await feedOf(admin, '?limit=1')).items[0]?.text).toMatch(
    /^The API key .* was refused at the revocation endpoint 5 times in a row, the last time: No user of your organisation matches the subject identifier\.$/,
  );
});

test('refused calls of a stranger at a connection’s own address are told of once, with all that were counted together', async () => {
  const { id, connectionId } = product.orgs.whiterabbit;
  const at = `${product.url}/global-token-revocation/${connectionId}`;
  const wrong = {
    method: 'POST',
    headers: { authorization: 'Bearer wrong', 'content-type': 'application/json' },
    body: '{}',
  };
  for (let times = 0; times < 25; times += 1) expect((await fetch(at, wrong)).status).toBe(401);
  await product.context.refusedCalls.flush({ all: true });
  await relayed(product);
  const { rows } = await product.context.pool.query(
    `SELECT count FROM notifications WHERE org_id = $1 AND kind = 'refused_calls' AND target_type = 'network' AND target_id ~ '^(127|::)'`,
    [id],
  );
  expect(rows).toEqual([{ count: 25 }]);
  expect((await feedOf(admin, '?limit=1')).items[0]?.text).toMatch(
    /^Somebody at (127|::).* was refused at the revocation endpoint 25 times in a row$/,
  );
});

test('new keys and changed roles are told of; what ended nobody’s session is not', async () => {
  const { whiterabbit } = product.orgs;
  const key = await product.context.apiKeys.create(whiterabbit.id, { name: 'Okta' }, byOperator);
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
  while (!(await clean(pool, sweepNotifications)));
  expect((await feedOf(admin)).items.map((item) => item.id)).toEqual([newest]);
  expect((await pool.query('SELECT id FROM deliveries')).rows).toEqual([{ id: 'dlv_new' }]);
  expect((await pool.query('SELECT FROM delivery_attempts')).rowCount).toBe(0);
});

test('where the record is kept for less than 90 days, so are notifications and the log', async () => {
  const { pool } = product.context;
  await relayed(product);
  const { whiterabbit, metacortex } = product.orgs;
  const orgs = [whiterabbit.id, metacortex.id];
  await pool.query('UPDATE orgs SET audit_retention_days = 30 WHERE id = $1', [whiterabbit.id]);
  await pool.query('DELETE FROM notifications');
  await pool.query('DELETE FROM deliveries');
  const plantOld = `
    SELECT org, 'old_' || days || status, days, status, now() - make_interval(days => days)
    FROM unnest($1::text[]) AS org, unnest('{29,31}'::int[]) AS days, unnest($2::text[]) AS status`;
  await pool.query(
    `INSERT INTO deliveries (org_id, id, channel, kinds, status, created_at)
     SELECT org, id, 'email', '{revocation}', status, at FROM (${plantOld}) old (org, id, days, status, at)`,
    [orgs, ['pending', 'delivered', 'dead', 'cancelled']],
  );
  await pool.query(
    `INSERT INTO notifications (org_id, id, position, kind, event_id, action, actor_type, first_at, last_at, created_at)
     SELECT org, id, 1000000 - days, 'revocation', id, 'access.revoked', 'system', at, at, at
     FROM (${plantOld}) old (org, id, days, status, at)`,
    [orgs, ['']],
  );
  while (!(await clean(pool, sweepNotifications)));
  const left = async (table: string, org: string) =>
    (await pool.query(`SELECT count(*)::int AS count FROM ${table} WHERE org_id = $1`, [org])).rows[0].count;
  expect([await left('notifications', whiterabbit.id), await left('deliveries', whiterabbit.id)]).toEqual([1, 4]);
  expect([await left('notifications', metacortex.id), await left('deliveries', metacortex.id)]).toEqual([2, 8]);
  await pool.query('UPDATE orgs SET audit_retention_days = NULL WHERE id = $1', [whiterabbit.id]);
});
