import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
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
  (await owner.send('GET', `/accounts/${account}/reveals`)).body.items as { version: number; user: { id: string } }[];
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
    expect(textOf(list.text)).toMatch(/Ship’s computer operator · On the bridge Password changed now/);
    expect(list.text).not.toContain(secret);
    const fields = await showing(user, account);
    const shown = await user.console.post('/accounts', fields);
    expect(shown.status).toBe(200);
    expect(shown.headers.get('cache-control')).toBe('no-store');
    // Masked by what needs no script, and gone after a minute, also without one.
    expect(shown.text).toMatch(new RegExp(`<details class="secret">.*<code>${secret}</code></details>`));
    expect(shown.text).toContain('<noscript><meta http-equiv="refresh" content="60; url=/accounts"></noscript>');
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
    await manager.console.press(page, 'take', { right });
    expect(textOf((await outsider.console.get('/accounts')).text)).not.toContain('Turbine');
    await expect.poll(() => rotations(account), { timeout: 30_000 }).not.toEqual([]);
  });

  it('is offered no other account as the administrator; a role is', async () => {
    const account = await addAccount('Crane', { connector: 'postgresql', settings: { host: 'db.internal' } });
    expect((await manager.console.get(`/accounts/${account}/settings`)).text).not.toContain('name="adminAccount"');
    expect((await owner.console.get(`/admin/accounts/${account}/settings`)).text).toContain('name="adminAccount"');
  });

  it('changes it; whoever may only use it, or has a role alone, does not', async () => {
    const account = await addAccount('Generator');
    const changed = await manager.console.press(`/accounts/${account}/settings`, 'save', { notes: 'In the cellar' });
    expect(textOf((await manager.console.follow(changed)).text)).toContain('In the cellar');
    for (const who of [user, outsider, stranger])
      for (const part of ['', '/settings', '/access', '/password', '/rotate', '/confirm'])
        expect([403, 404]).toContain((await who.console.get(`/accounts/${account}${part}`)).status);
    // An administrator sees the account, and changes nothing.
    const seen = await admin.console.get(`/admin/accounts/${account}`);
    expect(seen.status).toBe(200);
    for (const act of ['take', 'read']) expect(seen.text).not.toContain(`value="${act}"`);
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

  it('finds accounts, and shows none of another organisation', async () => {
    await addAccount('Zeppelin of the fleet');
    expect(textOf((await owner.console.get('/admin/accounts?search=zeppelin')).text)).toContain(
      'Zeppelin of the fleet',
    );
    expect(textOf((await owner.console.get('/admin/accounts?search=submarine')).text)).toContain(
      'No account is called',
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
    const sealed = String(fieldsOf(look.text, 'import').sealed);
    // What is sealed for one person is nobody else's.
    const superAdmin = await plantAdministrator(product, 'super_admin');
    const other = { ...superAdmin, console: openConsole(product.url, superAdmin.cookie) };
    expect((await send('import', { sealed }, other)).status).toBe(400);
    expect((await send('import', { sealed })).status).toBe(303);
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
    const confirmed = await owner.console.press(`${page}/confirm`, 'confirm', { password: 'set-by-hand' });
    expect(textOf((await owner.console.follow(confirmed)).text)).toContain('As it should be');
    expect((await user.console.post('/accounts', await showing(user, account))).text).toContain('set-by-hand');
    expect(textOf((await owner.console.get(`${page}/confirm`)).text)).toContain('No change of this account waits');
  });
});

describe('a sign-out', () => {
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
    expect(textOf(all.text)).toMatch(/Radar .*the access of somebody ended/);
    expect(textOf((await stranger.console.get(`/admin/rotations?revocation=${revocation}`)).text)).not.toContain(
      'Radar',
    );
    const stuck = (state: string) =>
      sql(
        `UPDATE account_rotations SET state = $2, error = 'timeout', due_at = now() + interval '1 day' WHERE account_id = $1`,
        [account, state],
      );
    await stuck('uncertain');
    expect(textOf((await owner.console.get('/admin')).text)).toContain('which password of the shared account Radar');
    expect(textOf((await owner.console.get(receipt)).text)).toMatch(/Radar: Uncertain/);
    await stuck('old_works');
    expect(textOf((await owner.console.get('/admin')).text)).toMatch(/Radar has a new password, and the old one still/);
    expect(textOf((await stranger.console.get('/admin')).text)).not.toContain('Radar');
  });
});
