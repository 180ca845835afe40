import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { fieldsOf, openConsole, textOf } from './client.ts';

type Person = Awaited<ReturnType<typeof plantAdministrator>> & { console: ReturnType<typeof openConsole> };

let product: Product;
let owner: Person;
let admin: Person;
let user: Person;
let manager: Person;
let outsider: Person;
let stranger: Person;
beforeAll(async () => {
  product = await startProduct();
  const open = async (
    ...args: Parameters<typeof plantAdministrator> extends [unknown, ...infer Rest] ? Rest : never
  ) => {
    const planted = await plantAdministrator(product, ...args);
    return { ...planted, console: openConsole(product.url, planted.cookie) };
  };
  owner = await open('owner');
  admin = await open('admin');
  user = await open('member');
  manager = await open('member');
  outsider = await open('member');
  stranger = await open('owner', { org: 'metacortex' });
});
afterAll(() => product?.stop());

const secret = 'correct-horse-battery';
const sql = (text: string, values: unknown[]) => product.context.pool.query(text, values);

/** Adds an account by the API, with a right for `user` and `manager`. */
async function addAccount(name: string, more: object = {}): Promise<string> {
  const added = await owner.send('POST', '/accounts', { name, userName: 'operator', password: secret, ...more });
  expect(added.status).toBe(201);
  const id = String(added.body.id);
  await give(id, user, 'use');
  await give(id, manager, 'manage');
  return id;
}
const give = (account: string, { id }: Person, right: string) =>
  owner.send('POST', `/accounts/${account}/rights`, { userId: id, right });
const reveals = async (account: string) =>
  (await owner.send('GET', `/accounts/${account}/reveals`)).body.items as {
    version: number;
    user: { id: string } | null;
  }[];
const rotations = async (account: string) =>
  (await owner.send('GET', `/accounts/${account}/rotations`)).body.items as { id: string; state: string }[];
/** The form of a page that shows the account's password. */
const showing = async (who: Person, account: string) => {
  const page = await who.console.get('/accounts');
  return { ...fieldsOf(page.text, 'reveal'), account, do: 'reveal' };
};

