import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { withRetry } from '../../src/database/errors.ts';
import { messageHeaders, messages } from '../../src/notifications/messages.ts';
import type { Browser } from '../support/browser.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { startReceiver, verify } from './receiver.ts';
import { drained, feedOf, hasten, relayed, setRole, signInAs, until } from './support.ts';

const here = '/api/orgs/current';
type Hook = { id: string; url: string; secret: string; kinds: string[]; active: boolean };

let product: Product;
let owner: Browser;
let twin: Browser;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  product = await startProduct({ processes: 1 });
  receiver = await startReceiver();
  owner = await signInAs(product, 'owner');
  twin = await signInAs(product, 'owner', 'metacortex');
});
afterAll(async () => {
  await product.stop();
  await receiver.stop();
});
afterEach(async () => {
  receiver.answerWith((res) => void res.writeHead(204).end());
  // A delivery under way may be in its way.
  await withRetry(() => product.context.pool.query('DELETE FROM webhooks'));
  await product.context.pool.query(`UPDATE notifications SET created_at = created_at - interval '61 seconds'`);
});

let paths = 0;
async function addHook(kinds = ['revocation'], { browser = owner, url = '' } = {}): Promise<Hook & { path: string }> {
  paths += 1;
  const path = `/hook-${paths}`;
  const answer = await browser.post(`${here}/webhooks`, { json: { url: url || receiver.url + path, kinds } });
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
  return { ...answer.json<Hook>(), path };
}
async function revokeSomebody(apiKey = product.orgs.whiterabbit.apiKey) {
  const org = apiKey === product.orgs.whiterabbit.apiKey ? 'whiterabbit' : 'metacortex';
  const [user] = await plantUsers(product, 1, { org });
  expect((await product.revoke({ format: 'email', email: user?.email }, { apiKey })).status).toBe(204);
  return user as NonNullable<typeof user>;
}
type Delivery = {
  id: string;
  status: string;
  error: string | null;
  attempts: number;
  kinds: string[];
  channel: string;
};
type Attempt = { number: number; status: number | null; error: string | null; durationMs: number; at: string };
const deliveriesOf = async (hook: Hook, browser = owner) =>
  (await browser.get(`${here}/webhooks/${hook.id}/deliveries`)).json<{ items: Delivery[]; next: string | null }>()
    .items;
const deliveryOf = async (id: string) =>
  (await owner.get(`${here}/deliveries/${id}`)).json<Delivery & { log: Attempt[] }>();
const settled = (hook: Hook, status: string) =>
  until(async () => (await deliveriesOf(hook)).find((one) => one.status === status));

