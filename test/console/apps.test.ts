import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Receiver, startReceiver } from '../downstream/receiver.ts';
import { until } from '../notifications/support.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { fieldsOf, openConsole, textOf } from './client.ts';

type Administrator = Awaited<ReturnType<typeof plantAdministrator>> & { console: ReturnType<typeof openConsole> };

let product: Product;
let owner: Administrator;
let superAdmin: Administrator;
let admin: Administrator;
let stranger: Administrator;
beforeAll(async () => {
  product = await startProduct();
  const open = async (
    ...args: Parameters<typeof plantAdministrator> extends [unknown, ...infer Rest] ? Rest : never
  ) => {
    const planted = await plantAdministrator(product, ...args);
    return { ...planted, console: openConsole(product.url, planted.cookie) };
  };
  owner = await open('owner');
  superAdmin = await open('super_admin');
  admin = await open('admin');
  stranger = await open('owner', { org: 'metacortex' });
});
afterAll(() => product?.stop());

const receivers: Receiver[] = [];
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.stop();
  for (const { id } of await apps()) await owner.send('DELETE', `/apps/${id}`);
});

type App = { id: string; name: string; state: string; settings: Record<string, unknown>; hasCredential: boolean };
const apps = async () => (await owner.send('GET', '/apps')).body.items as App[];
const orgId = () => product.orgs.whiterabbit.id;
const words = async (console: Administrator['console'], path: string) => textOf((await console.get(path)).text);

async function receiverOf(answer: Parameters<typeof startReceiver>[0] = 204) {
  const receiver = await startReceiver(answer);
  receivers.push(receiver);
  return receiver;
}

async function addApp(name: string, { url }: Pick<Receiver, 'url'>, settings: object = {}): Promise<string> {
  const body = {
    kind: 'gtr',
    name,
    settings: { endpoint: url, auth: { method: 'bearer' }, ...settings },
    credential: 'k',
  };
  const added = await owner.send('POST', '/apps', body);
  expect(added.status).toBe(201);
  return String(added.body.id);
}

const person = async () => (await plantUsers(product, 1, { sessions: 1 }))[0] as { id: string; email: string };
const nowhere = { url: 'https://payroll.example/revoke' };

/** Signs the person out by the page; the receipt's address. */
async function signOut(id: string): Promise<string> {
  const done = await owner.console.press(`/admin/people/${id}/sign-out`, 'sign-out');
  expect(done.status).toBe(303);
  return done.location as string;
}