describe('one’s own accounts', () => {
  it('show the password to whoever may use it, once for each press, kept by nobody, on record', async () => {
    const account = await addAccount('Ship’s computer', { place: 'On the bridge' });
    const list = await user.console.get('/accounts');
    expect(textOf(list.text)).toMatch(/Ship’s computer operator · On the bridge Password changed just now/);
    expect(list.text).not.toContain(secret);
    const fields = await showing(user, account);
    const shown = await user.console.post('/accounts', fields);
    expect(shown.status).toBe(200);
    expect(shown.headers.get('cache-control')).toBe('no-store');
    // Masked by what needs no script, and gone after a minute, also without one.
    expect(shown.text).toMatch(new RegExp(`<details class="secret">.*<code>${secret}</code></details>`));
    expect(shown.text).toContain('\n<meta http-equiv="refresh" content="65; url=/accounts">');
    expect(shown.text).not.toContain('<noscript>');
    expect(shown.text.split(secret)).toHaveLength(2);
    expect(await reveals(account)).toMatchObject([{ version: 1, user: { id: user.id } }]);
    // The same post again, as by a reload or the way back, shows nothing and reads nothing.
    const again = await user.console.follow(await user.console.post('/accounts', fields));
    expect(again.text).not.toContain(secret);
    expect(textOf(again.text)).toContain('Press the button again to read it');
    expect(await reveals(account)).toHaveLength(1);
  });

  it('mark what has changed since the person read it', async () => {
    const account = await addAccount('Router');
    const marked = async () => textOf((await user.console.get('/accounts')).text).includes('Changed since you read it');
    await user.console.post('/accounts', await showing(user, account));
    expect(await marked()).toBe(false);
    await owner.send('POST', `/accounts/${account}/password`, { password: 'another-secret' });
    expect(await marked()).toBe(true);
  });

  it('are empty for whoever has no right, who gets no password by a form of their own', async () => {
    const account = await addAccount('Vault');
    const page = await outsider.console.get('/accounts');
    expect(textOf(page.text)).toContain('There is no shared account for you');
    for (const who of [outsider, stranger, owner]) {
      const sent = await who.console.post('/accounts', { do: 'reveal', account, once: crypto.randomUUID() });
      expect(sent.status).toBe(404);
      expect(sent.text).not.toContain(secret);
    }
    expect(await reveals(account)).toEqual([]);
  });

  it('ask for a fresh sign-in before a password, and come back to the button', async () => {
    const account = await addAccount('Safe');
    const stale = "UPDATE sessions SET authenticated_at = now() - interval '6 minutes' WHERE user_id = $1";
    await sql(stale, [user.id]);
    const asked = await user.console.post('/accounts', await showing(user, account));
    expect(asked.status).toBe(401);
    expect(asked.text).not.toContain(secret);
    expect(asked.text).toContain('prompt=login&amp;returnTo=%2Faccounts');
    expect(textOf(asked.text)).toContain('sign in again before you read or change a password');
    await sql('UPDATE sessions SET authenticated_at = now() WHERE user_id = $1', [user.id]);
    const back = await user.console.get('/accounts');
    expect(textOf(back.text)).toContain('Now press the button once more');
    expect((await user.console.post('/accounts', await showing(user, account))).text).toContain(secret);
  });

  it('give another site nothing, and say in words what is too much or isn’t there', async () => {
    const account = await addAccount('Pump', { password: undefined });
    const fields = await showing(user, account);
    const elsewhere = await user.console.post('/accounts', fields, {
      'sec-fetch-site': 'cross-site',
      origin: 'https://elsewhere.example',
    });
    expect(elsewhere.status).toBe(403);
    const none = await user.console.post('/accounts', { ...fields, once: crypto.randomUUID() });
    expect([none.status, textOf(none.text)]).toEqual([409, expect.stringContaining('No password is kept')]);
    const full = await addAccount('Valve');
    await sql(
      `INSERT INTO account_reveals (org_id, id, account_id, version, user_id, at)
       SELECT $1, 'rvl_' || n, $2, 1, $3, clock_timestamp() FROM generate_series(1, 20) n`,
      [product.orgs.whiterabbit.id, full, user.id],
    );
    const tooMuch = await user.console.post('/accounts', { ...fields, account: full, once: crypto.randomUUID() });
    expect(tooMuch.status).toBe(429);
    expect(tooMuch.text).not.toContain(secret);
    await sql(`DELETE FROM account_reveals WHERE user_id = $1`, [user.id]);
  });
});