test('a revocation is posted once, signed, with what it is about and nothing secret', async () => {
  const hook = await addHook();
  expect(hook.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const user = await revokeSomebody();
  const [one] = await receiver.arrived(hook.path);
  if (!one) throw new Error('nothing arrived');
  expect(verify(hook.secret, one)).toEqual(one.message);
  expect(() => verify('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', one)).toThrow();
  expect(one.message).toMatchObject({
    type: 'revocation',
    data: {
      organization: product.orgs.whiterabbit.id,
      text: 'The API key test ended the access of Planted',
      target: { type: 'user', id: user.id },
      count: 1,
      detail: { initiator: 'idp', sessionsEnded: 1 },
    },
  });
  const delivery = await settled(hook, 'delivered');
  expect(one.headers['webhook-id']).toBe(delivery.id);
  expect(await deliveryOf(delivery.id)).toMatchObject({ attempts: 1, log: [{ number: 1, status: 204, error: null }] });
  await drained(product);
  expect(receiver.at(hook.path)).toHaveLength(1);
  for (const secret of [hook.secret, product.orgs.whiterabbit.apiKey, user.cookies[0] as string])
    expect(one.raw).not.toContain(secret);
  expect((await owner.get(`${here}/webhooks/${hook.id}`)).text).not.toContain('whsec_');
  const { rows } = await product.context.pool.query('SELECT secret FROM webhooks');
  expect(JSON.stringify(rows)).not.toContain(hook.secret.slice(6, 40));
});

test('what is posted is what is documented', async () => {
  const hook = await addHook(['revocation', 'api_key', 'role_change']);
  await revokeSomebody();
  expect((await owner.post(`${here}/api-keys`, { json: { name: 'Documented' } })).status).toBe(201);
  expect((await owner.post(`${here}/webhooks/${hook.id}/test`)).status).toBe(202);
  await receiver.arrived(hook.path, 3);
  const arrived = receiver.at(hook.path);
  expect(arrived.map(({ message }) => message.type).toSorted()).toEqual(['api_key', 'revocation', 'test']);
  for (const { message, headers } of arrived) {
    const documented = messages.find(({ type }) => type === message.type);
    // Members that the form doesn't name would be missing here.
    expect(documented?.form.parse(message)).toEqual(message);
    expect(messageHeaders.safeParse(headers).error).toBeUndefined();
  }
});

test('only of the kinds that were chosen, only of its own organisation, and not while it is switched off', async () => {
  const revocations = await addHook(['revocation']);
  const keys = await addHook(['api_key']);
  const foreign = await addHook(['revocation'], { browser: twin });
  const off = await addHook(['revocation']);
  expect((await owner.open('PATCH', `${here}/webhooks/${off.id}`, { json: { active: false } })).status).toBe(200);
  await revokeSomebody();
  await receiver.arrived(revocations.path);
  await drained(product);
  expect([keys, foreign, off].map(({ path }) => receiver.at(path).length)).toEqual([0, 0, 0]);
  await revokeSomebody(product.orgs.metacortex.apiKey);
  await receiver.arrived(foreign.path);
  await drained(product);
  expect([revocations, keys, off].map(({ path }) => receiver.at(path).length)).toEqual([1, 0, 0]);
});

test('events of two organisations in one batch go each to its own', async () => {
  const own = await addHook(['role_change']);
  const foreign = await addHook(['role_change'], { browser: twin });
  const orgs = [product.orgs.whiterabbit.id, product.orgs.metacortex.id];
  await product.context.pool.query(
    `INSERT INTO audit_events (org_id, id, action, actor_type, target_type, target_id)
     SELECT id, 'evt_' || gen_random_uuid(), 'role.changed', 'system', 'user', 'usr_of_' || id FROM unnest($1::text[]) AS org (id)`,
    [orgs],
  );
  await receiver.arrived(own.path);
  await receiver.arrived(foreign.path);
  await drained(product);
  const told = [own, foreign].map(({ path }) => receiver.at(path).map(({ message }) => message.data.organization));
  expect(told).toEqual(orgs.map((id) => [id]));
});

test('a storm is two messages: the first at once, the second with the count when it is over', async () => {
  const hook = await addHook();
  const [user] = await plantUsers(product, 1);
  const email = { format: 'email', email: user?.email };
  await product.revoke(email);
  await receiver.arrived(hook.path);
  for (let times = 1; times < 15; times += 1) await product.revoke(email);
  await drained(product);
  const messages = receiver.at(hook.path).map(({ message }) => message.data.count);
  expect(messages).toHaveLength(2);
  expect(messages[1]).toBe(15);
  expect(new Set(receiver.at(hook.path).map(({ headers }) => headers['webhook-id'])).size).toBe(2);
});

test('what is posted of repeats is what is documented: the count of all, an id of its own, one notification', async () => {
  const hook = await addHook();
  const foreign = await addHook(['revocation'], { browser: twin });
  const [user] = await plantUsers(product, 1);
  const email = { format: 'email', email: user?.email };
  await product.revoke(email);
  await receiver.arrived(hook.path);
  for (let times = 1; times < 4; times += 1) await product.revoke(email);
  await drained(product);
  const [first, second, ...more] = receiver.at(hook.path);
  expect([more, receiver.at(foreign.path)]).toEqual([[], []]);
  if (!first || !second) throw new Error('a message is missing');
  for (const { message, headers, raw } of [first, second]) {
    const documented = messages.find(({ type }) => type === message.type);
    expect(documented?.form.parse(message)).toEqual(message);
    expect(messageHeaders.safeParse(headers).error).toBeUndefined();
    expect(verify(hook.secret, { path: hook.path, message, headers, raw })).toEqual(message);
  }
  const ids = [first, second].map(({ headers }) => headers['webhook-id']);
  expect(ids[0]).not.toBe(ids[1]);
  const listed = (await deliveriesOf(hook)).map(({ id }) => id);
  expect(listed.toSorted()).toEqual(ids.toSorted());
  const { data } = second.message;
  expect(data).toMatchObject({ count: 4, text: expect.stringMatching(/ \(4 times\)$/) });
  for (const member of ['id', 'event', 'firstAt', 'target'])
    expect([member, data[member]]).toEqual([member, first.message.data[member]]);
  expect(Date.parse(String(data.lastAt))).toBeGreaterThan(Date.parse(String(data.firstAt)));
  expect(second.message.timestamp).toBe(data.lastAt);
  type Described = { webhooks: Record<string, { post: { description: string; parameters: { name: string }[] } }> };
  const { revocation } = ((await (await fetch(`${product.url}/openapi.json`)).json()) as Described).webhooks;
  expect(revocation?.post.description).toMatch(
    /two messages at most.*`webhook-id` of its own, with the `count` of all/,
  );
  expect(revocation?.post.parameters.map(({ name }) => name)).toContain('webhook-id');
});

test('a failure is tried again under the same id with the same body, until it is taken', async () => {
  const hook = await addHook();
  const answers = [500, 302, 503];
  receiver.answerWith(
    (res) => void res.writeHead(answers.shift() ?? 200, { location: `${receiver.url}/elsewhere` }).end(),
  );
  await revokeSomebody();
  await receiver.arrived(hook.path);
  await drained(product);
  const all = receiver.at(hook.path);
  expect(all).toHaveLength(4);
  expect(new Set(all.map(({ headers, raw }) => `${headers['webhook-id']} ${raw}`)).size).toBe(1);
  for (const one of all) verify(hook.secret, one);
  expect(receiver.at('/elsewhere')).toEqual([]);
  const delivery = await settled(hook, 'delivered');
  expect((await deliveryOf(delivery.id)).log.map(({ status, error }) => [status, error])).toEqual([
    [200, null],
    [503, 'refused'],
    [null, 'redirect'],
    [500, 'refused'],
  ]);
});

test('what stays refused for a day is dead: told of, listed, and replayed under the same id', async () => {
  const hook = await addHook(['revocation', 'dead_letter']);
  receiver.answerWith((res) => void res.writeHead(500).end('an answer that is not kept'));
  await revokeSomebody();
  await receiver.arrived(hook.path);
  await until(async () => (await deliveriesOf(hook))[0]?.attempts === 1);
  await product.context.pool.query('UPDATE deliveries SET tries = 12');
  await hasten(product);
  const dead = await settled(hook, 'dead');
  await relayed(product);
  // The notice of it goes to the same receiver, fails too, and makes no further one.
  await until(async () =>
    (await deliveriesOf(hook)).some(({ kinds, attempts }) => kinds[0] === 'dead_letter' && attempts > 0),
  );
  await product.context.pool.query(`UPDATE deliveries SET tries = 12 WHERE kinds = '{dead_letter}'`);
  await drained(product);
  const told = (await feedOf(owner, '?limit=200')).items.filter(({ kind }) => kind === 'dead_letter');
  expect(told.map(({ text, count }) => [text, count])).toEqual([
    [`Messages to the webhook at ${new URL(receiver.url).host} could not be delivered`, 1],
  ]);
  const { rows } = await product.context.pool.query(
    `SELECT detail FROM audit_events WHERE action = 'delivery.failed' ORDER BY at`,
  );
  expect(rows.map(({ detail }) => detail.kinds)).toEqual(['revocation', 'dead_letter']);
  const letters = (await owner.get(`${here}/dead-letters`)).json<{ items: Delivery[] }>().items;
  expect(letters.map(({ id }) => id)).toContain(dead.id);
  expect(JSON.stringify(await deliveryOf(dead.id))).not.toContain('an answer that is not kept');

  expect((await twin.get(`${here}/dead-letters`)).json<{ items: Delivery[] }>().items).toEqual([]);
  expect((await twin.post(`${here}/dead-letters/${dead.id}/replay`)).status).toBe(404);
  receiver.answerWith((res) => void res.writeHead(204).end());
  const before = receiver.at(hook.path).length;
  expect((await owner.post(`${here}/dead-letters/${dead.id}/replay`)).status).toBe(202);
  const again = (await receiver.arrived(hook.path, before + 1)).at(-1);
  expect(again?.headers['webhook-id']).toBe(dead.id);
  await until(async () => (await deliveryOf(dead.id)).status === 'delivered');
  expect((await owner.post(`${here}/dead-letters/${dead.id}/replay`)).status).toBe(404);
  const replayed = await product.context.pool.query(
    `SELECT actor_id FROM audit_events WHERE action = 'delivery.replayed' AND target_id = $1`,
    [dead.id],
  );
  expect(replayed.rows).toEqual([{ actor_id: product.orgs.whiterabbit.userId }]);
  // What was delivered can be sent again too, but not twice at once.
  const replays = await Promise.all([1, 2].map(() => owner.post(`${here}/deliveries/${dead.id}/replay`)));
  expect(replays.filter(({ status }) => status === 202).length).toBeGreaterThanOrEqual(1);
  expect(replays.every(({ status }) => status === 202 || status === 409)).toBe(true);
  await drained(product);
});

test('410 switches the webhook off', async () => {
  const hook = await addHook();
  receiver.answerWith((res) => void res.writeHead(410).end());
  await revokeSomebody();
  const dead = await settled(hook, 'dead');
  expect(dead.error).toBe('gone');
  expect((await owner.get(`${here}/webhooks/${hook.id}`)).json<Hook>().active).toBe(false);
  const { rows } = await product.context.pool.query(
    `SELECT actor_type, detail FROM audit_events WHERE action = 'webhook.changed' AND target_id = $1`,
    [hook.id],
  );
  expect(rows).toEqual([{ actor_type: 'system', detail: { active: false, reason: 'gone' } }]);
  expect((await owner.post(`${here}/deliveries/${dead.id}/replay`)).status).toBe(409);
  expect((await owner.post(`${here}/webhooks/${hook.id}/test`)).status).toBe(409);
});

test('a receiver that hangs holds up no other', async () => {
  const slow = await addHook();
  const quick = await addHook();
  const hanging: (() => void)[] = [];
  receiver.answerWith((res, { path }) => {
    if (path === slow.path) hanging.push(() => void res.writeHead(204).end());
    else res.writeHead(204).end();
  });
  for (let count = 0; count < 15; count += 1) await revokeSomebody();
  await receiver.arrived(quick.path, 15);
  // Of the slow one's fifteen at most two of each node are under way.
  expect(receiver.at(slow.path).length).toBeLessThanOrEqual(4);
  receiver.answerWith((res) => void res.writeHead(204).end());
  for (const answer of hanging) answer();
  await receiver.arrived(slow.path, 15);
  await drained(product);
  expect(new Set(receiver.at(slow.path).map(({ headers }) => headers['webhook-id'])).size).toBe(15);
  expect(receiver.at(slow.path)).toHaveLength(15);
});

test('a receiver without an answer is given up after its time, and the log says so', async () => {
  const hook = await addHook();
  receiver.answerWith(() => {});
  await revokeSomebody();
  const pending = await until(async () => (await deliveriesOf(hook)).find(({ attempts }) => attempts === 1));
  expect((await deliveryOf(pending.id)).log).toMatchObject([{ status: null, error: 'timeout' }]);
});

test('two nodes deliver each of many once', async () => {
  const hook = await addHook();
  const users = await plantUsers(product, 60);
  const [node, other] = product.nodes as [string, string];
  await Promise.all(
    users.map(({ email }, index) => product.revoke({ format: 'email', email }, { at: index % 2 ? node : other })),
  );
  await receiver.arrived(hook.path, 60);
  await drained(product);
  expect(receiver.at(hook.path)).toHaveLength(60);
  expect(new Set(receiver.at(hook.path).map(({ message }) => (message.data.target as { id: string }).id)).size).toBe(
    60,
  );
});

test('a rotated secret signs beside the one before for a day', async () => {
  const hook = await addHook();
  const rotated = await owner.post(`${here}/webhooks/${hook.id}/secret`);
  const { secret, previousSecretUntil } = rotated.json<{ secret: string; previousSecretUntil: string }>();
  expect(secret).not.toBe(hook.secret);
  expect(new Date(previousSecretUntil).getTime()).toBeGreaterThan(Date.now() + 23 * 3600 * 1000);
  await revokeSomebody();
  const [one] = await receiver.arrived(hook.path);
  if (!one) throw new Error('nothing arrived');
  expect(String(one.headers['webhook-signature']).split(' ')).toHaveLength(2);
  verify(secret, one);
  verify(hook.secret, one);
  await product.context.pool.query(`UPDATE webhooks SET previous_secret_until = now() WHERE id = $1`, [hook.id]);
  await revokeSomebody();
  const [, next] = await receiver.arrived(hook.path, 2);
  if (!next) throw new Error('nothing arrived');
  verify(secret, next);
  expect(() => verify(hook.secret, next)).toThrow();
});

test('a test message', async () => {
  const hook = await addHook(['api_key']);
  const answer = await owner.post(`${here}/webhooks/${hook.id}/test`);
  expect(answer.status).toBe(202);
  const [one] = await receiver.arrived(hook.path);
  expect([one?.message.type, one?.headers['webhook-id']]).toEqual([
    'test',
    answer.json<{ delivery: string }>().delivery,
  ]);
});

test('addresses that are not public, or not https, are refused; so is what resolves to one', async () => {
  const add = (url: unknown, kinds: unknown = ['revocation']) =>
    owner.post(`${here}/webhooks`, { json: { url, kinds } });
  for (const url of [
    'http://example.com/',
    'https://10.0.0.1/',
    'https://169.254.169.254/latest',
    'https://[fd00::1]/',
    'https://[::ffff:10.1.2.3]/',
    'https://0.0.0.0/',
    'https://user:word@example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'nonsense',
    '',
    `https://example.com/${'x'.repeat(2048)}`,
    42,
    null,
    'https://example.com/\u0000',
  ])
    expect([url, (await add(url)).status]).toEqual([url, 400]);
  for (const kinds of [[], ['weather'], 'revocation', null])
    expect((await add(`${receiver.url}/`, kinds)).status).toBe(400);
  expect((await owner.open('PATCH', `${here}/webhooks/none`, { json: { url: 'https://10.0.0.1/' } })).status).toBe(400);
  expect((await owner.get(`${here}/webhooks`)).json<{ items: Hook[] }>().items).toEqual([]);
});

test('an organisation has ten at most, also when they are added at once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 14 }, () =>
      owner.post(`${here}/webhooks`, { json: { url: receiver.url, kinds: ['api_key'] } }),
    ),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(4);
});

