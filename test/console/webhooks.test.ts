import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withRetry } from '../../src/database/errors.ts';
import { startReceiver, verify } from '../notifications/receiver.ts';
import { until } from '../notifications/support.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { fieldsOf, openConsole, type Shown, textOf } from './client.ts';

type Console = ReturnType<typeof openConsole>;

let product: Product;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
let owner: Console;
let ownerId: string;
let admin: Console;
let twin: Console;
beforeAll(async () => {
  product = await startProduct();
  receiver = await startReceiver();
  const planted = await plantAdministrator(product, 'owner');
  ownerId = planted.id;
  owner = openConsole(product.url, planted.cookie);
  admin = openConsole(product.url, (await plantAdministrator(product, 'admin')).cookie);
  twin = openConsole(product.url, (await plantAdministrator(product, 'owner', { org: 'metacortex' })).cookie);
});
afterAll(async () => {
  await product.stop();
  await receiver.stop();
});
beforeEach(async () => {
  receiver.answerWith((res) => void res.writeHead(204).end());
  // A delivery under way may be in its way.
  await withRetry(() => product.context.pool.query('DELETE FROM webhooks'));
});

const secretIn = ({ text }: Shown) => /whsec_[A-Za-z0-9+/]{43}=/.exec(text)?.[0];
const idIn = ({ text }: Shown) => /\/admin\/webhooks\/([\w-]+)"/.exec(text)?.[1] ?? '';
const webhooks = async () =>
  (await product.context.pool.query('SELECT id, url, kinds, active FROM webhooks ORDER BY created_at')).rows;

async function add(changes: Record<string, string | string[]> = {}, by = owner) {
  const shown = await by.press('/admin/webhooks', 'add', { url: `${receiver.url}/hook`, ...changes });
  const id = idIn(shown);
  return { shown, id, path: `/admin/webhooks/${id}`, secret: secretIn(shown) ?? '' };
}

describe('adding', () => {
  it('shows the secret this once, with how to check a message by it', async () => {
    const { shown, id, path, secret } = await add({ kinds: ['revocation', 'api_key'] });
    expect(shown.status).toBe(200);
    expect(shown.headers.get('cache-control')).toBe('no-store');
    expect(secret).not.toBe('');
    expect(shown.text).toContain('from &#39;standardwebhooks&#39;');
    expect(await webhooks()).toMatchObject([{ id, url: `${receiver.url}/hook`, kinds: ['revocation', 'api_key'] }]);
    for (const page of [path, '/admin/webhooks']) expect(secretIn(await owner.get(page))).toBeUndefined();
    await owner.press(path, 'test');
    const [message] = await receiver.arrived('/hook');
    if (!message) throw new Error('nothing arrived');
    expect(verify(secret, message)).toEqual(message.message);
  });

  it('makes no second one, and shows no secret again, when the page is loaded anew', async () => {
    const page = await owner.get('/admin/webhooks');
    const sent = { ...fieldsOf(page.text, 'add'), url: `${receiver.url}/hook`, do: 'add' };
    const [first, second] = await Promise.all([
      owner.post('/admin/webhooks', sent),
      owner.post('/admin/webhooks', sent),
    ]);
    expect([first.status, second.status].sort()).toEqual([200, 303]);
    const reloaded = await owner.post('/admin/webhooks', sent);
    expect(reloaded.status).toBe(303);
    const after = await owner.follow(reloaded);
    expect(textOf(after.text)).toContain('This form was sent before.');
    expect(secretIn(after)).toBeUndefined();
    expect(await webhooks()).toHaveLength(1);
  });

  it.each([
    ['http://hooks.example/a', 'must be called by https'],
    ['https://10.0.0.1/a', 'address that is not public'],
    ['https://[::ffff:10.0.0.1]/a', 'address that is not public'],
    ['https://user:word@hooks.example/a', 'without a user in the URL'],
    ['no address', 'not a URL'],
    ['', 'not a URL'],
  ])('refuses the address %s at its field, and keeps what was typed', async (url, why) => {
    const { shown } = await add({ url, kinds: ['connection'] });
    expect(shown.status).toBe(400);
    expect(textOf(shown.text)).toContain(why);
    expect(shown.text).toMatch(
      /<input id="field-url"[^>]* aria-describedby="problem field-url-hint" aria-invalid="true"/,
    );
    expect(shown.text.match(/id="problem"/g)).toHaveLength(1);
    expect(fieldsOf(shown.text, 'add')).toMatchObject({ url: [url], kinds: ['connection'] });
    expect(await webhooks()).toEqual([]);
  });

  it('refuses one that gets nothing, and the eleventh', async () => {
    expect(textOf((await add({ kinds: [] })).shown.text)).toContain('Choose at least one kind');
    for (let number = 1; number <= 10; number += 1) await add();
    const { shown } = await add();
    expect([shown.status, secretIn(shown)]).toEqual([409, undefined]);
    expect(textOf(shown.text)).toContain('10 webhooks at most');
    expect(shown.text).toContain('<details class="adding" open>');
  });
});