describe('whoever manages an account, in no role', () => {
  it('reads any version, gives access by an address, and takes it', async () => {
    const account = await addAccount('Turbine');
    const page = `/accounts/${account}`;
    await manager.console.press(`${page}/password`, 'give', { password: 'the-second-one' });
    const shown = await manager.console.get(page);
    const read = { ...fieldsOf(shown.text, 'read'), do: 'read' };
    const first = await manager.console.post(page, { ...read, version: '1' });
    expect(first.text).toContain(secret);
    expect(textOf(first.text)).toContain('not the current one');
    expect((await manager.console.post(page, { ...read, version: '1' })).text).not.toContain(secret);
    expect(shown.text).not.toContain('the-second-one');

    const given = await manager.console.press(`${page}/access`, 'give', { who: outsider.email, right: 'use' });
    expect(textOf((await manager.console.follow(given)).text)).toContain(outsider.email);
    expect(textOf((await outsider.console.get('/accounts')).text)).toContain('Turbine');
    const nobody = await manager.console.press(`${page}/access`, 'give', { who: 'nobody@whiterabbit.fake' });
    expect(nobody.status).toBe(404);
    const rights = (await owner.send('GET', `/accounts/${account}/rights`)).body.items as {
      id: string;
      user: { id: string };
    }[];
    const right = rights.find((item) => item.user.id === outsider.id)?.id as string;
    const take = `${page}/rights/${right}`;
    expect((await manager.console.get(page)).text).toContain(`href="${take}"`);
    const question = textOf((await manager.console.get(take)).text);
    expect(question).toContain('are asked to change it by hand');
    expect(question).not.toContain('Nobody else manages');
    expect(textOf((await outsider.console.get('/accounts')).text)).toContain('Turbine');
    const taken = await manager.console.press(take, 'take');
    expect(taken.location).toBe(page);
    expect(textOf((await outsider.console.get('/accounts')).text)).not.toContain('Turbine');
    await expect.poll(() => rotations(account), { timeout: 30_000 }).not.toEqual([]);
  });

  it('is warned before they take the last right to manage, their own, and is led to the accounts they have', async () => {
    const account = await addAccount('Anchor');
    const rights = (await owner.send('GET', `/accounts/${account}/rights`)).body.items as {
      id: string;
      user: { id: string };
    }[];
    const own = rights.find((item) => item.user.id === manager.id)?.id as string;
    const take = `/accounts/${account}/rights/${own}`;
    const question = textOf((await manager.console.get(take)).text);
    expect(question).toContain('you will not see this account any more');
    expect(question).toContain('Nobody else manages this account');
    const taken = await manager.console.press(take, 'take');
    expect(taken.location).toBe('/accounts');
    expect(textOf((await manager.console.follow(taken)).text)).toContain('Access is taken away');
    // Such a right is there no more, and nobody's own page shows another organisation's.
    expect((await owner.console.get(`/admin${take}`)).status).toBe(404);
    expect((await stranger.console.get(`/admin/accounts/${account}/rights`)).status).toBe(404);
  });

  it('sees who read which version, and when', async () => {
    const account = await addAccount('Logbook');
    await user.console.post('/accounts', await showing(user, account));
    await sql(`UPDATE account_reveals SET at = '2026-01-02T10:42:31.123Z' WHERE account_id = $1 AND user_id = $2`, [
      account,
      user.id,
    ]);
    for (const [who, path] of [
      [manager, `/accounts/${account}`],
      [owner, `/admin/accounts/${account}`],
      [manager, `/accounts/${account}/reveals`],
    ] as const) {
      const { text } = await who.console.get(path);
      const row = [...text.matchAll(/<tr\b[\s\S]*?<\/tr>/g)].find(([tr]) => tr.includes('2026-01-02T10:42:31.123Z'));
      expect(textOf(row?.[0] ?? text)).toMatch(/^Planted 1 Jan 2, 2026, 10:42\sAM UTC$/);
    }
  });

  it('sees all versions, reveals and changes, a page at a time', async () => {
    const account = await addAccount('Chart');
    const org = product.orgs.whiterabbit.id;
    await sql(
      `INSERT INTO account_reveals (org_id, id, account_id, version, user_id, at)
       SELECT $1, 'rvl_chart' || n, $2, 1, $3, now() - interval '2 hours' - n * interval '1 minute' FROM generate_series(1, 60) n`,
      [org, account, user.id],
    );
    await sql(
      `INSERT INTO account_versions (org_id, account_id, version, sealed, state, created_at)
       SELECT $1, $2, n, 'none', 'former', now() FROM generate_series(2, 61) n`,
      [org, account],
    );
    await sql(
      `INSERT INTO account_rotations (org_id, id, account_id, state, cause, finished_at, created_at)
       SELECT $1, 'rot_chart' || n, $2, 'done', 'hand', now(), now() - n * interval '1 minute' FROM generate_series(1, 60) n`,
      [org, account],
    );
    const page = `/accounts/${account}`;
    const short = await manager.console.get(page);
    const rows = (text: string) => text.match(/<tr\b/g)?.length;
    for (const part of ['versions', 'reveals', 'rotations']) {
      expect(short.text).toContain(`href="${page}/${part}"`);
      const first = await manager.console.get(`${page}/${part}`);
      const next = /<a rel="next" href="([^"]+)"/.exec(first.text)?.[1]?.replaceAll('&amp;', '&');
      const last = await manager.console.get(`${page}/${part}${next}`);
      expect([part, rows(first.text), rows(last.text)]).toEqual([part, 51, part === 'versions' ? 12 : 11]);
      expect((await user.console.get(`${page}/${part}`)).status).toBe(403);
    }
    expect((await manager.console.press(`${page}/versions`, 'read', { version: '1' })).text).toContain(secret);
    await sql('DELETE FROM account_reveals WHERE account_id = $1', [account]);
  });

  it('is offered no other account as the administrator; a role is', async () => {
    const account = await addAccount('Crane', { connector: 'postgresql', settings: { host: 'db.internal' } });
    expect((await manager.console.get(`/accounts/${account}/settings`)).text).not.toContain('name="adminAccount"');
    expect((await owner.console.get(`/admin/accounts/${account}/settings`)).text).toContain('name="adminAccount"');
  });

  it('changes it; whoever may only use it, or has a role alone, does not', async () => {
    const account = await addAccount('Generator');
    const rules = async () => (await owner.send('GET', `/accounts/${account}`)).body.passwordRules;
    for (const [length, then] of [
      ['20', 20],
      ['', 32],
    ] as const) {
      await manager.console.press(`/accounts/${account}/settings`, 'save', { length });
      expect(await rules()).toMatchObject({ length: then });
    }
    const changed = await manager.console.press(`/accounts/${account}/settings`, 'save', { notes: 'In the cellar' });
    expect(textOf((await manager.console.follow(changed)).text)).toContain('In the cellar');
    for (const who of [user, outsider, stranger])
      for (const part of ['', '/settings', '/access', '/password', '/rotate', '/confirm'])
        expect([403, 404]).toContain((await who.console.get(`/accounts/${account}${part}`)).status);
    // An administrator sees the account, and changes nothing.
    const seen = await admin.console.get(`/admin/accounts/${account}`);
    expect(seen.status).toBe(200);
    expect(seen.text).not.toContain('value="read"');
    expect(seen.text).not.toContain(`${account}/rights/`);
    const forced = await admin.console.post(`/admin/accounts/${account}`, {
      do: 'read',
      version: '1',
      once: crypto.randomUUID(),
    });
    expect([forced.status, forced.text.includes(secret)]).toEqual([404, false]);
  });
});