test('another organisation’s webhook is one that does not exist, for each operation; an admin may change none', async () => {
  const hook = await addHook();
  await revokeSomebody();
  const delivery = await settled(hook, 'delivered');
  const tries: [string, string, unknown?][] = [
    ['GET', `/webhooks/${hook.id}`],
    ['PATCH', `/webhooks/${hook.id}`, { active: false }],
    ['DELETE', `/webhooks/${hook.id}`],
    ['POST', `/webhooks/${hook.id}/secret`],
    ['POST', `/webhooks/${hook.id}/test`],
    ['GET', `/webhooks/${hook.id}/deliveries`],
    ['GET', `/deliveries/${delivery.id}`],
    ['POST', `/deliveries/${delivery.id}/replay`],
    ['POST', `/dead-letters/${delivery.id}/replay`],
  ];
  for (const [method, path, json] of tries) {
    const foreign = await twin.open(method, here + path, json ? { json } : {});
    const unknown = await twin.open(
      method,
      here + path.replace(hook.id, 'whk_none').replace(delivery.id, 'dlv_none'),
      json ? { json } : {},
    );
    const [one, other] = [await foreign.json(), await unknown.json()] as { status: number; detail: string }[];
    expect([path, foreign.status, one?.detail]).toEqual([path, 404, other?.detail]);
  }
  await setRole(product, product.orgs.whiterabbit, 'admin');
  for (const [method, path, json] of tries)
    expect([path, (await owner.open(method, here + path, json ? { json } : {})).status]).toEqual([path, 403]);
  await setRole(product, product.orgs.whiterabbit, 'owner');
  expect((await owner.get(`${here}/webhooks/${hook.id}`)).json<Hook>().active).toBe(true);
  expect((await owner.delete(`${here}/webhooks/${hook.id}`)).status).toBe(204);
  expect((await owner.get(`${here}/webhooks/${hook.id}`)).status).toBe(404);
});

