import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actionFamilies, actions } from '../../src/audit/actions.ts';
import { de } from '../../src/texts/de.ts';
import { en } from '../../src/texts/en.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { openConsole, textOf } from './client.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
let admin: typeof owner;
let visitor: ReturnType<typeof openConsole>;
let trinityId: string;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
  admin = await plantAdministrator(product, 'admin');
  await product.context.pool.query(`UPDATE users SET name = 'Morpheus' WHERE id = $1`, [owner.id]);
  visitor = openConsole(product.url, owner.cookie);
  trinityId = product.orgs.whiterabbit.userId;
  await product.signIn();
  expect((await product.revoke()).status).toBe(204);
  expect((await product.revoke({ format: 'email', email: 'nobody@whiterabbit.fake' })).status).toBe(404);
  await owner.send('PATCH', `/users/${trinityId}`, { role: 'admin' });
  await owner.send('PATCH', `/users/${trinityId}`, { role: 'member' });
});
afterAll(() => product?.stop());

async function open(path: string, as = visitor) {
  const shown = await as.get(path);
  return { ...shown, words: textOf(shown.text) };
}
const eventsIn = (page: string) => page.match(/<li><a class="at" /g)?.length ?? 0;
const next = (page: string) => /<a rel="next" href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&');

describe('the record', () => {
  it('says each event in a sentence, with its JSON behind it and a page of its own', async () => {
    const { status, text, words } = await open('/admin/record');
    expect(status).toBe(200);
    expect(words).toContain('Morpheus changed the role of Trinity from Admin to Member');
    expect(words).toContain('The API key test signed Trinity out everywhere: 1 browser');
    expect(words).toContain('The API key test was refused at the revocation endpoint: No user of your organisation');
    expect(text).toMatch(/<details><summary [^>]+>As JSON<\/summary>/);
    const [, id] = /href="\/admin\/record\/(evt_\w+)"/.exec(text) ?? [];
    const event = await open(`/admin/record/${id}`);
    expect(event.words).toContain(`Event ${id}`);
    expect(event.words).toContain('"action": "role.changed"');
  });

  it.each([
    ['what somebody was called', `search=TRINI`, ['Trinity'], ['refused at']],
    [
      'a person, by their address',
      `person=${trinity.email}`,
      ['Everything about Trinity', 'signed in'],
      ['refused at'],
    ],
    ['a person, by their name', 'person=trinity', ['Everything about Trinity'], ['refused at']],
    ['who did it', 'actor=morpheus', ['Done by Morpheus', 'changed the role'], ['signed Trinity out']],
    ['an action', 'action=role.changed', ['changed the role'], ['signed in', 'signed Trinity out']],
    ['a family of actions', 'action=role.', ['changed the role'], ['signed in']],
    ['days to come', 'from=2999-01-01', ['Nothing on record matches this search.'], ['signed in']],
    ['days that are over', 'to=2001-01-01', ['Nothing on record matches this search.'], ['signed in']],
  ])('is searched by %s', async (_name, query, there, away) => {
    const { status, words } = await open(`/admin/record?${query}`);
    expect(status).toBe(200);
    const list = words.slice(words.indexOf('Search '));
    for (const text of there) expect(list).toContain(text);
    for (const text of away) expect(list).not.toContain(text);
  });

  it('takes both days of a range to it, as they are in UTC', async () => {
    const today = new Date().toISOString().slice(0, 10);
    expect((await open(`/admin/record?from=${today}&to=${today}&action=role.changed`)).words).toContain(
      'changed the role',
    );
  });

  it('finds who did it by an id, too, and comes back as it was', async () => {
    const query = `person=${trinityId}&action=role.changed&order=asc`;
    const { text, words } = await open(`/admin/record?${query}`);
    expect(words.indexOf('to Admin')).toBeLessThan(words.indexOf('to Member'));
    expect(text).toContain(`value="${trinityId}"`);
    expect(text).toContain('<option value="role.changed" selected>');
    expect(text).toContain('<option value="asc" selected>');
  });

  it('asks which of several people is meant', async () => {
    const [one, two] = await plantUsers(product, 2);
    await product.context.pool.query(`UPDATE users SET name = 'Agent Smith' WHERE id = ANY ($1)`, [[one?.id, two?.id]]);
    const { text, words } = await open('/admin/record?person=agent&order=asc');
    expect(words).toContain('Several people fit “agent”. Which one?');
    expect(text).toContain(`href="?person=${one?.id}&amp;order=asc"`);
    expect(eventsIn(text)).toBe(0);
    // An export would hold everything.
    expect(text).not.toContain('/admin/record/export');
    const { words: nobody } = await open('/admin/record?actor=nobody%20like%20this');
    expect(nobody).toContain('Nobody matches “nobody like this”.');
  });

  it('finds by the address of then whoever was removed since', async () => {
    const gone = await plantUsers(product, 1);
    const [{ id = '', email = '' } = {}] = gone;
    await owner.send('PATCH', `/users/${id}`, { active: false });
    await product.context.pool.query(
      `UPDATE users SET deleted_at = now(), active = false, email = id || '@deleted.invalid', email_key = id || '@deleted.invalid'
       WHERE id = $1`,
      [id],
    );
    const { words } = await open(`/admin/record?person=${encodeURIComponent(email)}`);
    expect(words).toContain(`Nobody has the address ${email} now.`);
    expect(words).toContain('switched');
    const { words: byId } = await open(`/admin/record?person=${id}`);
    expect(byId).toContain(`Everything about ${id}`);
  });

  it('says what a day looks like; what an old address asks for and isn’t known is let go', async () => {
    const bad = await open('/admin/record?from=yesterday');
    expect([bad.status, bad.words.includes('A day is written like 2026-11-29.')]).toEqual([400, true]);
    const { text: first } = await open('/admin/record');
    const events = (text: string) => [...text.matchAll(/class="at" [^>]*href="([^"]+)"/g)].map(([, href]) => href);
    for (const stale of ['action=coffee.made', 'cursor=nothing', 'order=sideways', `cursor=${'x'.repeat(1025)}`]) {
      const shown = await open(`/admin/record?${stale}`);
      expect([stale, shown.status, events(shown.text)[0]]).toEqual([stale, 200, events(first)[0]]);
    }
    for (const path of [
      'revocations?initiator=ghost&cursor=e30',
      'revocations/refused?endpoint=none&cursor=e30',
      'notifications?cursor=e30',
      'people?role=king&cursor=e30',
    ])
      expect([path, (await open(`/admin/${path}`)).status]).toEqual([path, 200]);
  });

  it('goes on page by page to its end, and holds each event once', async () => {
    await product.context.pool.query(
      `INSERT INTO audit_events (org_id, id, at, action, actor_type, actor_id, target_type, target_id, detail)
       SELECT $1, 'evt_page_' || n, now() - make_interval(days => 400, mins => n), 'user.activated', 'user', $2, 'user', $2, '{}'
       FROM generate_series(1, 120) n`,
      [product.orgs.whiterabbit.id, owner.id],
    );
    const seen = new Set<string>();
    let page = (await open('/admin/record?action=user.activated')).text;
    for (let pages = 0; pages < 5; pages += 1) {
      for (const [, id = ''] of page.matchAll(/href="\/admin\/record\/(evt_\w+)"/g)) seen.add(id);
      const more = next(page);
      if (!more) break;
      page = (await open(`/admin/record${more}`)).text;
      expect(page).toContain('First page');
    }
    expect([...seen].filter((id) => id.startsWith('evt_page_'))).toHaveLength(120);
  });

  it('shows nothing of another organisation', async () => {
    const theirs = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    const foreign = openConsole(product.url, theirs.cookie);
    const { text } = await open('/admin/record?action=role.changed');
    const [, id] = /href="\/admin\/record\/(evt_\w+)"/.exec(text) ?? [];
    expect((await open(`/admin/record/${id}`, foreign)).status).toBe(404);
    expect((await open('/admin/record', foreign)).words).not.toContain('Morpheus');
    expect(eventsIn((await open(`/admin/record?person=${trinityId}`, foreign)).text)).toBe(0);
  });

  it.each([
    ['English', en],
    ['German', de],
  ])('offers every action and family by a name in %s', (_name, { console: { record } }) => {
    expect(actions.filter((action) => !record.actions[action])).toEqual([]);
    const families: Readonly<Record<string, string>> = record.families;
    expect(actionFamilies.filter((family) => !families[family])).toEqual([]);
  });
});