describe('the console', () => {
  it('adds an account by the form of its connector, and says at the field what is wrong', async () => {
    const path = '/admin/accounts/new/postgresql';
    const fields = { name: 'Orders', userName: 'orders_app', 'settings.host': 'db.internal', adminWay: 'own' };
    const wrong = await owner.console.press(path, 'add', {
      ...fields,
      'settings.port': 'many',
      adminUserName: 'rotator',
      adminPassword: 'rotators-own',
    });
    expect(wrong.status).toBe(400);
    expect(wrong.text).toMatch(/id="field-settings.port"[^>]*aria-invalid="true"/);
    expect(wrong.text).not.toContain('rotators-own');
    const added = await owner.console.press(path, 'add', {
      ...fields,
      adminUserName: 'rotator',
      adminPassword: 'rotators-own',
      password: secret,
      everyDays: '90',
    });
    const page = await owner.console.follow(added);
    expect(textOf(page.text)).toMatch(/PostgreSQL.*rotator.*every 90 days/);
    expect(page.text).not.toContain(secret);
    const id = String(added.location).split('/').at(-1);
    expect((await owner.send('GET', `/accounts/${id}`)).body).toMatchObject({
      settings: { host: 'db.internal', port: 5432, tls: 'verify', database: 'postgres' },
      administrator: { userName: 'rotator' },
      version: 1,
    });
    // Another host is another place: the administrator's password is given again.
    const settings = `/admin/accounts/${id}/settings`;
    const elsewhere = await owner.console.press(settings, 'save', { 'settings.host': 'elsewhere.internal' });
    expect(elsewhere.status).toBe(400);
    const without = await owner.console.press(settings, 'save', {
      'settings.host': 'elsewhere.internal',
      adminPassword: 'rotators-own',
    });
    expect(without.status).toBe(400);
    expect(without.text).toMatch(/id="field-password"[^>]*aria-invalid="true"/);
    expect(without.text).not.toContain('rotators-own');
    await owner.console.press(settings, 'save', {
      'settings.host': 'elsewhere.internal',
      adminPassword: 'rotators-own',
      password: secret,
    });
    expect((await owner.send('GET', `/accounts/${id}`)).body.settings).toMatchObject({ host: 'elsewhere.internal' });
    expect((await admin.console.get(path)).status).toBe(403);
  });

  it('says that an operator has read a password, who is no person here', async () => {
    const account = await addAccount('Engine');
    await sql(`INSERT INTO account_reveals (org_id, id, account_id, version) VALUES ($1, 'rvl_of_operator', $2, 1)`, [
      product.orgs.whiterabbit.id,
      account,
    ]);
    expect((await owner.send('GET', `/accounts/${account}/reveals`)).body.items).toMatchObject([
      { user: null, version: 1 },
    ]);
    expect(textOf((await owner.console.get(`/admin/accounts/${account}`)).text)).toContain('An operator 1');
  });

  it('keeps an account that changes its own password as it is, and offers that', async () => {
    const redis = await addAccount('Cache', { connector: 'redis', settings: { host: 'db.internal' } });
    const settings = (id: string) => `/admin/accounts/${id}/settings`;
    const way = (page: string) => fieldsOf(page, 'save').adminWay;
    expect(way((await owner.console.get(settings(redis))).text)).toEqual(['itself']);
    expect((await owner.console.press(settings(redis), 'save', { notes: 'By its own' })).status).toBe(303);
    expect((await owner.send('GET', `/accounts/${redis}`)).body).toMatchObject({
      notes: 'By its own',
      administrator: null,
    });
    const host = await addAccount('Directory', { connector: 'ldap', settings: { host: 'db.internal' } });
    await owner.send('PATCH', `/accounts/${host}`, { administrator: { accountId: host } });
    const shown = await owner.console.get(settings(host));
    expect(way(shown.text)).toEqual(['itself']);
    expect(shown.text).not.toContain(`value="${host}"`);
    expect((await owner.console.press(settings(host), 'save', { adminWay: 'none' })).status).toBe(303);
    expect((await owner.send('GET', `/accounts/${host}`)).body.administrator).toBeNull();
    expect(textOf((await manager.console.get(`/accounts/${redis}`)).text)).toContain('The account itself');
  });

  it('takes a group and an administrator by their names where there are many', async () => {
    const org = product.orgs.whiterabbit.id;
    await sql(
      `INSERT INTO groups (org_id, id, display_name) SELECT $1, 'grp_many' || n, 'Watch ' || n FROM generate_series(1, 201) n`,
      [org],
    );
    await sql(
      `INSERT INTO accounts (org_id, id, name, user_name, connector) SELECT $1, 'acc_many' || n, 'Many ' || n, 'many', 'manual' FROM generate_series(1, 201) n`,
      [org],
    );
    const account = await addAccount('Sail', { connector: 'ldap', settings: { host: 'sail.internal' } });
    const page = `/admin/accounts/${account}`;
    const give = (group: string) => owner.console.press(`${page}/access`, 'give', { who: '', group });
    expect(textOf((await give('Watch')).text)).toContain('There is no group of this name');
    expect((await give('Watch 200')).status).toBe(303);
    expect(textOf((await owner.console.get(page)).text)).toContain('Watch 200');
    const by = (adminAccount: string) =>
      owner.console.press(`${page}/settings`, 'save', { adminWay: 'account', adminAccount });
    expect(textOf((await by('Many')).text)).toContain('There is no account of this name');
    const named = await by('Many 77');
    expect([named.status, textOf(named.text)]).toEqual([303, expect.anything()]);
    expect((await owner.send('GET', `/accounts/${account}`)).body.administrator).toEqual({ accountId: 'acc_many77' });
    expect((await owner.console.get(page)).text).toContain('href="/admin/accounts/acc_many77"');
    const managers = (await manager.console.get(`/accounts/${account}`)).text;
    expect([managers.includes('acc_many77'), managers.includes('Another shared account')]).toEqual([false, true]);
    const settings = await manager.console.get(`/accounts/${account}/settings`);
    expect(textOf(settings.text)).toContain('Another shared account');
    await owner.send('PATCH', `/accounts/${account}`, { administrator: null });
    await sql(`DELETE FROM account_rights WHERE org_id = $1 AND group_id LIKE 'grp_many%'`, [org]);
    await sql(`DELETE FROM groups WHERE org_id = $1 AND id LIKE 'grp_many%'`, [org]);
    await sql(`DELETE FROM accounts WHERE org_id = $1 AND id LIKE 'acc_many%'`, [org]);
  });

  it('says in German what is wrong with a setting', async () => {
    const path = '/admin/accounts/new/scim';
    const form = fieldsOf((await owner.console.get(path)).text, 'add');
    const fields = { ...form, name: 'Wiki', userName: 'bot', adminUserName: 'x', adminPassword: 'y', do: 'add' };
    const german = { 'accept-language': 'de' };
    const wrong = await owner.console.post(path, { ...fields, 'settings.baseUrl': 'http://wiki.example' }, german);
    expect(wrong.status).toBe(400);
    expect(textOf(wrong.text)).toContain('muss https sein, außer die Verschlüsselung ist aus');
    expect(wrong.text).not.toContain('must be');
    const bare = await owner.console.post(
      path,
      { ...fields, 'settings.baseUrl': 'wiki', once: crypto.randomUUID() },
      german,
    );
    expect(textOf(bare.text)).toContain('muss eine Adresse ohne Abfrage');
  });

  it('lets an owner erase every password, who types the name of the organisation', async () => {
    const added = await stranger.send('POST', '/accounts', { name: 'Lift', userName: 'lift', password: secret });
    const path = '/admin/accounts/erase';
    expect((await stranger.console.get('/admin/accounts')).text).toContain(`href="${path}"`);
    expect((await admin.console.get(path)).status).toBe(403);
    expect((await stranger.console.press(path, 'erase', { org: 'Lift' })).status).toBe(400);
    expect((await stranger.send('GET', `/accounts/${added.body.id}`)).body.version).toBe(1);
    const { rows } = await sql('SELECT name FROM orgs WHERE id = $1', [product.orgs.metacortex.id]);
    expect((await stranger.console.press(path, 'erase', { org: rows[0].name })).status).toBe(303);
    expect((await stranger.send('GET', `/accounts/${added.body.id}`)).body.version).toBeNull();
    const list = textOf((await stranger.console.get('/admin/accounts')).text);
    expect(list).toContain('Every password is erased');
    expect(list).toMatch(/Lift lift By hand No password/);
    const left = await stranger.console.get(path);
    expect([left.status, textOf(left.text).includes('There is nothing to erase')]).toEqual([200, true]);
    expect(left.text).not.toContain('value="erase"');
  });

  it('finds accounts, and shows none of another organisation', async () => {
    await addAccount('Zeppelin of the fleet');
    expect(textOf((await owner.console.get('/admin/accounts?search=zeppelin')).text)).toContain(
      'Zeppelin of the fleet',
    );
    expect(textOf((await owner.console.get('/admin/accounts?search=submarine')).text)).toContain(
      'There is no such account',
    );
    expect(textOf((await stranger.console.get('/admin/accounts?search=zeppelin')).text)).not.toContain('of the fleet');
  });

  it('adds accounts by a list after it has said what that adds, and keeps nothing of it', async () => {
    const path = '/admin/accounts/import';
    const csv = `name,user_name,password,use\nKiosk,kiosk,${secret},${user.email}\nScreen,screen,,\n`;
    const send = (act: string, more: Record<string, string>, who = owner) =>
      who.console.get(path).then(async ({ text }) => {
        const form = new FormData();
        for (const [name, value] of Object.entries({ once: String(fieldsOf(text, 'look').once), do: act, ...more }))
          form.set(name, value);
        return who.console.ask('POST', path, { body: form });
      });
    const broken = await send('look', { csv: 'name\nKiosk' });
    expect(broken.status).toBe(400);
    const look = await send('look', { csv });
    expect(textOf(look.text)).toMatch(/2 accounts 1 right/);
    expect(look.text).not.toContain(secret);
    expect((await owner.send('GET', '/accounts?search=kiosk')).body.items).toEqual([]);
    const preview = fieldsOf(look.text, 'import');
    const sealed = String(preview.sealed);
    const once = String(preview.once);
    // What is sealed for one person is nobody else's.
    const superAdmin = await plantAdministrator(product, 'super_admin');
    const other = { ...superAdmin, console: openConsole(product.url, superAdmin.cookie) };
    expect((await send('import', { sealed, once }, other)).status).toBe(400);
    // It is for its own form alone, which counts once, and not for long.
    const anew = await send('import', { sealed });
    expect([anew.status, textOf(anew.text)]).toEqual([400, expect.stringContaining('Look at it again')]);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 16 * 60_000 });
    const late = await send('import', { sealed, once });
    vi.useRealTimers();
    expect([late.status, textOf(late.text)]).toEqual([400, expect.stringContaining('Look at it again')]);
    const added = await send('import', { sealed, once });
    expect([added.status, textOf(added.text)]).toEqual([200, expect.stringMatching(/2 accounts 1 right/)]);
    expect((await send('import', { sealed, once })).status).toBe(303);
    expect((await owner.send('GET', '/accounts?search=screen')).body.items).toHaveLength(1);
    expect((await owner.send('GET', '/accounts?search=kiosk')).body.items).toMatchObject([{ version: 1 }]);
    expect(textOf((await user.console.get('/accounts')).text)).toContain('Kiosk');
  });

  it('has a password changed by hand: asks for it, and takes what people confirm', async () => {
    const account = await addAccount('Printer');
    const page = `/admin/accounts/${account}`;
    const asked = await owner.console.press(`${page}/rotate`, 'rotate');
    expect(textOf((await owner.console.follow(asked)).text)).toContain('It is on its way');
    await expect.poll(async () => (await rotations(account))[0]?.state, { timeout: 30_000 }).toBe('manual');
    expect(textOf((await owner.console.get(page)).text)).toMatch(/To be done by hand.*To be done until/);
    expect(textOf((await owner.console.get('/admin')).text)).toContain(
      'shared account Printer has to be changed by hand',
    );
    const removal = textOf((await owner.console.get(`${page}/remove`)).text);
    expect(removal).toMatch(/one of the versions 1 or 2 may be what signs in|version 1 may be what signs in/);
    const confirmed = await owner.console.press(`${page}/confirm`, 'confirm', { password: 'set-by-hand' });
    expect(textOf((await owner.console.follow(confirmed)).text)).toContain('As it should be');
    expect((await user.console.post('/accounts', await showing(user, account))).text).toContain('set-by-hand');
    expect(textOf((await owner.console.get(`${page}/confirm`)).text)).toContain('No change of this account waits');
  });
});

