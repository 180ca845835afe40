import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../notifications/support.ts';
import { startTestPostgres } from '../support/database.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { fieldsOf, openConsole, type Shown, textOf } from './client.ts';

type Console = ReturnType<typeof openConsole>;
type Person = Awaited<ReturnType<typeof plantAdministrator>>;

let product: Product;
let owner: Console;
let owning: Person;
let member: Console;
let twin: Console;
beforeAll(async () => {
  product = await startProduct();
  owning = await plantAdministrator(product, 'owner');
  owner = openConsole(product.url, owning.cookie);
  member = openConsole(product.url, (await plantAdministrator(product, 'member')).cookie);
  twin = openConsole(product.url, (await plantAdministrator(product, 'owner', { org: 'metacortex' })).cookie);
});
afterAll(() => product.stop());
beforeEach(async () => {
  for (const table of ['webhooks', 'kept_forms']) await product.context.pool.query(`DELETE FROM ${table}`);
});

const sql = (text: string, values: unknown[] = []) => product.context.pool.query(text, values);
const plant = async (org?: 'metacortex') => {
  const [user] = await plantUsers(product, 1, org ? { org } : {});
  if (!user) throw new Error('nobody was planted');
  return user;
};
const isFramed = ({ text }: Shown) => text.includes('id="menu"') && text.includes('id="bell"');
const typedIn = ({ text }: Shown) => [...text.matchAll(/<dd class="typed">([^<]*)</g)].map(([, typed]) => typed);
const countOf = async (table: string) => (await sql(`SELECT count(*)::int AS count FROM ${table}`)).rows[0].count;

/** The form that adds a webhook, as it is sent. */
async function addition(by = owner) {
  const page = await by.get('/admin/webhooks');
  const { once = [], ...fields } = fieldsOf(page.text, 'add');
  return { ...fields, once, url: 'https://hooks.example/words-of-mine', do: 'add' };
}
const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('who may', () => {
  it('whoever isn’t signed in goes to the sign-in, and comes back', async () => {
    const nobody = openConsole(product.url, '');
    const asked = await nobody.get('/admin/people?role=owner');
    expect([asked.status, asked.location]).toEqual([303, '/?returnTo=%2Fadmin%2Fpeople%3Frole%3Downer']);
    const { text } = await nobody.follow(asked);
    expect(text).toContain('name="returnTo" value="/admin/people?role=owner"');
  });

  it('whose session was ended hears why, and comes back', async () => {
    const ended = await plantAdministrator(product, 'admin');
    expect((await product.revoke({ format: 'email', email: ended.email })).status).toBe(204);
    const { location } = await openConsole(product.url, ended.cookie).get('/admin/people');
    expect(location).toMatch(/^\/signed-out\?reason=revoked&at=.*&returnTo=%2Fadmin%2Fpeople$/);
  });

  it('a member is told who the administrators are: of their organisation, switched on, not removed', async () => {
    const off = await plantAdministrator(product, 'admin');
    const removed = await plantAdministrator(product, 'admin');
    const foreign = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    await sql('UPDATE users SET active = false WHERE id = $1', [off.id]);
    await sql('UPDATE users SET active = false, deleted_at = now() WHERE id = $1', [removed.id]);
    for (const path of ['/admin', '/admin/webhooks', '/admin/people/usr_none']) {
      const told = await member.get(path);
      expect(told.status).toBe(403);
      expect(isFramed(told)).toBe(false);
      expect(textOf(told.text)).toMatch(/^Your administrators .* Owner /);
      expect(told.text).toContain(`href="mailto:${owning.email}"`);
      for (const { email } of [off, removed, foreign]) expect(told.text).not.toContain(email);
    }
  });

  it('a member of an organisation that nobody administers is told so', async () => {
    const { cookie } = await plantAdministrator(product, 'member', { org: 'metacortex' });
    const { rows } = await sql(
      `UPDATE users u SET role = 'member' FROM users before
       WHERE u.org_id = $1 AND u.role <> 'member' AND before.org_id = u.org_id AND before.id = u.id RETURNING u.id, before.role`,
      [product.orgs.metacortex.id],
    );
    const told = await openConsole(product.url, cookie).get('/admin');
    for (const { id, role } of rows) await sql('UPDATE users SET role = $2 WHERE id = $1', [id, role]);
    expect(textOf(told.text)).toContain('Nobody does so yet');
  });

  it('another organisation’s people and things aren’t there', async () => {
    const theirs = await plant('metacortex');
    for (const path of [`/admin/people/${theirs.id}`, `/admin/people/${theirs.id}/sign-out`]) {
      const shown = await owner.get(path);
      expect([shown.status, isFramed(shown)]).toEqual([404, true]);
      expect(shown.text).not.toContain(theirs.email);
    }
  });

  it('who has lost the role in the middle hears it, and what was typed isn’t lost', async () => {
    const lowered = await plantAdministrator(product, 'owner');
    const at = openConsole(product.url, lowered.cookie);
    const sent = await addition(at);
    await sql(`UPDATE users SET role = 'admin' WHERE id = $1`, [lowered.id]);
    const refused = await at.post('/admin/webhooks', sent);
    expect([refused.status, isFramed(refused)]).toEqual([403, true]);
    expect(typedIn(refused)).toEqual(['https://hooks.example/words-of-mine', 'revocation']);
    await sql(`UPDATE users SET role = 'member' WHERE id = $1`, [lowered.id]);
    const told = await at.post('/admin/webhooks', sent);
    expect(textOf(told.text)).toMatch(/^Your administrators/);
    expect(typedIn(told)).toEqual(['https://hooks.example/words-of-mine', 'revocation']);
    expect(await countOf('webhooks')).toBe(0);
  });

  it('who has lost the session in the middle too, but for what counts once', async () => {
    const leaving = await plantAdministrator(product, 'owner');
    const at = openConsole(product.url, leaving.cookie);
    const sent = await addition(at);
    await product.revoke({ format: 'email', email: leaving.email });
    const refused = await at.post('/admin/webhooks', sent);
    expect(refused.status).toBe(401);
    expect(textOf(refused.text)).toContain('Your session has ended meanwhile, and nothing was changed.');
    expect(typedIn(refused)).toEqual(['https://hooks.example/words-of-mine', 'revocation']);
    expect(refused.text).not.toContain(String(sent.once));
    expect(await countOf('webhooks')).toBe(0);
  });
});