describe('the export', () => {
  const link = (page: string, format: string) =>
    new RegExp(`href="(/api/orgs/current/audit-events/export\\?format=${format}[^"]*)"`)
      .exec(page)?.[1]
      ?.replaceAll('&amp;', '&') ?? '';

  it('holds what the search found, in both forms, and is on record', async () => {
    const search = await open(`/admin/record?person=${trinity.email}&action=role.changed&from=2020-01-01`);
    const [, way = ''] = /href="(\/admin\/record\/export[^"]*)"/.exec(search.text) ?? [];
    const page = await open(way.replaceAll('&amp;', '&'));
    expect(page.words).toContain('A role was changed');
    const ndjson = await visitor.get(link(page.text, 'ndjson'));
    expect(
      ndjson.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).action),
    ).toEqual(['role.changed', 'role.changed']);
    const csv = await visitor.get(link(page.text, 'csv'));
    expect(csv.headers.get('content-disposition')).toContain('attachment');
    expect(csv.text).toContain('role.changed');
    expect((await open('/admin/record?action=record.exported')).words).toContain('Morpheus exported the record (CSV)');
  });

  it('asks for a fresh authentication first, and comes back to what was asked for', async () => {
    const stale = await plantAdministrator(product, 'owner');
    await product.context.pool.query(
      `UPDATE sessions SET authenticated_at = now() - interval '1 day' WHERE user_id = $1`,
      [stale.id],
    );
    const { status, text } = await open(
      '/admin/record/export?action=role.changed',
      openConsole(product.url, stale.cookie),
    );
    expect(status).toBe(401);
    expect(text).toContain(encodeURIComponent('/admin/record/export?action=role.changed'));
  });

  it('is for those who may: others read who that is', async () => {
    const theirs = openConsole(product.url, admin.cookie);
    const { words, text } = await open('/admin/record', theirs);
    expect(words).toContain('Owners and super admins may export the record.');
    expect(text).not.toContain('/admin/record/export');
    expect((await open('/admin/record/export', theirs)).status).toBe(403);
  });
});