describe('one webhook', () => {
  it('is tested: the message’s page says what became of it, and sends it again', async () => {
    const { path, id } = await add();
    const before = receiver.at('/hook').length;
    const tested = await owner.press(path, 'test');
    const page = String(tested.location);
    expect(textOf((await owner.follow(tested)).text)).toContain('The test is on its way.');
    await receiver.arrived('/hook', before + 1);
    const settled = await until(async () => {
      const { text } = await owner.get(page);
      return /Delivered/.test(text) && text;
    });
    expect(textOf(settled)).toMatch(/Delivered .* 1 .*Status 204/);
    expect(settled).not.toContain('data-again');
    await owner.press(page, 'again');
    await receiver.arrived('/hook', before + 2);
    await until(async () => /Status 204[\s\S]*Status 204/.test((await owner.get(page)).text));
    expect(textOf((await owner.get(`/admin/webhooks/${id}`)).text)).toMatch(/Test Delivered 2 /);
  });

  it('is paused and switched on', async () => {
    const { path } = await add();
    await owner.press(path, 'pause');
    expect(await webhooks()).toMatchObject([{ active: false }]);
    const paused = await owner.get(path);
    expect(textOf(paused.text)).toContain('It is paused');
    expect(paused.text).not.toContain('value="test"');
    await owner.press(path, 'resume');
    expect(await webhooks()).toMatchObject([{ active: true }]);
  });

  it('gets a new secret, shown once; the one before counts too', async () => {
    const { path, secret } = await add();
    const before = receiver.at('/hook').length;
    const fields = { ...fieldsOf((await owner.get(path)).text, 'rotate'), do: 'rotate' };
    const rotated = await owner.post(path, fields);
    const newer = secretIn(rotated) ?? '';
    expect(newer).not.toBe(secret);
    const reloaded = await owner.follow(await owner.post(path, fields));
    expect(secretIn(reloaded)).toBeUndefined();
    expect(textOf(reloaded.text)).toContain('The secret before counts until');
    await owner.press(path, 'test');
    const message = (await receiver.arrived('/hook', before + 1)).at(-1);
    if (!message) throw new Error('nothing arrived');
    // The reload made no third secret.
    for (const known of [secret, newer]) expect(verify(known, message)).toEqual(message.message);
  });

  it('is changed where the person changed it, and overwrites nobody', async () => {
    const { path } = await add();
    const tab = { ...fieldsOf((await owner.get(path)).text, 'change'), do: 'change' };
    await owner.press(path, 'change', { url: `${receiver.url}/other` });
    // A tab that changes only the kinds leaves the address as somebody else has set it.
    await owner.follow(await owner.post(path, { ...tab, kinds: ['api_key'] }));
    expect(await webhooks()).toMatchObject([{ url: `${receiver.url}/other`, kinds: ['api_key'] }]);

    const stale = { ...fieldsOf((await owner.get(path)).text, 'change'), do: 'change' };
    await owner.press(path, 'change', { url: `${receiver.url}/theirs`, kinds: ['revocation'] });
    const refused = await owner.post(path, { ...stale, url: `${receiver.url}/mine` });
    expect(refused.status).toBe(409);
    expect(textOf(refused.text)).toContain(`Somebody else changed this meanwhile. It is now: ${receiver.url}/theirs`);
    expect(fieldsOf(refused.text, 'change').url).toEqual([`${receiver.url}/mine`]);
    expect(await webhooks()).toMatchObject([{ url: `${receiver.url}/theirs` }]);
    // Whoever has seen it may save theirs; what they left alone isn't undone.
    await owner.post(path, { ...fieldsOf(refused.text, 'change'), do: 'change' });
    expect(await webhooks()).toMatchObject([{ url: `${receiver.url}/mine`, kinds: ['revocation'] }]);
  });

  it('is removed after a question', async () => {
    const { path } = await add();
    const asked = await owner.get(`${path}/remove`);
    expect(textOf(asked.text)).toContain(`Remove the webhook to ${new URL(receiver.url).host}?`);
    const removed = await owner.follow(await owner.press(`${path}/remove`, 'remove'));
    expect(textOf(removed.text)).toMatch(/Removed\..*There is no webhook yet/);
    expect((await owner.get(path)).status).toBe(404);
  });

  it('is nobody else’s: not another organisation’s, not an admin’s', async () => {
    const { path } = await add();
    for (const page of [path, `${path}/remove`]) {
      expect((await twin.get(page)).status).toBe(404);
      expect((await admin.get(page)).status).toBe(403);
    }
    const foreign = (await add({}, twin)).path;
    for (const act of ['test', 'pause', 'change', 'rotate']) {
      const fields = { ...fieldsOf((await owner.get(path)).text, act), do: act };
      expect((await owner.post(foreign, fields)).status, act).toBe(404);
      const again = { ...fieldsOf((await owner.get(path)).text, act), do: act };
      expect((await admin.post(path, again)).status, act).toBe(403);
    }
    expect(await webhooks()).toMatchObject([{ active: true }, { active: true }]);
    expect((await admin.get('/admin/notifications')).text).not.toContain('/admin/webhooks');
  });
});