it('the menu leads to every room, and says in which one somebody is', async () => {
  const rooms = [
    ['Overview', '/admin'],
    ['People', '/admin/people'],
    ['Groups', '/admin/groups'],
    ['Revocations', '/admin/revocations'],
    ['Apps', '/admin/apps'],
    ['Accounts', '/admin/accounts'],
    ['Record', '/admin/record'],
    ['Notifications', '/admin/notifications'],
    ['Settings', '/admin/settings'],
  ];
  for (const [, path] of rooms) {
    const { status, text } = await owner.get(path as string);
    const menu = /<nav id="menu"[\s\S]*?<\/nav>/.exec(text)?.[0] ?? '';
    const links = [...menu.matchAll(/<a href="([^"]+)"[^>]*>([\s\S]*?)<\/a>/g)];
    expect([status, links.map(([, href, name]) => [textOf(name as string), href])]).toEqual([200, rooms]);
    const current = links.filter(([link]) => link.includes('aria-current="page"')).map(([, href]) => href);
    expect(current).toEqual([path]);
  }
});

describe('the step-up', () => {
  const path = async () => `/admin/people/${(await plant()).id}/sign-out?device=first`;
  const age = (interval: string, { id } = owning) =>
    sql('UPDATE sessions SET authenticated_at = now() - $2::interval WHERE user_id = $1', [id, interval]);

  /** What was typed into the webhook's form by somebody who has to authenticate again. */
  async function interrupted(query = '') {
    const sent = await addition();
    await age('2 days');
    const asked = await owner.post(`/admin/webhooks${query}`, sent);
    await age('0');
    return { asked, sent };
  }
  const keptAt = async (by: Console, address: string, headers = {}) =>
    (await by.get(address, headers)).text.includes('words-of-mine');

  it('is asked for when a form that needs it is opened, and comes back to that very address', async () => {
    const address = await path();
    await age('2 days');
    const asked = await owner.get(address);
    await age('0');
    expect(asked.status).toBe(401);
    const query = new URLSearchParams({ prompt: 'login', returnTo: address }).toString();
    expect(asked.text).toContain(`href="/openid/start/whiterabbit?${query.replaceAll('&', '&amp;')}"`);
  });

  it('keeps what was typed, once, sealed, and without what counts once', async () => {
    const { asked, sent } = await interrupted();
    expect(textOf(asked.text)).toContain('Confirm that it is you');
    const { rows } = await sql('SELECT * FROM kept_forms');
    expect(JSON.stringify(rows)).not.toMatch(/words-of-mine|webhooks/);
    const back = await owner.get('/admin/webhooks');
    expect(textOf(back.text)).toContain('What you had typed is still here.');
    const fields = fieldsOf(back.text, 'add');
    expect(fields.url).toEqual(['https://hooks.example/words-of-mine']);
    expect(fields.once).not.toEqual(sent.once);
    expect(await keptAt(owner, '/admin/webhooks')).toBe(false);
    expect(await countOf('webhooks')).toBe(0);
  });

  it('keeps it for the address with its query: another one may be about somebody else', async () => {
    const { asked } = await interrupted('?about=one');
    expect(asked.text).toContain(encodeURIComponent('/admin/webhooks?about=one'));
    expect(await keptAt(owner, '/admin/webhooks')).toBe(false);
    expect(await keptAt(owner, '/admin/webhooks?about=two')).toBe(false);
    expect(await keptAt(owner, '/admin/webhooks?about=one')).toBe(true);
  });

  it('keeps it for nobody else', async () => {
    await interrupted();
    const other = openConsole(product.url, (await plantAdministrator(product, 'owner')).cookie);
    for (const somebody of [other, twin]) expect(await keptAt(somebody, '/admin/webhooks')).toBe(false);
    // Not even under another's name: it is sealed for the person.
    const [to] = [await plantAdministrator(product, 'owner')];
    await sql('UPDATE kept_forms SET user_id = $1', [to?.id]);
    expect(await keptAt(openConsole(product.url, String(to?.cookie)), '/admin/webhooks')).toBe(false);
  });

  it('keeps it for 15 minutes', async () => {
    await interrupted();
    const { rows } = await sql(`SELECT expires_at - now() < interval '15 minutes' AS short FROM kept_forms`);
    expect(rows).toEqual([{ short: true }]);
    await sql(`UPDATE kept_forms SET expires_at = now() - interval '1 second'`);
    expect(await keptAt(owner, '/admin/webhooks')).toBe(false);
  });

  it('shows what is too much to be kept, to be copied', async () => {
    const sent = { ...(await addition()), url: 'x'.repeat(400_000) };
    await age('2 days');
    const asked = await owner.post('/admin/webhooks', sent);
    await age('0');
    expect(asked.status).toBe(401);
    expect(typedIn(asked)[0]).toHaveLength(400_000);
    expect(textOf(asked.text)).not.toContain('What you have typed stays');
  });

  it('gives it to the page that a person opens, not to a script that looks again, nor to HEAD', async () => {
    await interrupted();
    expect(await keptAt(owner, '/admin/webhooks', { 'sec-fetch-dest': 'empty' })).toBe(false);
    await owner.ask('HEAD', '/admin/webhooks');
    expect(await keptAt(owner, '/admin/webhooks', { 'sec-fetch-dest': 'document' })).toBe(true);
  });

  it('asks to press a button again into which nothing was typed', async () => {
    await owner.post('/admin/webhooks', await addition());
    const { rows } = await sql('SELECT id FROM webhooks');
    const page = `/admin/webhooks/${rows[0].id}`;
    const sent = { ...fieldsOf((await owner.get(page)).text, 'pause'), do: 'pause' };
    await age('2 days');
    await owner.post(page, sent);
    await age('0');
    expect(textOf((await owner.get(page)).text)).toContain('Now press the button once more.');
  });
});

