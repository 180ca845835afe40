import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../../src/database/generated/client.ts';
import { picture } from '../support/pictures.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createVisitor, fieldsOf } from './sent-form.ts';

const authentication = '/admin/settings/authentication';
const organisation = '/admin/settings/organisation';
const keys = '/admin/settings/api-keys';
const administrators = '/admin/settings/administrators';

let product: Product;
let owner: Awaited<ReturnType<typeof someone>>;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());
beforeEach(async () => {
  await product.context.pool.query(`UPDATE users SET role = 'member' WHERE org_id = $1`, [product.orgs.whiterabbit.id]);
  owner = await someone('owner');
});

async function someone(role: Role, options = {}) {
  const planted = await plantAdministrator(product, role, options);
  const { send: api, ...who } = planted;
  return { ...who, api, ...createVisitor(product.url, planted.cookie) };
}
const policies = async () => {
  const { items } = (await owner.api('GET', '/policies')).body as unknown as {
    items: { name: string; value: unknown }[];
  };
  return Object.fromEntries(items.map(({ name, value }) => [name, value]));
};

describe('Settings › Authentication', () => {
  it('has a field for each policy, here or on the page about the organisation', async () => {
    const pages = await Promise.all([owner.open(authentication), owner.open(organisation)]);
    const all = pages.map(({ page }) => page).join('');
    const fields = new Set(
      [...all.matchAll(/\sname="was-([^"]+)"/g)].map(([, name]) =>
        name?.replace(/^event-.*/, 'eventActions').replace(/^rotate-.*/, 'rotateAfter'),
      ),
    );
    expect(Object.keys(await policies()).filter((name) => !fields.has(name))).toEqual([]);
    expect([...all.matchAll(/\sname="was-event-/g)]).toHaveLength(7);
    expect([...all.matchAll(/\sname="was-rotate-/g)]).toHaveLength(7);
  });

  it('says what global logout does in either position, saves it, and says that it did', async () => {
    const before = await owner.open(authentication);
    for (const text of ['Enable global logout', 'signed out of all of them', 'leaves only the browser'])
      expect(before.text).toContain(text);
    const saved = await owner.send(authentication, 'logout', { globalLogout: 'on' });
    expect(saved).toMatchObject({ status: 303, to: `${authentication}#logout` });
    expect((await policies()).globalLogout).toBe(true);
    const after = await owner.open(authentication);
    expect(after.page).toMatch(/id="logout"[\s\S]*?role="switch"[^>]* checked[\s\S]*?role="status">Saved\./);
    expect(after.text.match(/Saved\./g)).toHaveLength(1);
    expect((await owner.open(authentication)).text).not.toContain('Saved.');
    await owner.send(authentication, 'logout', { globalLogout: null });
    expect((await policies()).globalLogout).toBe(false);
  });

  it('takes times as people say them, and says the number that would end before it ends', async () => {
    const people = await plantUsers(product, 3, { sessions: 2 });
    const ids = people.map(({ id }) => id);
    await product.context.pool.query(
      `UPDATE sessions SET last_seen_at = now() - interval '3 hours' WHERE user_id = ANY ($1)`,
      [ids],
    );
    const live = async () =>
      (await product.context.pool.query('SELECT count(*)::int AS n FROM live_sessions WHERE user_id = ANY ($1)', [ids]))
        .rows[0].n;
    const asked = await owner.send(authentication, 'browsers', {
      sessionIdleSeconds: '1.5',
      'sessionIdleSeconds-unit': 'hours',
    });
    expect(asked.status).toBe(200);
    expect(asked.text).toContain('6 browsers’ sessions end');
    expect(asked.text).toContain('12 hours, as the operator set it 90 minutes');
    expect(asked.text).toContain('Save and end 6 sign-ins');
    expect(await live()).toBe(6);
    expect((await policies()).sessionIdleSeconds).toBeNull();
    const saved = await owner.send(authentication, 'browsers', {}, asked.page);
    expect(saved).toMatchObject({ status: 303, to: `${authentication}#browsers` });
    expect(await live()).toBe(0);
    expect((await policies()).sessionIdleSeconds).toBe(5400);
    // Shown in the unit that holds it evenly; empty is the operator's again, and ends nothing.
    const shown = fieldsOf((await owner.open(authentication)).page, 'browsers');
    expect([shown.get('sessionIdleSeconds'), shown.get('sessionIdleSeconds-unit')]).toEqual(['90', 'minutes']);
    expect((await owner.send(authentication, 'browsers', { sessionIdleSeconds: '' })).status).toBe(303);
    expect((await policies()).sessionIdleSeconds).toBeNull();
  });

  it.each([
    [
      'browsers',
      { sessionIdleSeconds: '1', 'sessionIdleSeconds-unit': 'seconds' },
      'has to be from 5 minutes to 12 hours',
    ],
    ['browsers', { sessionIdleSeconds: 'soon' }, 'has to be a number'],
    ['browsers', { maxSessions: '' }, 'needs a number'],
    ['browsers', { maxSessions: '1.5' }, 'has to be a whole number'],
    [
      'browsers',
      {
        sessionIdleSeconds: '2',
        'sessionIdleSeconds-unit': 'hours',
        sessionAbsoluteSeconds: '1',
        'sessionAbsoluteSeconds-unit': 'hours',
      },
      'The time without use (2 hours) is longer than the time since the sign-in (1 hour)',
    ],
  ])('refuses in words, with what was typed still there: %s %o', async (act, typed, words) => {
    const answer = await owner.send(authentication, act, typed);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(words);
    expect(answer.page.split(`id="${act}"`)[1]?.split('</section>')[0]).toContain('id="problem"');
    expect(Object.fromEntries(fieldsOf(answer.page, act))).toMatchObject(typed);
  });

  it('takes a unit that it doesn’t know for seconds', async () => {
    const typed = { sessionIdleSeconds: '1', 'sessionIdleSeconds-unit': 'constructor' };
    const answer = await owner.send(authentication, 'browsers', typed);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('has to be from 5 minutes to 12 hours');
  });

  it('shows what somebody else changed meanwhile, and overwrites nothing', async () => {
    const { page } = await owner.open(authentication);
    const other = await someone('super_admin');
    expect((await other.api('PATCH', '/policies', { maxSessions: 7, sessionIdleSeconds: 7200 })).status).toBe(200);
    const mine = { sessionIdleSeconds: '3', 'sessionIdleSeconds-unit': 'hours' };
    const refused = await owner.send(authentication, 'browsers', mine, page);
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('It is now: 2 hours');
    expect(await policies()).toMatchObject({ sessionIdleSeconds: 7200, maxSessions: 7 });
    // Mine is still there, theirs where I changed nothing; sent again, mine counts.
    expect(fieldsOf(refused.page, 'browsers').get('maxSessions')).toBe('7');
    const again = await owner.send(authentication, 'browsers', {}, refused.page);
    expect(again.status).toBe(303);
    expect(await policies()).toMatchObject({ sessionIdleSeconds: 10_800, maxSessions: 7 });
    await owner.api('PATCH', '/policies', { sessionIdleSeconds: null, maxSessions: 100 });
  });

  it('changes what security events do, and says what a shorter record removes', async () => {
    const changed = await owner.send(authentication, 'events', { 'event-account-purged': 'record' });
    expect(changed.status).toBe(303);
    expect((await policies()).eventActions).toMatchObject({ 'account-purged': 'record', 'session-revoked': 'revoke' });
    await product.context.pool.query(
      `INSERT INTO audit_events (org_id, id, at, action, actor_type, target_type, target_id, detail)
       SELECT $1, 'aud_old_' || i, now() - interval '40 days', 'session.ended', 'system', 'session', 'x', '{}' FROM generate_series(1, 3) i`,
      [product.orgs.whiterabbit.id],
    );
    const asked = await owner.send(authentication, 'record', { auditRetentionDays: '30' });
    expect(asked.text).toContain('3 events of the record are removed for good');
    expect((await policies()).auditRetentionDays).toBeNull();
  });

  it('changes whose sign-outs change passwords of shared accounts', async () => {
    const changed = await owner.send(authentication, 'accounts', { 'rotate-user': 'true', 'rotate-signal': 'false' });
    expect(changed.status).toBe(303);
    expect((await policies()).rotateAfter).toMatchObject({ user: true, signal: false, admin: true });
    await owner.api('PATCH', '/policies', { rotateAfter: { user: null, signal: null } });
  });

  const plantEvents = (name: string, amount: number, daysAgo: number) =>
    product.context.pool.query(
      `INSERT INTO audit_events (org_id, id, at, action, actor_type, target_type, target_id, detail)
       SELECT $1, $2 || i, now() - make_interval(days => $4), 'session.ended', 'system', 'session', 'x', '{}'
       FROM generate_series(1, $3::int) i`,
      [product.orgs.whiterabbit.id, name, amount, daysAgo],
    );

  it('saves nothing where it would do much more than was shown, and shows that first', async () => {
    await plantEvents('aud_older_', 4, 60);
    const asked = await owner.send(authentication, 'record', { auditRetentionDays: '50' });
    expect(asked.text).toContain('Save and remove 4 events');
    await plantEvents('aud_older_still_', 5, 60);
    const again = await owner.send(authentication, 'record', {}, asked.page);
    expect(again.status).toBe(409);
    expect(again.text).toContain('Nothing is saved yet.');
    expect(again.text).toContain('9 events of the record are removed for good');
    expect((await policies()).auditRetentionDays).toBeNull();
    expect(await owner.send(authentication, 'record', {}, again.page)).toMatchObject({ status: 303 });
    expect((await policies()).auditRetentionDays).toBe(50);
    await owner.api('PATCH', '/policies', { auditRetentionDays: null });
  });

  it('says where counting stopped', async () => {
    await plantEvents('aud_many_', 10_050, 100);
    const asked = await owner.send(authentication, 'record', { auditRetentionDays: '90' });
    expect(asked.text).toContain('at least 10,000 events of the record are removed for good');
    expect(asked.text).toContain('Save and remove at least 10,000 events');
  });

  it('says whom switching callers off refuses, before it does', async () => {
    const asked = await owner.send(authentication, 'callers', { jwtCallers: null });
    expect(asked.text).toContain('1 connection’s identity provider can no longer end access');
    expect((await policies()).jwtCallers).toBe(true);
    expect((await owner.send(authentication, 'callers', {}, asked.page)).status).toBe(303);
    expect(await policies()).toMatchObject({ jwtCallers: false, apiKeyCallers: true });
    expect((await owner.send(authentication, 'callers', { jwtCallers: 'on' })).status).toBe(303);
  });

  it('is shown to an admin without a form, with who may change it', async () => {
    const admin = await someone('admin');
    const shown = await admin.open(authentication);
    expect(shown.status).toBe(200);
    expect(shown.text).toContain('Owners and super admins can change this.');
    expect(shown.text).toContain('leaves only the browser');
    expect(shown.page.split('<main')[1]?.split('</main>')[0]).not.toContain('<form');
    const fields = fieldsOf((await owner.open(authentication)).page, 'logout');
    fields.set('globalLogout', 'on');
    expect((await admin.post(authentication, fields)).status).toBe(403);
    expect((await policies()).globalLogout).toBe(false);
  });

  it('asks whoever signed in long ago to sign in again, and keeps what was typed', async () => {
    const when = (ago: string) =>
      product.context.pool.query(`UPDATE sessions SET authenticated_at = now() - $2::interval WHERE user_id = $1`, [
        owner.id,
        ago,
      ]);
    await when('2 hours');
    const asked = await owner.send(authentication, 'browsers', { maxSessions: '5' });
    expect(asked.status).toBe(401);
    expect(asked.page).toContain('id="step-up"');
    await when('0 seconds');
    const back = await owner.open(authentication);
    expect(fieldsOf(back.page, 'browsers').get('maxSessions')).toBe('5');
    expect((await policies()).maxSessions).toBe(100);
  });
});

describe('Settings › API keys', () => {
  it('shows a key once, with a command that works', async () => {
    const opened = await owner.open(`${keys}/new`);
    const fields = fieldsOf(opened.page, 'create');
    fields.set('name', 'Night job');
    const made = await owner.post(`${keys}/new`, fields);
    expect(made.status).toBe(200);
    const command = /curl -i -X POST (\S+) -H '([^']+)' -H '([^']+)' -d '([^']+)'/.exec(made.text);
    const [, address = '', ...rest] = command as unknown as string[];
    const headers = rest.slice(0, 2).map((header) => header.split(': ') as [string, string]);
    const sent = await fetch(address, { method: 'POST', headers, body: rest[2] as string });
    expect(sent.status).toBe(404);
    expect(((await sent.json()) as { code: string }).code).toBe('user_not_found');
    const secret = headers[0]?.[1].replace('Bearer ', '') as string;
    // A reload of the answer makes no second key, and shows none.
    expect(await owner.post(`${keys}/new`, fields)).toMatchObject({ status: 303, to: `${keys}/new` });
    const list = await owner.open(keys);
    expect(list.text.match(/Night job/g)).toHaveLength(1);
    expect(list.text).toContain(`begins with ${secret.slice(0, 7)}`);
    expect(list.page).not.toContain(secret);
  });

  it('ends a key after saying what stops working', async () => {
    const { body } = await owner.api('POST', '/api-keys', { name: 'Old job', scopes: ['revoke'] });
    const path = `${keys}/${body.id}/end`;
    expect((await owner.open(path)).text).toContain('Calls with this key that end access are refused');
    expect(await owner.send(path, 'end')).toMatchObject({ status: 303, to: keys });
    expect((await product.revoke(undefined, { apiKey: body.apiKey as string })).status).toBe(401);
    expect((await owner.open(path)).text).toContain('has ended already');
  });

  it('leaves keys for provisioning to owners, and keys of others alone', async () => {
    const superAdmin = await someone('super_admin');
    const shown = await superAdmin.open(`${keys}/new`);
    expect(shown.text).toContain('Keys for provisioning are for owners');
    const fields = fieldsOf(shown.page, 'create');
    fields.set('name', 'Provisioning');
    fields.set('scopes', 'scim');
    const refused = await superAdmin.post(`${keys}/new`, fields);
    expect(refused.status).toBe(403);
    expect(fieldsOf(refused.page, 'create').get('name')).toBe('Provisioning');
    const twin = await someone('owner', { org: 'metacortex' });
    const { body } = await owner.api('POST', '/api-keys', { name: 'Ours' });
    expect((await twin.open(`${keys}/${body.id}/end`)).status).toBe(404);
    expect((await (await someone('admin')).open(`${keys}/new`)).status).toBe(403);
  });
});

describe('Settings › Administrators', () => {
  it('warns where there is one owner, finds a member, and gives a role', async () => {
    const person = await someone('member');
    expect((await owner.open(administrators)).text).toContain('There is only one owner.');
    const found = await owner.open(`${administrators}?search=${encodeURIComponent(person.email)}`);
    expect(found.page).toContain(`href="${administrators}/${person.id}"`);
    const given = await owner.send(`${administrators}/${person.id}`, 'role', { role: 'owner' });
    expect(given).toMatchObject({ status: 303, to: administrators });
    const list = await owner.open(administrators);
    expect(list.text).not.toContain('There is only one owner.');
    expect(list.text).toContain(person.email);
  });

  it('offers nobody a role above their own, and keeps the last owner', async () => {
    const superAdmin = await someone('super_admin');
    const member = await someone('member');
    const shown = await superAdmin.open(`${administrators}/${member.id}`);
    expect([...shown.page.matchAll(/type="radio"[^>]*value="(\w+)"/g)].map(([, role]) => role)).toEqual([
      'super_admin',
      'admin',
      'member',
    ]);
    expect((await superAdmin.open(`${administrators}/${owner.id}`)).text).toContain('change nobody above you');
    const last = await owner.send(`${administrators}/${owner.id}`, 'role', { role: 'member' });
    expect(last.status).toBe(409);
    expect(last.page).toContain('id="problem"');
  });

  it('shows a role that somebody else gave meanwhile', async () => {
    const member = await someone('member');
    const path = `${administrators}/${member.id}`;
    const { page } = await owner.open(path);
    await owner.api('PATCH', `/users/${member.id}`, { role: 'admin' });
    const refused = await owner.send(path, 'role', { role: 'super_admin' }, page);
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('It is now: Admin.');
  });
});

describe('Settings › Name and look', () => {
  it('saves the name, whom people turn to, and a colour', async () => {
    expect((await owner.send(organisation, 'name', { name: 'White Rabbit' })).status).toBe(303);
    expect((await owner.send(organisation, 'help', { helpText: 'Help desk\n+49 30 1234' })).status).toBe(303);
    expect((await owner.send(organisation, 'colour', { colour: '#ffdd00' })).status).toBe(303);
    const { page, text } = await owner.open(organisation);
    expect(fieldsOf(page, 'name').get('name')).toBe('White Rabbit');
    expect(fieldsOf(page, 'help').get('helpText')).toBe('Help desk\n+49 30 1234');
    expect(text).toMatch(/In light #[0-9a-f]{6} In the dark #[0-9a-f]{6}/);
    const wrong = await owner.send(organisation, 'colour', { colour: 'red' });
    expect(wrong.status).toBe(400);
    expect(wrong.text).toContain('A colour is a # and six digits');
    await owner.send(organisation, 'help', { helpText: '' });
    expect((await policies()).helpText).toBeNull();
  });

  it('takes a logo without a script, and refuses in words what is none', async () => {
    const path = `${organisation}/logo`;
    const upload = async (bytes: Buffer, type: string) => {
      const form = new FormData();
      for (const [name, value] of fieldsOf((await owner.open(path)).page, 'upload'))
        if (name !== 'logo') form.append(name, value);
      form.append('logo', new Blob([new Uint8Array(bytes)], { type }), 'logo');
      return owner.post(path, form);
    };
    const refused = await upload(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/png');
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('An SVG does not work');
    expect((await upload(Buffer.alloc(3_000_000), 'image/png')).text).toContain('This cannot be used as a logo');
    const taken = await upload(await picture('jpeg', { width: 600, height: 300 }), 'image/jpeg');
    expect(taken).toMatchObject({ status: 303, to: `${organisation}#logo` });
    expect((await owner.open(organisation)).page).toMatch(
      /<img src="\/orgs\/whiterabbit\/logo\.png\?v=[\w-]+"[^>]* width="320"/,
    );
    expect((await owner.send(organisation, 'remove-logo')).status).toBe(303);
    expect((await owner.open(organisation)).text).toContain('There is no logo');
  });

  it('reads nobody’s file who is not signed in', async () => {
    const form = new FormData();
    form.append('do', 'upload');
    form.append('logo', new Blob([new Uint8Array(100_000)]), 'logo');
    const answer = await createVisitor(product.url, '').post(`${organisation}/logo`, form);
    expect(answer.status).toBe(401);
  });
});