describe('access that ended', () => {
  it('stands on the account’s page and the person’s, with who ended it, and is nobody else’s', async () => {
    const account = await addAccount('Kitchen');
    const [leaver] = await plantUsers(product, 1, { sessions: 0 });
    await give(account, { ...user, ...leaver } as Person, 'use');
    const page = `/admin/accounts/${account}`;
    expect(textOf((await owner.console.get(page)).text)).not.toContain('Whose access ended');
    await owner.console.press(`/admin/people/${leaver?.id}/switch-off`, 'switch-off');
    const shown = async () => textOf((await owner.console.get(page)).text);
    await expect
      .poll(shown, { timeout: 30_000 })
      .toMatch(
        /Whose access ended .* switched (?!somebody)\S.* off \( the revocation \), which ended the right to use the shared account Kitchen/,
      );
    const person = textOf((await owner.console.get(`/admin/people/${leaver?.id}`)).text);
    expect(person).toMatch(/which ended the right to use the shared account Kitchen/);
    expect(person).toMatch(/gave (?!somebody)\S.* the right to use the shared account Kitchen/);
    const list = await owner.console.get(`/admin/record?person=${account}&action=account.right_ended`);
    expect(textOf(list.text)).toContain('which ended the right to use the shared account Kitchen');
    // Whoever manages it without a role sees the account, not the record.
    const own = await manager.console.get(`/accounts/${account}`);
    expect([own.status, textOf(own.text).includes('Whose access ended')]).toEqual([200, false]);
  });
});