describe('once', () => {
  it('a double click signs out once, and both clicks end at what is', async () => {
    const { id } = await plant();
    const address = `/admin/people/${id}/sign-out`;
    const sent = { ...fieldsOf((await owner.get(address)).text, 'sign-out'), do: 'sign-out' };
    const answers = await Promise.all([owner.post(address, sent), owner.post(address, sent)]);
    expect(answers.map(({ status }) => status)).toEqual([303, 303]);
    const { rows } = await sql('SELECT count(*)::int AS count FROM revocations WHERE user_id = $1', [id]);
    expect(rows).toEqual([{ count: 1 }]);
    const reloaded = await owner.post(`${address}?device=x`, sent);
    expect(reloaded.location).toBe(`${address}?device=x`);
  });

  it.each([[[]], [['short']], [['not a mark at all, with spaces']], [["'; DELETE"]]])(
    'a form without a mark that can be one does nothing: %j',
    async (once) => {
      const sent = { ...(await addition()), once };
      expect((await owner.post('/admin/webhooks', sent)).status).toBe(400);
      expect(await countOf('webhooks')).toBe(0);
    },
  );

  it('is known for an hour of a form that led on, and for a day of one whose answer a reload sends again', async () => {
    const hoursOf = async ({ once }: Record<string, unknown>) => {
      const { rows } = await sql(
        `SELECT round(extract(epoch FROM expires_at - now()) / 3600)::int AS hours FROM spent WHERE kind = 'form' AND id = $1`,
        [[once].flat()[0]],
      );
      return rows[0]?.hours;
    };
    const added = await addition();
    expect((await owner.post('/admin/webhooks', added)).status).toBe(200);
    expect(await hoursOf(added)).toBe(24);
    const { rows } = await sql('SELECT id FROM webhooks');
    const page = `/admin/webhooks/${rows[0].id}`;
    const paused = { ...fieldsOf((await owner.get(page)).text, 'pause'), do: 'pause' };
    expect((await owner.post(page, paused)).status).toBe(303);
    expect(await hoursOf(paused)).toBe(1);
  });

  it('a form whose answer was lost comes back as it was typed, and ends access when it is sent again', async () => {
    const { id } = await plant();
    const address = `/admin/people/${id}/sign-out`;
    const fields = fieldsOf((await owner.get(address)).text, 'sign-out');
    const sent = { ...fields, do: 'sign-out', administrators: 'ticket 4711' };
    const holder = await product.context.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [id]);
    const lost = await owner.post(address, sent, html);
    await holder.query('ROLLBACK');
    holder.release();
    expect(lost.status).toBe(503);
    const again = await owner.post(address, sent, html);
    expect([again.status, isFramed(again)]).toEqual([409, true]);
    expect(textOf(again.text)).toContain('nobody knows whether it was carried out');
    const kept = fieldsOf(again.text, 'sign-out');
    expect(kept.administrators).toEqual(['ticket 4711']);
    expect((await owner.post(address, { ...kept, do: 'sign-out' })).location).toMatch(/^\/admin\/revocations\//);
  });

  it('a page that only asks uses up nothing: back, another number, and it is saved', async () => {
    const address = '/admin/settings/authentication';
    await plant();
    const page = (await owner.get(address)).text;
    const sent = { ...fieldsOf(page, 'browsers'), do: 'browsers', 'sessionIdleSeconds-unit': 'minutes' };
    await sql(`UPDATE sessions SET last_seen_at = now() - interval '50 minutes' WHERE user_id <> $1`, [owning.id]);
    const asked = await owner.post(address, { ...sent, sessionIdleSeconds: '30' });
    expect([asked.status, asked.location]).toEqual([200, null]);
    const saved = await owner.post(address, { ...sent, sessionIdleSeconds: '300' });
    expect(saved.status).toBe(303);
    const { rows } = await sql('SELECT session_idle_seconds AS idle FROM orgs WHERE id = $1', [
      product.orgs.whiterabbit.id,
    ]);
    expect(rows).toEqual([{ idle: 18_000 }]);
    await sql('UPDATE orgs SET session_idle_seconds = NULL');
  });

  it('what could be shown only once says so to whoever sends its form again', async () => {
    const sent = await addition();
    expect((await owner.post('/admin/webhooks', sent)).status).toBe(200);
    const again = await owner.post('/admin/webhooks', sent);
    expect([again.status, again.location]).toEqual([303, '/admin/webhooks']);
    expect(textOf((await owner.get('/admin/webhooks')).text)).toContain('could be shown only once');
    expect(await countOf('webhooks')).toBe(1);
  });

  it('another organisation’s marks use none of ours up', async () => {
    const sent = await addition();
    expect((await twin.post('/admin/webhooks', sent)).status).toBe(200);
    expect((await owner.post('/admin/webhooks', sent)).status).toBe(200);
    expect(await countOf('webhooks')).toBe(2);
  });

  it('two tabs do each their own', async () => {
    const [first, second] = [await addition(), await addition()];
    for (const tab of [first, second]) expect((await owner.post('/admin/webhooks', tab)).status).toBe(200);
    expect(await countOf('webhooks')).toBe(2);
  });

  it('whoever was refused and goes back may send the form again', async () => {
    const sent = await addition();
    expect((await owner.post('/admin/webhooks', { ...sent, url: 'https://10.0.0.1/' })).status).toBe(400);
    expect((await owner.post('/admin/webhooks', sent)).status).toBe(200);
    expect((await owner.post('/admin/webhooks', sent)).status).toBe(303);
  });
});