describe('an app', () => {
  it('is added by the way in which it takes a logout', async () => {
    const bearer = await superAdmin.console.press('/admin/apps/new/bearer', 'add', {
      name: 'Payroll',
      endpoint: nowhere.url,
      credential: 'the-key',
    });
    const page = await superAdmin.console.follow(bearer);
    expect(textOf(page.text)).toContain('Payroll');
    expect(page.text).not.toContain('the-key');
    await owner.console.press('/admin/apps/new/signed-jwt', 'add', {
      name: 'CRM',
      endpoint: 'https://crm.example/revoke',
      clientId: 'us',
      naming: 'id:userName',
    });
    await owner.console.press('/admin/apps/new/oauth', 'add', {
      name: 'Okta',
      endpoint: 'https://okta.example/revoke',
      tokenEndpoint: 'https://okta.example/token',
      clientId: '0oa',
      // What a hidden field holds is not sent.
      clientAuth: 'private_key_jwt',
      credential: 'typed-before',
      scope: 'okta.universalLogout.manage',
      naming: 'iss_sub',
    });
    expect(await apps()).toMatchObject([
      { name: 'Payroll', hasCredential: true, settings: { auth: { method: 'bearer' }, concerns: { who: 'everyone' } } },
      {
        name: 'CRM',
        settings: { naming: 'id', attribute: 'userName', auth: { method: 'signed_jwt', audience: null } },
      },
      { name: 'Okta', hasCredential: false, settings: { auth: { method: 'oauth', clientAuth: 'private_key_jwt' } } },
    ]);
    const record = await words(owner.console, '/admin/record');
    expect(record).toContain('Payroll');
  });

  it('that signs people in is for owners, and its secret is shown once', async () => {
    const path = '/admin/apps/new/oidc';
    const fields = {
      name: 'Wiki',
      redirectUris: 'https://wiki.example/a\nhttps://wiki.example/b',
      frontchannelLogoutUri: 'https://wiki.example/out',
      auth: 'client_secret_basic',
    };
    expect((await superAdmin.console.get(path)).status).toBe(403);
    const page = await owner.console.get(path);
    const sent = { ...fieldsOf(page.text, 'add'), ...fields, do: 'add' };
    const shown = await owner.console.post(path, sent);
    const secret = /<dd id="client-secret">.*?<code>([\w-]{43})<\/code>/.exec(shown.text)?.[1];
    expect(secret).toBeTruthy();
    const issuer = `${product.url}/orgs/${orgId()}`;
    expect(textOf(shown.text)).toContain(issuer);
    const again = await owner.console.post(path, sent);
    expect(again.text).not.toContain(secret);
    const [wiki] = await apps();
    expect(wiki?.settings).toMatchObject({
      redirectUris: ['https://wiki.example/a', 'https://wiki.example/b'],
      frontchannelLogoutUri: 'https://wiki.example/out',
    });
    for (const part of ['', '/settings', '/secret', '/remove'])
      expect((await owner.console.get(`/admin/apps/${wiki?.id}${part}`)).text).not.toContain(secret);
    for (const part of ['/settings', '/secret', '/remove'])
      expect((await superAdmin.console.get(`/admin/apps/${wiki?.id}${part}`)).status).toBe(403);
    // What the page tells to enter is there.
    expect((await fetch(`${issuer}/.well-known/openid-configuration`)).status).toBe(200);
    expect((await fetch(`${issuer}/oauth/jwks`)).status).toBe(200);
    const settings = `/admin/apps/${wiki?.id}/settings`;
    const save = { auth: 'private_key_jwt', jwksUri: 'https://wiki.example/jwks' };
    expect((await owner.console.press(settings, 'save', save)).status).toBe(303);
    const form = fieldsOf((await owner.console.get(settings)).text, 'save');
    const back = { ...form, auth: 'client_secret_basic', jwksUri: '', do: 'save' };
    expect((await owner.console.post(settings, back)).text).toContain('id="client-secret"');
    // A double click leads on to what says that a secret was made.
    const twice = await owner.console.follow(await owner.console.post(settings, back));
    expect(textOf(twice.text)).toContain('could be shown only once');
    const made = await owner.console.press(`/admin/apps/${wiki?.id}/secret`, 'make');
    expect(/<dd id="client-secret">.*?<code>([\w-]{43})<\/code>/.exec(made.text)?.[1]).not.toBe(secret);
  });

  it('that gets security events has a secret too, and says what its receiver has to do', async () => {
    const added = await superAdmin.console.press('/admin/apps/new/ssf', 'add', {
      name: 'SOC',
      audience: 'https://soc.example',
      events: ['session-revoked', 'account-disabled'],
    });
    expect(/<dd id="client-secret">.*?<code>([\w-]{43})<\/code>/.test(added.text)).toBe(true);
    const metadata = `${product.url}/.well-known/ssf-configuration/orgs/${orgId()}`;
    expect(textOf(added.text)).toContain(metadata);
    expect((await fetch(metadata)).status).toBe(200);
    const [soc] = await apps();
    expect(soc?.settings).toMatchObject({ events: ['account-disabled', 'session-revoked'], connection: null });
    // The page has the kinds in its own order; nobody has changed them.
    await owner.send('PATCH', `/apps/${soc?.id}`, { settings: { events: ['account-disabled', 'session-revoked'] } });
    await superAdmin.console.press(`/admin/apps/${soc?.id}/settings`, 'save', { name: 'SOC' });
    expect((await apps())[0]?.settings.events).toEqual(['account-disabled', 'session-revoked']);
    const none = await superAdmin.console.press(`/admin/apps/${soc?.id}/settings`, 'save', { events: [] });
    expect(textOf(none.text)).toContain('Choose at least one kind of event');
    expect(none.text.split('id="problem"').length).toBe(2);
    const saved = await superAdmin.console.press(`/admin/apps/${soc?.id}/settings`, 'save', {
      connection: product.orgs.whiterabbit.connectionId,
    });
    expect(saved.status).toBe(303);
    const who = await person();
    const page = await words(owner.console, `/admin/people/${who.id}/sign-out`);
    expect(page).toContain('SOC: the receiver has not set up its stream yet');
    const receipt = await signOut(who.id);
    await until(async () => /SOC Session revoked Left out/.test(await words(owner.console, receipt)));
    expect(await words(owner.console, `/admin/apps/${soc?.id}`)).toContain('The receiver has not set it up yet');
    await product.context.pool.query(
      `INSERT INTO event_streams (org_id, id, app_id, method, events_requested) VALUES ($1, 'str_soc', $2, 'poll', $3)`,
      [orgId(), soc?.id, ['https://schemas.openid.net/secevent/caep/event-type/session-revoked']],
    );
    expect(await words(owner.console, `/admin/apps/${soc?.id}`)).toContain('Fetched by the receiver');
    const other = await words(owner.console, `/admin/people/${(await person()).id}/sign-out`);
    expect(other).toContain('Is passed on to SOC');
    const next = await signOut(who.id);
    await until(async () => /SOC Session revoked On its way/.test(await words(owner.console, next)));
  });

  it('is added with a problem at the field that it is about, and nothing secret comes back', async () => {
    const wrong = await owner.console.press('/admin/apps/new/bearer', 'add', {
      name: 'Payroll',
      endpoint: 'ftp://payroll.example',
      credential: 'the-key',
    });
    expect(wrong.status).toBe(400);
    expect(
      /<input id="field-endpoint"[^>]*aria-invalid="true"[^>]*value="ftp:\/\/payroll.example"/.test(wrong.text),
    ).toBe(true);
    expect(wrong.text).not.toContain('the-key');
    const keyless = await owner.console.press('/admin/apps/new/bearer', 'add', { name: 'P', endpoint: nowhere.url });
    expect(/<input id="field-credential"[^>]*aria-invalid="true"/.test(keyless.text)).toBe(true);
    const pages = await owner.console.press('/admin/apps/new/oidc', 'add', {
      name: 'W',
      redirectUris: 'http://wiki.example',
    });
    expect(/<textarea id="field-redirectUris"[^>]*aria-invalid="true"/.test(pages.text)).toBe(true);
    const ofNobody = await owner.console.press('/admin/apps/new/bearer', 'add', {
      name: 'Payroll',
      endpoint: nowhere.url,
      credential: 'the-key',
      who: 'groups',
    });
    expect(textOf(ofNobody.text)).toContain('Choose at least one group, or everyone.');
    expect(ofNobody.text.split('id="problem"').length).toBe(2);
    expect(await apps()).toEqual([]);
  });

  it('says where there are more groups than the form shows', async () => {
    const form = () => words(stranger.console, '/admin/apps/new/bearer');
    const plant = (from: number, to: number) =>
      product.context.pool.query(
        `INSERT INTO groups (org_id, id, display_name) SELECT $1, 'grp_many_' || n, 'Team ' || n FROM generate_series($2::int, $3::int) AS n`,
        [product.orgs.metacortex.id, from, to],
      );
    await plant(1, 200);
    expect(await form()).not.toContain('There are more groups');
    await plant(201, 201);
    expect(await form()).toContain('There are more groups');
  });

  it('is changed by what the person changed alone, and what somebody else changed stands beside it', async () => {
    const id = await addApp('Payroll', nowhere);
    const path = `/admin/apps/${id}/settings`;
    const page = await owner.console.get(path);
    await owner.send('PATCH', `/apps/${id}`, { name: 'Wages', settings: { member: 'subject' } });
    const typed = { ...fieldsOf(page.text, 'save'), do: 'save' };
    const refused = await owner.console.post(path, { ...typed, name: 'Salaries' });
    expect(refused.status).toBe(409);
    expect(textOf(refused.text)).toContain('Wages');
    const saved = await owner.console.press(path, 'save', { naming: 'iss_sub' });
    expect(saved.location).toBe(`/admin/apps/${id}`);
    const [found] = await apps();
    expect(found).toMatchObject({
      name: 'Wages',
      hasCredential: true,
      settings: { naming: 'iss_sub', member: 'subject' },
    });
    // Another address needs the key anew.
    const moved = await owner.console.press(path, 'save', { endpoint: 'https://elsewhere.example/revoke' });
    expect(/<input id="field-credential"[^>]*aria-invalid="true"/.test(moved.text)).toBe(true);
  });

  it('is paused, disabled, enabled and removed', async () => {
    const id = await addApp('Payroll', nowhere);
    const path = `/admin/apps/${id}`;
    for (const [act, state] of [
      ['pause', 'paused'],
      ['disable', 'disabled'],
      ['enable', 'enabled'],
    ] as const) {
      await superAdmin.console.press(path, act);
      expect(await apps()).toMatchObject([{ state }]);
    }
    expect((await admin.console.get(path)).text).not.toContain('value="pause"');
    const once = `mark-${crypto.randomUUID()}`;
    expect((await admin.console.post(path, { do: 'pause', once })).status).toBe(403);
    expect((await stranger.console.get(path)).status).toBe(404);
    expect((await stranger.console.post(path, { do: 'pause', once })).status).toBe(404);
    await owner.console.press(`${path}/remove`, 'remove');
    expect(await apps()).toEqual([]);
  });

  it('is told of nobody by a test, which says what came of it and is on record', async () => {
    const receiver = await receiverOf(404);
    const id = await addApp('Payroll', receiver);
    // A wrong address answers 404 to everybody.
    const unproven = await owner.console.press(`/admin/apps/${id}`, 'test');
    expect(textOf(unproven.text)).toContain('it answers 404 to strangers too');
    const [ours] = receiver.received;
    receiver.answer((call, res) => res.writeHead(call.authorization === ours?.authorization ? 404 : 401).end());
    const good = await owner.console.press(`/admin/apps/${id}`, 'test');
    expect(textOf(good.text)).toContain('It works');
    receiver.answer(403);
    const bad = await owner.console.press(`/admin/apps/${id}`, 'test');
    expect(textOf(bad.text)).toContain('the app refused the call (403)');
    expect(await words(owner.console, '/admin/record')).toMatch(/test/i);
    const tested = (await owner.send('GET', '/audit-events?action=app.tested')).body.items;
    expect(tested).toMatchObject([
      { detail: { status: 403 } },
      { detail: { error: 'unknown_there' } },
      { detail: { error: 'unproven' } },
    ]);
  });

  it('knows people by ids that are given one by one, or by a list', async () => {
    const id = await addApp('Doors', nowhere, { naming: 'id' });
    const [first, second] = (await plantUsers(product, 2)) as unknown as [
      { id: string; email: string },
      { email: string },
    ];
    const path = `/admin/apps/${id}/people`;
    const [giving, old] = [`${path}/import`, await plantAdministrator(product, 'owner')];
    // A file is lost where a sign-in is asked for after it was chosen.
    await product.context.pool.query(
      `UPDATE sessions SET authenticated_at = now() - interval '2 days' WHERE user_id = $1`,
      [old.id],
    );
    const asked = await openConsole(product.url, old.cookie).get(giving);
    expect(asked.text).toContain('id="step-up"');
    expect((await admin.console.get(giving)).status).toBe(403);
    expect((await stranger.console.get(giving)).status).toBe(404);
    const send = async (act: string, fields: Record<string, string>) => {
      const form = new FormData();
      const shown = fieldsOf((await owner.console.get(giving)).text, act);
      for (const [name, [value = '']] of Object.entries(shown)) form.set(name, value);
      for (const [name, value] of Object.entries({ ...fields, do: act })) form.set(name, value);
      return owner.console.ask('POST', giving, { body: form });
    };
    expect((await send('set', { who: first.email, there: 'E-1, "A"' })).status).toBe(303);
    expect((await send('set', { who: 'nobody@whiterabbit.fake', there: 'E-9' })).status).toBe(400);
    const list = await send('import', { csv: `${second.email};E-2\nghost@whiterabbit.fake;E-3` });
    expect(textOf(list.text)).toContain('Line 2: ghost@whiterabbit.fake');
    const page = await words(owner.console, path);
    for (const text of ['E-1, "A"', 'E-2', first.email]) expect(page).toContain(text);
    expect((await owner.console.press(path, 'forget', { user: first.id })).status).toBe(303);
    expect(await words(owner.console, path)).not.toContain('E-1');
    expect((await stranger.console.get(path)).status).toBe(404);
    expect((await admin.console.get(path)).text).not.toContain(giving);
  });
});