describe('a sign-out', () => {
  it('of several people shows the passwords that it changes for any of them', async () => {
    const leavers = await plantUsers(product, 3, { sessions: 1 });
    for (const [name, leaver] of [
      ['Scanner', leavers[0]],
      ['Printer', leavers[1]],
    ] as const)
      await give(await addAccount(name), { ...user, ...leaver } as Person, 'use');
    const asked = await owner.console.post('/admin/sign-out', {
      do: 'go-on',
      users: leavers.map(({ id }) => id).join(' '),
    });
    const done = await owner.console.post('/admin/sign-out', {
      ...fieldsOf(asked.text, 'sign-out'),
      do: 'sign-out',
    });
    const receipt = String(done.location);
    expect(receipt).toMatch(/\/together$/);
    const shown = async () => textOf((await owner.console.get(receipt)).text);
    await expect.poll(shown, { timeout: 30_000 }).toMatch(/changed because of this sign-out. .*Scanner/);
    await expect.poll(shown, { timeout: 30_000 }).toMatch(/Printer/);
    // In the ticket, and in a list of its own.
    expect(await shown()).toMatch(/Shared accounts: .*Scanner: /);
    const revocation = receipt.split('/').at(-2) as string;
    const query = `revocation=${revocation}&together=true`;
    const list = textOf((await owner.console.get(`/admin/rotations?${query}`)).text);
    expect(list).toMatch(/Scanner .*the access of Planted ended/);
    expect(list).toMatch(/Printer .*the access of Planted ended/);
    const found = async (who: Person, asked: string) => {
      const { status, body } = await who.send('GET', `/rotations?${asked}`);
      expect(status).toBe(200);
      return (body.items as { accountName: string }[]).map(({ accountName }) => accountName).toSorted();
    };
    expect(await found(owner, query)).toEqual(['Printer', 'Scanner']);
    expect((await found(owner, `revocation=${revocation}`)).length).toBeLessThan(2);
    expect(await found(stranger, query)).toEqual([]);
  });

  it('shows on its receipt which passwords it changes, step by step; the overview what is stuck', async () => {
    const account = await addAccount('Radar');
    await user.console.post('/accounts', await showing(user, account));
    const leaver = await plantAdministrator(product, 'member');
    await give(account, { ...leaver, console: user.console }, 'use');
    const done = await owner.console.press(`/admin/people/${leaver.id}/sign-out`, 'sign-out');
    const receipt = String(done.location);
    await expect
      .poll(async () => textOf((await owner.console.get(receipt)).text), { timeout: 30_000 })
      .toMatch(/Passwords that are changed because of this sign-out. Radar/);
    const revocation = receipt.split('/').at(-1) as string;
    const all = await owner.console.get(`/admin/rotations?revocation=${revocation}`);
    const { rows: named } = await sql('SELECT name FROM users WHERE id = $1', [leaver.id]);
    expect(textOf(all.text)).toContain(`the access of ${named[0].name} ended Its receipt`);
    const { body } = await owner.send('GET', `/rotations?revocation=${revocation}`);
    expect(body.items).toMatchObject([{ userId: leaver.id, user: { id: leaver.id, email: leaver.email } }]);
    expect(textOf((await stranger.console.get(`/admin/rotations?revocation=${revocation}`)).text)).not.toContain(
      'Radar',
    );
    const stuck = (state: string) =>
      sql(
        `UPDATE account_rotations SET state = $2, error = 'timeout', due_at = now() + interval '50 minutes' WHERE account_id = $1`,
        [account, state],
      );
    // Once the rotator is done with it: it would write over what is planted.
    await expect.poll(async () => (await rotations(account))[0]?.state, { timeout: 30_000 }).toBe('manual');
    await stuck('uncertain');
    expect(textOf((await owner.console.get('/admin')).text)).toContain('which password of the shared account Radar');
    expect(textOf((await owner.console.get(receipt)).text)).toMatch(/Radar: Uncertain/);
    await stuck('old_works');
    expect(textOf((await owner.console.get('/admin')).text)).toMatch(
      /Radar has a new password, and the old one is not known to be refused/,
    );
    expect(textOf((await stranger.console.get('/admin')).text)).not.toContain('Radar');
    await stuck('cancelled');
    expect(textOf((await owner.console.get(receipt)).text)).toMatch(/Radar: Not needed/);
    await sql('UPDATE account_rotations SET promoted_at = now() WHERE account_id = $1', [account]);
    expect(textOf((await owner.console.get(receipt)).text)).toMatch(/Radar: New one set; the old one was not checked/);
  });
});