describe('what no page of ours sends', () => {
  it.each([['none'], ['constructor'], ['__proto__'], ['toString'], ['']])(
    'refuses the button "%s" in the frame',
    async (act) => {
      const refused = await owner.post('/admin/webhooks', { ...(await addition()), do: act });
      expect([refused.status, isFramed(refused)]).toEqual([400, true]);
      expect(textOf(refused.text)).toContain('This button is not known here.');
      expect(typedIn(refused)).toContain('https://hooks.example/words-of-mine');
    },
  );

  it('refuses a body of a megabyte, and too many fields, with a page', async () => {
    const large = await owner.post('/admin/webhooks', { do: 'add', url: 'a'.repeat(1_000_000) }, html);
    const many = new URLSearchParams(
      Array.from({ length: 2_001 }, (_, index) => [`field${index}`, ''] as [string, string]),
    );
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const wide = await owner.ask('POST', '/admin/webhooks', { body: many.toString(), headers: { ...html, ...type } });
    for (const refused of [large, wide]) {
      expect([refused.status, isFramed(refused)]).toEqual([413, true]);
      expect(refused.headers.get('content-type')).toMatch(/^text\/html/);
    }
  });

  it('takes no bytes of a form with files from a member, nor more than some parts, nor what is broken', async () => {
    const address = '/admin/settings/organisation/logo';
    const part = (index: number) => `--x\r\nContent-Disposition: form-data; name="${index}"\r\n\r\n\r\n`;
    const headers = { ...html, 'content-type': 'multipart/form-data; boundary=x' };
    const many = `${Array.from({ length: 50_000 }, (_, index) => part(index)).join('')}--x--\r\n`;
    for (const body of [many, 'a'.repeat(5_000_000)]) {
      const refused = await owner.ask('POST', address, { body, headers });
      expect([refused.status, isFramed(refused)]).toEqual([400, true]);
      expect((await member.ask('POST', address, { body, headers })).status).toBe(403);
    }
  });

  it.each([
    ['application/json', '{"do":"add"}'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['text/plain', 'do=add'],
  ])('refuses a body of the type %s', async (type, body) => {
    const refused = await owner.ask('POST', '/admin/webhooks', { body, headers: { ...html, 'content-type': type } });
    expect([refused.status, isFramed(refused)]).toEqual([400, true]);
    expect(await countOf('webhooks')).toBe(0);
  });

  it('shows nothing of what another site’s page sent', async () => {
    const sent = await addition();
    const refused = await owner.post('/admin/webhooks', sent, { ...html, origin: 'https://elsewhere.example' });
    expect(refused.status).toBe(403);
    expect(refused.text).not.toContain('words-of-mine');
    expect(await countOf('webhooks')).toBe(0);
  });

  it.each([['constructor'], ['toString'], ['nothing'], ['<b>'], ['saved; x=<b>']])(
    'shows no notice that isn’t one: %s',
    async (notice) => {
      const shown = await owner.ask('GET', '/admin/people', {
        headers: { cookie: `${owning.cookie}; console_notice=${notice}` },
      });
      expect(shown.status).toBe(200);
      expect(/<p class="notice"[^>]*>([^<]*)/.exec(shown.text)?.[1]).toBe(
        notice.startsWith('saved') ? 'Saved.' : undefined,
      );
      expect(shown.text).not.toContain('[native code]');
    },
  );

  it('shows a notice once, and not to a script', async () => {
    await owner.post('/admin/webhooks', await addition());
    const { rows } = await sql('SELECT id FROM webhooks');
    const page = `/admin/webhooks/${rows[0].id}`;
    await owner.press(page, 'pause');
    expect((await owner.get(page, { 'sec-fetch-dest': 'empty' })).text).not.toContain('Saved.');
    expect((await owner.get(page)).text).toContain('Saved.');
    expect((await owner.get(page)).text).not.toContain('Saved.');
  });
});

describe('while the database is away', () => {
  it('a form is answered with a page that has what was typed; a program gets problem details', async () => {
    const postgres = await startTestPostgres();
    const another = await startProduct({ databaseUrl: postgres.url });
    try {
      const at = openConsole(another.url, (await plantAdministrator(another, 'owner')).cookie);
      const sent = await addition(at);
      await postgres.kill();
      const page = await at.post('/admin/webhooks', sent, html);
      expect(page.status).toBe(503);
      expect(page.headers.get('retry-after')).not.toBeNull();
      expect(typedIn(page)).toEqual(['https://hooks.example/words-of-mine', 'revocation']);
      expect(page.text).not.toContain(String(sent.once));
      const button = await at.post('/accounts', { do: 'reveal', account: 'acc_of_a_button' }, html);
      expect([button.status, button.text.includes('acc_of_a_button')]).toEqual([503, false]);
      const problem = await at.post('/admin/webhooks', sent, { accept: 'application/json' });
      expect(JSON.parse(problem.text)).toMatchObject({ code: 'unavailable' });
      const opened = await at.get('/admin/webhooks', html);
      expect([opened.status, opened.headers.get('content-type')]).toEqual([503, 'text/html; charset=utf-8']);
      await postgres.restart();
      // The form counts still.
      await until(async () => (await at.post('/admin/webhooks', sent)).status === 200);
    } finally {
      await another.stop();
      await postgres.stop();
    }
  });
});