describe('a sign-out', () => {
  it('says before which apps it is passed on to, and why not to others', async () => {
    const who = await person();
    await addApp('Payroll', nowhere);
    const paused = await addApp('Archive', nowhere);
    await owner.send('PATCH', `/apps/${paused}`, { state: 'paused' });
    await addApp('Doors', nowhere, { naming: 'id' });
    const off = await addApp('Gone', nowhere);
    await owner.send('PATCH', `/apps/${off}`, { state: 'disabled' });
    const page = await words(owner.console, `/admin/people/${who.id}/sign-out`);
    expect(page).toContain('Is passed on to Archive (when it is enabled again), Payroll');
    expect(page).toContain('Doors: it is not known what the app calls this person');
    expect(page).not.toContain('Gone');
    expect(await words(owner.console, '/admin/everyone')).toContain(
      'Is passed on to Archive (when it is enabled again), Doors, Payroll',
    );
    const theirs = (await stranger.send('POST', '/revocations', { everyone: true })).body as { effects?: object };
    expect(theirs.effects).toMatchObject({ toTell: [] });
  });

  it('tells those of which it had been said before, and leaves out the others for the reason that was said', async () => {
    const who = await plantAdministrator(product, 'member');
    const { pool } = product.context;
    const groups = ['grp_theirs', 'grp_of_others'];
    await pool.query(`INSERT INTO groups (org_id, id, display_name) SELECT $1, id, id FROM unnest($2::text[]) AS id`, [
      orgId(),
      groups,
    ]);
    await pool.query('INSERT INTO group_members (org_id, group_id, user_id) VALUES ($1, $2, $3)', [
      orgId(),
      groups[0],
      who.id,
    ]);
    const receiver = await receiverOf(204);
    await addApp('Everyone', receiver);
    for (const group of groups) await addApp(group, receiver, { concerns: { who: 'groups', groups: [group] } });
    await addApp('Their id', receiver, { naming: 'id' });
    await addApp('Their user name', receiver, { naming: 'id', attribute: 'userName' });
    await addApp('Their subject', receiver, { naming: 'iss_sub' });
    await pool.query('UPDATE identities SET connection_id = NULL WHERE user_id = $1', [who.id]);
    const web = { redirectUris: ['https://wiki.example/callback'], backchannelLogoutUri: receiver.url };
    for (const name of ['Seen', 'Unseen']) await owner.send('POST', '/apps', { kind: 'oidc', name, settings: web });
    await pool.query(
      `INSERT INTO app_people (org_id, app_id, user_id, seen_at) SELECT org_id, id, $2, now() FROM apps WHERE org_id = $1 AND name = 'Seen'`,
      [orgId(), who.id],
    );
    await owner.send('POST', '/apps', { kind: 'ssf', name: 'Events', settings: { audience: 'https://soc.example' } });

    const asked = await owner.send('POST', `/users/${who.id}/revocations`, {});
    const { effects, confirmation } = asked.body as {
      effects: { toTell: { name: string; why: string | null }[] };
      confirmation: string;
    };
    const { body } = await owner.send('POST', `/users/${who.id}/revocations`, { confirmation });
    type Told = { planning: boolean; apps: { appName: string; status: string; error: string | null }[] };
    const told = async () => (await owner.send('GET', `/revocations/${body.revocationId}/told`)).body as Told;
    await until(async () => !(await told()).planning);
    const came = (await told()).apps.map(({ appName, status, error }) => [
      appName,
      status === 'left_out' ? error : null,
    ]);
    expect(came.toSorted()).toEqual(effects.toTell.map(({ name, why }) => [name, why]).toSorted());
    expect(came.length).toBe(7);
  });

  it('says after it what each app was told, as it comes to be known', async () => {
    let answer = (): void => undefined;
    const receiver = await receiverOf((_, res) => {
      answer = () => void res.writeHead(204).end();
    });
    await addApp('Payroll', receiver);
    await addApp('CRM', await receiverOf(404));
    await addApp('Shop', await receiverOf(403));
    await addApp('Doors', nowhere, { naming: 'id' });
    const who = await person();
    const receipt = await signOut(who.id);
    await receiver.until(1);
    await until(async () => (await words(owner.console, receipt)).includes('the app refused the call'));
    await until(async () => (await words(owner.console, receipt)).includes('Not known there'));
    const waiting = await owner.console.get(receipt);
    expect(waiting.text).toMatch(/<div id="receipt"[^>]* data-again="\d+"/);
    expect(textOf(waiting.text)).toMatch(/Payroll On its way/);
    expect(textOf(waiting.text)).toMatch(/Doors Left out it is not known what the app calls this person/);
    answer();
    await until(async () => /Payroll Told/.test(await words(owner.console, receipt)));
    const settled = await owner.console.get(receipt);
    expect(settled.text).not.toContain('data-again');
    expect(textOf(settled.text)).toContain('Passed on to: CRM: Not known there');
    const told = await owner.send('GET', `${receipt.replace('/admin', '')}/told`);
    expect(told.body).toMatchObject({ planning: false, moreForwards: false });
    const own = (told.body.apps as { appName: string; status: string }[]).map(({ appName, status }) => [
      appName,
      status,
    ]);
    expect(own).toEqual([
      ['CRM', 'delivered'],
      ['Doors', 'left_out'],
      ['Payroll', 'delivered'],
      ['Shop', 'dead'],
    ]);
    expect((await stranger.send('GET', `${receipt.replace('/admin', '')}/told`)).status).toBe(404);
  });

  it('is looked at again while it moves, and less and less: not what waits for a paused app', async () => {
    const id = await addApp('Payroll', await receiverOf(() => undefined));
    const receipt = await signOut((await person()).id);
    await until(async () => /Payroll On its way/.test(await words(owner.console, receipt)));
    const again = async (path: string) => / data-again="(\d+)"/.exec((await owner.console.get(path)).text)?.[1];
    const { items } = (await owner.send('GET', `/forwards?app=${id}`)).body as { items: { id: string }[] };
    const places = [receipt, `/admin/forwards/${items[0]?.id}`];
    for (const place of places) expect(await again(place)).toBe('1000');
    const { pool } = product.context;
    await pool.query(`UPDATE revocations SET created_at = created_at - interval '20 seconds' WHERE id = $1`, [
      receipt.split('/').at(-1),
    ]);
    await pool.query(`UPDATE forwards SET revoked_at = revoked_at - interval '20 seconds' WHERE app_id = $1`, [id]);
    for (const place of places) expect(await again(place)).toBe('5000');
    await owner.send('PATCH', `/apps/${id}`, { state: 'paused' });
    for (const place of places) expect(await again(place)).toBeUndefined();
    expect(await words(owner.console, receipt)).toContain('On its way');
  });

  it('of several people is counted by app', async () => {
    await addApp('Payroll', await receiverOf(204));
    const people = await plantUsers(product, 3);
    const path = '/admin/sign-out';
    const look = await owner.console.press(path, 'look', { names: people.map(({ email }) => email).join('\n') });
    const done = await owner.console.post(path, { ...fieldsOf(look.text, 'sign-out'), do: 'sign-out' });
    const receipt = done.location as string;
    await until(async () => /Payroll 3 Told/.test(await words(owner.console, receipt)));
  });

  it('that an app refused is sent again, from the overview on', async () => {
    const receiver = await receiverOf(403);
    const id = await addApp('Payroll', receiver);
    const who = await person();
    await signOut(who.id);
    await until(async () => (await words(owner.console, '/admin')).includes('Payroll could not be told of 1 sign-out'));
    const path = `/admin/forwards?${new URLSearchParams({ app: id, status: 'dead' }).toString()}`;
    expect((await admin.console.get(path)).text).not.toContain('value="again"');
    expect(textOf((await stranger.console.get('/admin/forwards')).text)).not.toContain('Payroll');
    // What it would be sent by is forgotten: there is nothing to press.
    const { pool } = product.context;
    const kept = await pool.query<{ names: object }>('SELECT names FROM forwards WHERE app_id = $1', [id]);
    await pool.query(`UPDATE forwards SET names = '{}' WHERE app_id = $1`, [id]);
    expect((await owner.console.get(path)).text).not.toContain('value="again"');
    await pool.query('UPDATE forwards SET names = $2 WHERE app_id = $1', [id, JSON.stringify(kept.rows[0]?.names)]);
    receiver.answer(204);
    const again = await owner.console.press(path, 'again');
    expect(again.location).toBe(path);
    await until(async () => !(await words(owner.console, '/admin')).includes('Payroll could not be told'));
    const all = (await owner.send('GET', `/forwards?app=${id}`)).body.items as { id: string }[];
    const one = () => words(owner.console, `/admin/forwards/${all[0]?.id}`);
    await until(async () => (await one()).includes('Status 204'));
    expect(await one()).toContain('Status 403');
    expect(await words(owner.console, `/admin/forwards?user=${who.id}`)).toContain('What was passed on of');
  });

  it('that an app could not be told is sent again as a whole, of each person the latest', async () => {
    const receiver = await receiverOf(403);
    const id = await addApp('Payroll', receiver);
    const [first, second] = [await person(), await person()];
    const path = `/admin/forwards?${new URLSearchParams({ app: id, status: 'dead' }).toString()}`;
    // One after another: a later one takes the place of what still waits.
    for (const [n, who] of [first, first, second].entries()) {
      await signOut(who.id);
      await until(async () => (await words(owner.console, path)).split('the app refused the call').length === n + 2);
    }
    receiver.answer(204);
    expect((await stranger.console.post(path, { do: 'all-again', once: `mark-${crypto.randomUUID()}` })).status).toBe(
      404,
    );
    const again = await superAdmin.console.press(path, 'all-again');
    expect(textOf((await superAdmin.console.follow(again)).text)).toContain('of each person the latest');
    await until(async () => {
      const { items } = (await owner.send('GET', `/forwards?app=${id}`)).body as { items: { status: string }[] };
      return items.filter(({ status }) => status === 'delivered').length === 2;
    });
    expect(await words(owner.console, '/admin/record')).toContain('what it had not been told (2)');
  });

  it('is told to administrators where an app could not be told, with the way to the app', async () => {
    const id = await addApp('Payroll', await receiverOf(400));
    await signOut((await person()).id);
    await until(async () =>
      (await owner.console.get('/admin/notifications')).text.includes(`href="/admin/apps/${id}"`),
    );
    expect((await owner.console.get('/admin/record')).text).toContain(`href="/admin/apps/${id}"`);
    expect(await words(owner.console, '/admin/record')).toMatch(
      /not be passed on to the app Payroll ?: the app refused/,
    );
  });
});

