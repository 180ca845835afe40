import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kinds } from '../../src/notifications/kinds.ts';
import { record, relayed } from '../notifications/support.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { fieldsOf, openConsole, textOf } from './client.ts';

let product: Product;
let owner: ReturnType<typeof openConsole>;
let ownerId: string;
let twin: ReturnType<typeof openConsole>;
beforeAll(async () => {
  product = await startProduct({ env: { SMTP_URL: 'smtp://localhost:9', MAIL_FROM: 'a@b.example' } });
  const planted = await plantAdministrator(product, 'owner');
  ownerId = planted.id;
  owner = openConsole(product.url, planted.cookie);
  twin = openConsole(product.url, (await plantAdministrator(product, 'owner', { org: 'metacortex' })).cookie);
});
afterAll(() => product.stop());
beforeEach(async () => {
  await relayed(product);
  for (const table of ['notifications', 'notification_readers', 'notification_feeds', 'webhooks', 'spent'])
    await product.context.pool.query(`DELETE FROM ${table}`);
});

const roleChange = (targetId: string, org: keyof Product['orgs'] = 'whiterabbit') => ({
  action: 'role.changed',
  actorType: 'user',
  actorId: product.orgs[org].userId,
  targetType: 'user',
  targetId,
  detail: { from: 'member', to: 'admin' },
});

async function tellOf(count: number, org: keyof Product['orgs'] = 'whiterabbit') {
  await record(product, product.orgs[org], roleChange(product.orgs[org].userId, org), count);
  await relayed(product);
}

const show = async (path: string) => (await owner.get(path)).text;
const itemsOf = (page: string) => [...page.matchAll(/<li( class="unread")?>\n<p class="sentence">/g)];
const bellOf = (page: string) => /id="bell"[^>]* data-unread="(\d*)"/.exec(page)?.[1];

describe('the list', () => {
  it('says what would be there while nothing is', async () => {
    const page = await show('/admin/notifications');
    expect(textOf(page)).toContain('Nothing has happened yet.');
    expect(page).not.toContain('value="read"');
    expect(bellOf(page)).toBe('0');
  });

  it('shows each as a sentence whose people are links, unread ones in words too, the newest first', async () => {
    await tellOf(1);
    const [user] = await plantUsers(product, 1);
    await product.revoke({ format: 'email', email: user?.email });
    await relayed(product);
    const page = await show('/admin/notifications');
    expect(itemsOf(page)).toHaveLength(2);
    const text = textOf(page);
    expect(text).toMatch(
      /Not read The API key test ended the access of Planted .* Not read Trinity changed the role of Trinity from member to admin/,
    );
    expect(page).toContain(`the access of <a href="/admin/people/${user?.id}">Planted</a>`);
    expect(bellOf(page)).toBe('2');
  });

  it('escapes names, and lets nobody’s name become markup', async () => {
    const [user] = await plantUsers(product, 1);
    await product.context.pool.query('UPDATE users SET name = $2 WHERE id = $1', [user?.id, '<b>\u2028</b>"&']);
    await record(product, product.orgs.whiterabbit, roleChange(String(user?.id)));
    await relayed(product);
    const page = await show('/admin/notifications');
    expect(page).not.toContain('<b>');
    expect(page).toContain('&lt;b&gt;');
  });

  it('has pages, and a filter that keeps to what is unread', async () => {
    await tellOf(60);
    const first = await show('/admin/notifications');
    expect(itemsOf(first)).toHaveLength(50);
    const next = /<a rel="next" href="([^"]+)"/.exec(first)?.[1]?.replaceAll('&amp;', '&');
    const second = await show(`/admin/notifications${next}`);
    expect(itemsOf(second)).toHaveLength(10);
    // There the newest isn't seen: marking would go past what the person has looked at.
    expect(second).not.toContain('value="read"');
    const unread = await show('/admin/notifications?unread=true');
    expect(itemsOf(unread)).toHaveLength(50);
    expect(unread).toMatch(/href="\?unread=true&amp;cursor=/);
  });

  it('marks as read what was shown, once, and not what came meanwhile', async () => {
    await tellOf(2);
    const shown = await owner.get('/admin/notifications');
    await tellOf(1);
    const sent = { ...fieldsOf(shown.text, 'read'), do: 'read' };
    const after = await owner.follow(await owner.post('/admin/notifications', sent));
    expect(textOf(after.text)).toContain('Marked as read.');
    expect(itemsOf(after.text).map(([, unread]) => unread !== undefined)).toEqual([true, false, false]);
    expect(bellOf(after.text)).toBe('1');
    const again = await owner.follow(await owner.post('/admin/notifications', sent));
    expect(textOf(again.text)).toContain('This form was sent before.');
    await owner.press('/admin/notifications', 'read');
    expect(textOf(await show('/admin/notifications?unread=true'))).toContain('You have read everything.');
  });

  it('shows nothing of another organisation, whose marker stays too', async () => {
    await tellOf(1, 'metacortex');
    expect(itemsOf(await show('/admin/notifications'))).toHaveLength(0);
    await tellOf(1);
    await owner.press('/admin/notifications', 'read', { upTo: '999999' });
    expect(bellOf((await twin.get('/admin/notifications')).text)).toBe('1');
  });

  it('refuses a marker that is none, in words', async () => {
    await tellOf(1);
    const refused = await owner.press('/admin/notifications', 'read', { upTo: 'x' });
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('role="alert"');
    expect(bellOf(refused.text)).toBe('1');
  });
});

describe('what comes by mail', () => {
  it('is chosen by boxes, saved and shown again', async () => {
    const before = fieldsOf(await show('/admin/notifications/mail'), 'save');
    expect(before.kinds).toBeUndefined();
    const saved = await owner.press('/admin/notifications/mail', 'save', { kinds: ['revocation', 'api_key'] });
    const after = await owner.follow(saved);
    expect(textOf(after.text)).toContain('Saved.');
    expect(fieldsOf(after.text, 'save').kinds).toEqual(['revocation', 'api_key']);
    const emailKinds = await product.context.feed.emailKinds(product.orgs.whiterabbit.id, ownerId);
    expect(emailKinds).toEqual(['revocation', 'api_key']);
    await owner.press('/admin/notifications/mail', 'save', { kinds: [] });
    expect(fieldsOf(await show('/admin/notifications/mail'), 'save').kinds).toBeUndefined();
  });

  it('takes from a second tab only what was changed there', async () => {
    const tab = { ...fieldsOf(await show('/admin/notifications/mail'), 'save'), do: 'save' };
    await owner.press('/admin/notifications/mail', 'save', { kinds: ['revocation', 'api_key'] });
    await owner.post('/admin/notifications/mail', { ...tab, kinds: ['role_change'] });
    const kept = await product.context.feed.emailKinds(product.orgs.whiterabbit.id, ownerId);
    expect([...kept].sort()).toEqual(['api_key', 'revocation', 'role_change']);
  });

  it('has a box for every kind, each with what it is about', async () => {
    const page = await show('/admin/notifications/mail');
    for (const kind of kinds) expect(page).toContain(`value="${kind}" aria-describedby="field-kinds-${kind}-hint"`);
  });
});