describe('what was not delivered', () => {
  it('is listed with why, and is sent again', async () => {
    const { path } = await add();
    receiver.answerWith((res) => void res.writeHead(410).end());
    await owner.press(path, 'test');
    const listed = await until(async () => {
      const { text } = await owner.get('/admin/notifications/undelivered');
      return text.includes('value="again"') && text;
    });
    expect(textOf(listed)).toContain('the receiver answered 410');
    const admins = await admin.get('/admin/notifications/undelivered');
    expect(textOf(admins.text)).toContain('the receiver answered 410');
    expect(admins.text).not.toContain('value="again"');
    expect(textOf((await twin.get('/admin/notifications/undelivered')).text)).toContain('Everything has arrived.');

    const off = await owner.press('/admin/notifications/undelivered', 'again');
    expect([off.status, /role="alert"[^>]*>([^<]*)/.exec(off.text)?.[1]]).toEqual([
      409,
      'Its webhook is switched off; switch it on first.',
    ]);
    receiver.answerWith((res) => void res.writeHead(204).end());
    await owner.press(path, 'resume');
    const stolen = fieldsOf((await owner.get('/admin/notifications/undelivered')).text, 'again');
    expect((await twin.post('/admin/notifications/undelivered', { ...stolen, do: 'again' })).status).toBe(404);
    await owner.press('/admin/notifications/undelivered', 'again');
    await until(async () => /Everything has arrived/.test((await owner.get('/admin/notifications/undelivered')).text));
  });

  it('is sent again as a whole, but for what a webhook that is paused would get', async () => {
    const { id } = await add();
    const paused = await add();
    const foreign = (await add({}, twin)).id;
    const here = product.orgs.whiterabbit.id;
    const bury = (org: string, webhook: string, count: number) =>
      product.context.pool.query(
        `INSERT INTO deliveries (org_id, id, channel, webhook_id, kinds, body, status, error, finished_at)
         SELECT $1, 'del_' || replace(gen_random_uuid()::text, '-', ''), 'webhook', $2, '{test}', '{"type":"test"}', 'dead', 'timeout', now()
         FROM generate_series(1, $3)`,
        [org, webhook, count],
      );
    await bury(here, id, 103);
    await bury(here, paused.id, 2);
    await bury(product.orgs.metacortex.id, foreign, 1);
    await owner.press(paused.path, 'pause');
    const undelivered = '/admin/notifications/undelivered';
    expect((await admin.get(undelivered)).text).not.toContain('value="all-again"');
    const dead = async () =>
      (
        await product.context.pool.query(
          `SELECT webhook_id AS webhook, count(*)::int AS count FROM deliveries WHERE status = 'dead' GROUP BY 1`,
        )
      ).rows;
    const after = await owner.follow(await owner.press(undelivered, 'all-again'));
    expect(textOf(after.text)).toContain('They are on their way again.');
    expect(await dead()).toHaveLength(3);
    await owner.press(undelivered, 'all-again');
    expect((await dead()).map(({ webhook, count }) => [webhook, count]).sort()).toEqual(
      [
        [paused.id, 2],
        [foreign, 1],
      ].sort(),
    );
    // Of two rows the one that was refused says so.
    const refused = await owner.press(undelivered, 'again');
    expect([refused.status, refused.text.match(/id="problem"/g)?.length]).toEqual([409, 1]);
    const none = await owner.follow(await owner.press(undelivered, 'all-again'));
    expect(textOf(none.text)).toContain('Nothing was sent: the webhooks are paused.');
    const { rows } = await product.context.pool.query(
      `SELECT count(*)::int AS count FROM audit_events WHERE action = 'delivery.replayed' AND target_id IN (SELECT id FROM deliveries WHERE webhook_id = $1)`,
      [id],
    );
    expect(rows).toEqual([{ count: 103 }]);
  });
});

describe('the step-up', () => {
  const age = (interval: string) =>
    product.context.pool.query(`UPDATE sessions SET authenticated_at = now() - $2::interval WHERE user_id = $1`, [
      ownerId,
      interval,
    ]);

  it('comes back to what was typed, and makes nothing meanwhile', async () => {
    await age('2 days');
    const { shown } = await add({ url: `${receiver.url}/kept`, kinds: ['role_change'] });
    expect(shown.status).toBe(401);
    expect(await webhooks()).toEqual([]);
    await age('0');
    const back = await owner.get('/admin/webhooks');
    expect(textOf(back.text)).toContain('What you had typed is still here.');
    const fields = fieldsOf(back.text, 'add');
    expect(fields).toMatchObject({ url: [`${receiver.url}/kept`], kinds: ['role_change'] });
    expect(secretIn(await owner.post('/admin/webhooks', { ...fields, do: 'add' }))).toBeDefined();
  });
});