describe('revocations', () => {
  it('are listed with whom, what ended, who, what was asked and how long it took', async () => {
    const { words } = await open('/admin/revocations');
    expect(words).toMatch(
      /Trinity trinity@ whiterabbit\.fake 1 browser API key test A call of the endpoint trinity@ whiterabbit\.fake email [\d.]+\sms/,
    );
  });

  it.each([
    ['whom', `person=${trinity.email}`, true],
    ['somebody else', 'person=morpheus', false],
    ['a cause', 'initiator=idp', true],
    ['another cause', 'initiator=scim', false],
    ['days', 'from=2020-01-01&to=2999-01-01', true],
    ['other days', 'to=2020-01-01', false],
  ])('are found by %s', async (_name, query, isThere) => {
    const { words } = await open(`/admin/revocations?${query}`);
    expect(words.includes('API key test')).toBe(isThere);
    expect(words.includes('No revocation matches this search.')).toBe(!isThere);
  });

  it('of everyone, and of somebody removed, are told from others', async () => {
    const { id } = product.orgs.whiterabbit;
    await product.context.pool.query(
      `INSERT INTO revocations (org_id, id, user_id, initiator, subject, duration_ms)
       VALUES ($1, 'rev_everyone', NULL, 'operator', NULL, 1), ($1, 'rev_gone', 'usr_gone', 'scim', NULL, 1)`,
      [id],
    );
    const { words, text } = await open('/admin/revocations');
    expect(words).toContain('Everyone not counted');
    expect(text).toContain('<a href="/admin/record?person=usr_gone">(removed)</a>');
  });

  it.each([
    ['{"user":"usr_a"}', 'this person in the console'],
    ['{"user":"usr_a","session":"ses_a"}', 'one device of this person in the console'],
    ['{"users":3}', 'a list of 3 people in the console'],
    ['{"group":"grp_a"}', 'a group in the console'],
    ['{"everyone":true,"keepCurrent":true}', 'everyone in the console'],
    ['{"other":1}', '{"other":1} in the console'],
  ])('say in words what was chosen in the console: %s', async (subject, said) => {
    const { pool } = product.context;
    await pool.query(
      `INSERT INTO revocations (org_id, id, user_id, initiator, subject, duration_ms)
       VALUES ($1, 'rev_chosen', 'usr_gone', 'admin', $2, 1)`,
      [product.orgs.whiterabbit.id, subject],
    );
    const { words } = await open('/admin/revocations?initiator=admin');
    await pool.query(`DELETE FROM revocations WHERE id = 'rev_chosen'`);
    expect(words).toContain(said);
  });

  it('of another organisation are not shown', async () => {
    const theirs = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    const { words } = await open('/admin/revocations', openConsole(product.url, theirs.cookie));
    expect(words).toContain('Nobody’s access has been ended yet.');
  });
});