test('what jobs of a removed webhook find is nothing, and they end', async () => {
  const hook = await addHook();
  receiver.answerWith((res) => void res.writeHead(500).end());
  await revokeSomebody();
  await receiver.arrived(hook.path);
  await owner.delete(`${here}/webhooks/${hook.id}`);
  await drained(product);
});

test('who has taken a message has it, whatever body follows', async () => {
  const hook = await addHook();
  receiver.answerWith((res) => {
    res.writeHead(200);
    // More than is read of any answer, and no end.
    res.write('x'.repeat(1_500_000));
  });
  await revokeSomebody();
  await until(async () => (await deliveriesOf(hook))[0]?.attempts === 1);
  const [delivery] = await deliveriesOf(hook);
  expect(delivery).toMatchObject({ status: 'delivered', attempts: 1, error: null });
  expect((await deliveryOf(delivery?.id ?? '')).log).toMatchObject([{ status: 200, error: null }]);
  expect(receiver.at(hook.path)).toHaveLength(1);
});

test('a URL is kept as it will be called, without what nobody sees, and each kind once', async () => {
  const url = `${receiver.url}/hook/../kept ö?a=b c`;
  const answer = await owner.post(`${here}/webhooks`, { json: { url, kinds: ['revocation', 'revocation'] } });
  const hook = answer.json<Hook>();
  expect([answer.status, hook.url, hook.kinds]).toEqual([201, `${receiver.url}/kept%20%C3%B6?a=b%20c`, ['revocation']]);
  const change = (json: unknown) => owner.open('PATCH', `${here}/webhooks/${hook.id}`, { json });
  const changed = await change({
    url: `${receiver.url.replace('http', 'HTTP')}/./moved`,
    kinds: ['api_key', 'api_key'],
  });
  expect(await changed.json()).toMatchObject({ url: `${receiver.url}/moved`, kinds: ['api_key'] });
  for (const hidden of ['\n', '\t', '\u0007', '\u0085']) {
    const wrong = `${receiver.url}/a${hidden}b`;
    expect((await owner.post(`${here}/webhooks`, { json: { url: wrong, kinds: ['revocation'] } })).status).toBe(400);
    expect((await change({ url: wrong })).status).toBe(400);
  }
});

test('a host that may be private as an identity provider may not be one as a webhook', async () => {
  const env = { PRIVATE_IDP_HOSTS: '10.9.8.7,idp.internal' };
  const other = await startProduct({ env });
  const browser = await signInAs(other, 'owner');
  const json = { url: 'https://10.9.8.7/', kinds: ['revocation'] };
  expect((await browser.post(`${here}/webhooks`, { json })).status).toBe(400);
  await other.stop();
});

test('a replay that another organisation asks for leaves no trace', async () => {
  const hook = await addHook();
  await revokeSomebody();
  const delivery = await settled(hook, 'delivered');
  const traces = async () =>
    (
      await product.context.pool.query(
        `SELECT (SELECT count(*)::int FROM audit_events WHERE action = 'delivery.replayed' AND target_id = $1) AS events,
                (SELECT count(*)::int FROM graphile_worker.jobs WHERE key = $1) AS jobs`,
        [delivery.id],
      )
    ).rows[0];
  await drained(product);
  expect((await twin.post(`${here}/deliveries/${delivery.id}/replay`)).status).toBe(404);
  expect(await traces()).toEqual({ events: 0, jobs: 0 });
  expect(receiver.at(hook.path)).toHaveLength(1);
});