it('a web app is called by its name where people and administrators see what is signed in', async () => {
  const settings = { redirectUris: ['https://wiki.example/callback'] };
  const { body } = await owner.send('POST', '/apps', { kind: 'oidc', name: 'The wiki', settings });
  const who = await plantAdministrator(product, 'member');
  await plantGrants(product, { orgId: orgId(), userId: who.id }, 1, { clientId: String(body.id) });
  for (const path of [`/admin/people/${who.id}`, `/admin/people/${who.id}/sign-out`])
    expect(await words(owner.console, path)).toContain('The wiki');
  const own = await fetch(`${product.url}/api/users/me/sessions`, { headers: { cookie: who.cookie } });
  expect(await own.text()).toContain('The wiki');
});

it('an app that is away, and webhooks, stand in the list of apps', async () => {
  const id = await addApp('Payroll', nowhere);
  await product.context.pool.query(
    `UPDATE apps SET away_since = now(), probe_at = now() + interval '1 hour' WHERE id = $1`,
    [id],
  );
  await owner.send('POST', '/webhooks', { url: 'https://hooks.example/in', kinds: ['revocation'] });
  const list = await words(owner.console, '/admin/apps');
  expect(list).toMatch(/Payroll Global Token Revocation payroll\.example Away/);
  expect(list).toContain('hooks.example');
  expect(await words(admin.console, '/admin/apps')).not.toContain('hooks.example');
  expect(await words(owner.console, '/admin')).toContain('Payroll has not answered since');
});