describe('refused calls', () => {
  it('say why, and what to do', async () => {
    const { words, text } = await open('/admin/revocations/refused');
    expect(words).toContain('No user of your organisation matches the subject identifier.');
    expect(words).toContain('Asked as: nobody@ whiterabbit.fake email');
    expect(words).toContain('Search for the person.');
    expect(text).toContain('<a href="/admin/people">Search</a>');
  });

  it('of strangers are told from those of callers', async () => {
    const { connectionId, slug: _, id } = product.orgs.whiterabbit;
    await product.context.pool.query(
      `INSERT INTO audit_events (org_id, id, action, actor_type, target_type, target_id, detail)
       VALUES ($1, 'evt_stranger', 'call.refused', 'anonymous', 'connection', $2,
               '{"endpoint": "logout_token", "code": "invalid_request", "reason": "signature", "credentialType": "jwt",
                 "explanation": "The signature does not hold.", "network": "various", "repeats": 7}')`,
      [id, connectionId],
    );
    const { words, text } = await open('/admin/revocations/refused?endpoint=logout_token');
    expect(words).toContain('says to be');
    expect(words).toContain('from many networks');
    expect(words).toContain('The signature does not hold. 7 calls like it');
    expect(text).toContain(`<a href="/admin/settings/connections/${connectionId}">Identity provider</a>`);
    expect(words).not.toContain('No user of your organisation');
    const { words: none } = await open('/admin/revocations/refused?endpoint=security_event');
    expect(none).toContain('No refused call matches this search.');
  });

  it('of another organisation are not shown', async () => {
    const theirs = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    const { words } = await open('/admin/revocations/refused', openConsole(product.url, theirs.cookie));
    expect(words).toContain('No call has been refused.');
  });
});

describe('the overview', () => {
  it('opens with the cursor in the search, and shows how things are', async () => {
    const { text, words } = await open('/admin');
    expect(text).toMatch(/<input id="search"[^>]* autofocus/);
    expect(words).toMatch(/People signed in \d+/);
    expect(words).toMatch(/Refused calls [1-9]\d* today/);
    expect(words).toContain('Morpheus changed the role of Trinity');
    // The chart is told as a table to whoever doesn't see it.
    expect(text).toMatch(/<svg class="week"[^>]* aria-hidden="true"/);
    expect(text).toMatch(/<caption>Revocations on each of the last seven days<\/caption>/);
    expect(text.match(/<tr><th scope="row">[^<]+<\/th><td>[\d,]+<\/td><\/tr>/g)).toHaveLength(7);
  });

  it('names what needs attention, with the way to where it is put right', async () => {
    const { connectionId, id } = product.orgs.whiterabbit;
    await product.context.pool.query('UPDATE connections SET tells_auth_time = false WHERE org_id = $1 AND id = $2', [
      id,
      connectionId,
    ]);
    const { text, words } = await open('/admin');
    expect(words).toContain('does not say when people authenticated (auth_time)');
    expect(text).toMatch(
      new RegExp(`href="/admin/settings/connections/${connectionId}" aria-labelledby="right-0 need-0">`),
    );
  });

  it('says that nothing needs attention', async () => {
    const second = await plantAdministrator(product, 'owner');
    await product.context.pool.query('UPDATE connections SET tells_auth_time = true WHERE org_id = $1', [
      product.orgs.whiterabbit.id,
    ]);
    expect(second.id).toBeTruthy();
    expect((await open('/admin')).words).toContain('Nothing needs your attention.');
  });
});
