import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectionChanges } from '../../src/admin/changing-connections.ts';
import { startDns } from '../support/dns.ts';
import { answers } from '../support/hostile-answers.ts';
import { type HostileIdp, startHostileIdp } from '../support/hostile-idp.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { fieldsOf, fillForm } from './fill-form.ts';

type Administrator = Awaited<ReturnType<typeof plantAdministrator>>;

let product: Product;
let idp: HostileIdp;
let dns: Awaited<ReturnType<typeof startDns>>;
let owner: Administrator;
let second: Administrator;
let admin: Administrator;
let foreign: Administrator;
beforeAll(async () => {
  dns = await startDns();
  product = await startProduct({ env: { DNS_SERVERS: dns.address } });
  idp = await startHostileIdp();
  owner = await plantAdministrator(product, 'owner');
  second = await plantAdministrator(product, 'owner');
  admin = await plantAdministrator(product, 'admin');
  foreign = await plantAdministrator(product, 'owner', { org: 'metacortex' });
});
afterAll(async () => {
  await idp?.stop();
  await product?.stop();
  await dns?.stop();
});
afterEach(() => idp.reset());

const settings = '/admin/settings';
const connections = `${settings}/connections`;

async function open(path: string, who = owner) {
  const page = await fetch(`${product.url}${path}`, { headers: { cookie: who.cookie }, redirect: 'manual' });
  return { status: page.status, text: await page.text() };
}

/** Sends the form whose button is `act`, as it is shown, with some fields changed. */
async function send(
  path: string,
  act: string,
  changes: Parameters<typeof fillForm>[2] = {},
  { who = owner, page = '' } = {},
) {
  const shown = page || (await open(path, who)).text;
  const answer = await fetch(`${product.url}${path}`, {
    method: 'POST',
    headers: { cookie: who.cookie, origin: product.url, 'content-type': 'application/x-www-form-urlencoded' },
    body: fillForm(shown, act, changes).toString(),
    redirect: 'manual',
  });
  return { status: answer.status, to: answer.headers.get('location'), text: await answer.text() };
}

let count = 0;
async function addConnection(changes: Record<string, string> = {}) {
  count += 1;
  const fields = { issuer: idp.issuer, clientId: `client-${count}`, clientSecret: 'a secret of the IdP', ...changes };
  const { status, to, text } = await send(`${connections}/new`, 'add', fields);
  if (status !== 303) throw new Error(text);
  return { path: to as string, id: (to as string).split('/').at(-1) as string };
}
const stored = (id: string) => product.context.prisma.connection.findFirstOrThrow({ where: { id } });
const changesOf = async (id: string) =>
  (
    await product.context.prisma.auditEvent.findMany({
      where: { targetId: id, action: 'connection.changed' },
      orderBy: { at: 'asc' },
    })
  ).map(({ detail }) => (detail as { changed: string }).changed);

describe('the connections', () => {
  it('are listed for every administrator; only owners get what changes them', async () => {
    const { connectionId } = product.orgs.whiterabbit;
    for (const who of [owner, admin]) {
      const list = await open(connections, who);
      expect(list.status).toBe(200);
      expect(list.text).toContain(`${connections}/${connectionId}`);
      expect(list.text).not.toContain(product.orgs.metacortex.connectionId);
      const one = await open(`${connections}/${connectionId}`, who);
      expect(one.text).toContain(`${product.url}/openid/callback/whiterabbit`);
      expect(one.text.includes('/trial"')).toBe(who === owner);
    }
    for (const page of ['settings', 'client', 'switch', 'trial'])
      expect((await open(`${connections}/${connectionId}/${page}`, admin)).status).toBe(403);
    expect((await open(`${connections}/new`, admin)).status).toBe(403);
    const member = await plantAdministrator(product, 'member');
    expect((await open(connections, member)).status).toBe(403);
  });

  it('of another org are not there', async () => {
    const { connectionId } = product.orgs.whiterabbit;
    for (const page of ['', '/settings', '/client', '/switch', '/check', '/trial'])
      expect((await open(`${connections}/${connectionId}${page}`, foreign)).status).toBe(404);
    const page = (await open(`${connections}/${connectionId}/switch`)).text;
    const answer = await send(`${connections}/${connectionId}/switch`, 'off', {}, { who: foreign, page });
    expect(answer.status).toBe(404);
    expect((await stored(connectionId)).active).toBe(true);
  });

  it('say when somebody last signed in, each with its own', async () => {
    const { id } = await addConnection();
    expect((await open(`${connections}/${id}`)).text).toContain('None on record');
    await product.signIn();
    const { items } = (await owner.send('GET', '/connections')).body as {
      items: { id: string; lastSignInAt: string | null }[];
    };
    const last = new Map(items.map((each) => [each.id, each.lastSignInAt]));
    expect(last.get(id)).toBeNull();
    expect(last.get(product.orgs.whiterabbit.connectionId)).toMatch(/^\d{4}-/);
  });
});

describe('a connection is added', () => {
  it('by its issuer, and what was found is shown with what to enter there', async () => {
    const { path, id } = await addConnection({ name: 'Ours' });
    const page = await open(`${path}?vendor=other`);
    const { token_endpoint: tokenEndpoint, jwks_uri: jwksUri } = idp.metadata();
    for (const text of [tokenEndpoint, jwksUri, `${product.url}/global-token-revocation/${id}`, idp.issuer])
      expect(page.text).toContain(text);
    expect(page.text).toContain('It is not proven yet');
    expect(page.text).not.toContain('a secret of the IdP');
  });

  it.each([
    ['issuer', { issuer: 'http://10.0.0.1' }, 'field-issuer'],
    ['issuer’s metadata', { issuer: 'http://localhost:9/nothing' }, 'field-issuer'],
    ['client id', { clientId: ' ' }, 'field-clientId'],
    ['endpoint', { tokenEndpoint: 'https://192.168.0.1/t' }, 'field-tokenEndpoint'],
  ])(
    'not with a wrong %s: the field says so, and what was typed stays but for the secret',
    async (_name, wrong, field) => {
      const before = await product.context.prisma.connection.count();
      const fields = {
        issuer: idp.issuer,
        clientId: 'wrong',
        clientSecret: 'not to be shown',
        name: 'Typed',
        ...wrong,
      };
      const { status, text } = await send(`${connections}/new`, 'add', fields);
      expect(status).toBe(400);
      expect(text).toMatch(new RegExp(`id="problem"[^>]*>[^<]*</p><input id="${field}"[^>]*aria-invalid="true"`));
      expect(text.match(/id="problem"/g)).toHaveLength(1);
      expect(text).toContain('value="Typed"');
      expect(text).not.toContain('not to be shown');
      expect(await product.context.prisma.connection.count()).toBe(before);
    },
  );

  it('after a new authentication comes back with what was typed, but for the secret', async () => {
    const stale = await plantAdministrator(product, 'owner');
    const page = (await open(`${connections}/new`)).text;
    await product.context.pool.query(
      `UPDATE sessions SET authenticated_at = now() - interval '61 minutes' WHERE user_id = $1`,
      [stale.id],
    );
    expect((await open(`${connections}/new`, stale)).status).toBe(401);
    const fields = { issuer: idp.issuer, clientId: 'kept-client', clientSecret: 'not to be kept' };
    const asked = await send(`${connections}/new`, 'add', fields, { who: stale, page });
    expect(asked.status).toBe(401);
    expect(asked.text).toContain('Confirm that it is you');
    await product.context.pool.query('UPDATE sessions SET authenticated_at = now() WHERE user_id = $1', [stale.id]);
    const back = await open(`${connections}/new`, stale);
    expect(back.text).toContain('value="kept-client"');
    expect(back.text).not.toContain('not to be kept');
  });
});

describe('a connection is changed', () => {
  it('in every member that the API takes', async () => {
    const { path } = await addConnection();
    const pages = await Promise.all(['settings', 'client'].map((page) => open(`${path}/${page}`)));
    const fields = pages.flatMap(({ text }) => fieldsOf(text));
    const switched = (await open(`${path}/switch`)).text.includes('value="off"') ? ['active'] : [];
    const reached = new Set([...fields.map((name) => name.replace(/-(value|role)$/, '')), ...switched]);
    expect(Object.keys(connectionChanges.shape).filter((member) => !reached.has(member))).toEqual([]);
  });

  it('in nothing but what the person changed', async () => {
    const { path, id } = await addConnection();
    expect(await send(`${path}/settings`, 'save')).toMatchObject({ status: 303, to: path });
    expect(await changesOf(id)).toEqual([]);
    const answer = await send(`${path}/settings`, 'save', {
      name: 'Renamed',
      requestAuthTime: 'on',
      pkce: null,
      reauthentication: 'best_effort',
      roleClaim: 'groups',
      'roleMapping-value': ['Logout admins', 'Helpers', ''],
      'roleMapping-role': ['super_admin', 'admin', ''],
    });
    expect(answer).toMatchObject({ status: 303, to: path });
    expect(await stored(id)).toMatchObject({
      ...{ name: 'Renamed', requestAuthTime: true, pkce: false, reauthentication: 'best_effort' },
      ...{ roleClaim: 'groups', roleMapping: { 'Logout admins': 'super_admin', Helpers: 'admin' } },
    });
    expect((await changesOf(id)).map((changed) => changed.split(' ').toSorted())).toEqual([
      // What is told when it is asked for is seen at the next sign-in.
      ['name', 'pkce', 'reauthentication', 'requestAuthTime', 'roleClaim', 'roleMapping', 'tellsAuthTime'],
    ]);
    const again = await send(`${path}/settings`, 'save', { roleClaim: '' });
    expect(again.status).toBe(303);
    expect((await stored(id)).roleClaim).toBeNull();
  });

  it('without overwriting what somebody else changed meanwhile', async () => {
    const { path, id } = await addConnection();
    const page = (await open(`${path}/settings`)).text;
    expect((await send(`${path}/settings`, 'save', { emailClaim: 'upn' }, { who: second })).status).toBe(303);
    // Another setting than theirs is saved.
    expect((await send(`${path}/settings`, 'save', { name: 'Mine' }, { page })).status).toBe(303);
    expect(await stored(id)).toMatchObject({ name: 'Mine', emailClaim: 'upn' });
    // The same one is shown with theirs beside, and counts when it is sent once more.
    const stale = page.replaceAll(/name="once" value="[^"]*"/g, 'name="once" value="another-form"');
    const conflict = await send(`${path}/settings`, 'save', { emailClaim: 'mail' }, { page: stale });
    expect(conflict.status).toBe(409);
    expect(conflict.text).toContain('It is now: upn');
    expect(conflict.text).toContain('value="mail"');
    expect((await stored(id)).emailClaim).toBe('upn');
    expect((await send(`${path}/settings`, 'save', {}, { page: conflict.text })).status).toBe(303);
    expect((await stored(id)).emailClaim).toBe('mail');
  });

  it('without undoing, in a second save, what somebody else changed in other fields', async () => {
    const { path, id } = await addConnection();
    const mapping = { 'roleMapping-value': ['boss'], 'roleMapping-role': ['admin'] };
    for (const [form, mine, theirs] of [
      ['settings', { emailClaim: 'mail' }, { emailClaim: 'upn', roleClaim: 'groups', pkce: [], ...mapping }],
      ['client', { clientId: 'mine' }, { clientId: 'theirs', acceptedIssuers: 'https://a.example' }],
    ] as const) {
      const page = (await open(`${path}/${form}`)).text;
      const secret = form === 'client' ? { clientSecret: 'secret' } : {};
      const changed = await send(`${path}/${form}`, 'save', { ...theirs, ...secret }, { who: second });
      expect([form, changed.status]).toEqual([form, 303]);
      const before = await stored(id);
      const conflict = await send(`${path}/${form}`, 'save', mine, { page });
      expect([form, conflict.status]).toEqual([form, 409]);
      expect(conflict.text.match(/It is now:/g)).toHaveLength(1);
      const again = await send(`${path}/${form}`, 'save', secret, { page: conflict.text });
      expect([form, again.status]).toEqual([form, 303]);
      expect(await stored(id)).toEqual({
        ...before,
        ...mine,
        updatedAt: expect.any(Date),
        clientSecret: expect.any(String),
      });
    }
  });

  it('as to where it leads with the secret alone, and the field says so', async () => {
    const { path, id } = await addConnection();
    const tokenEndpoint = `${idp.issuer}/another`;
    const refused = await send(`${path}/client`, 'save', { tokenEndpoint });
    expect(refused.status).toBe(400);
    expect(refused.text).toMatch(/id="problem"[^>]*>[^<]*<\/p><input id="field-clientSecret"/);
    const clientSecret = 'a secret of the IdP';
    const changed = await send(`${path}/client`, 'save', { tokenEndpoint, clientSecret, acceptedIssuers: '' });
    expect(changed).toMatchObject({ status: 303, to: path });
    expect(await stored(id)).toMatchObject({ tokenEndpoint, jwksUri: idp.metadata().jwks_uri });
    expect(await changesOf(id)).toEqual(['tokenEndpoint provenAt tellsAuthTime']);
  });

  it('to be off, and on again, each by a page that says what it means', async () => {
    const { path, id } = await addConnection();
    expect((await send(`${path}/switch`, 'off')).to).toBe(path);
    expect((await stored(id)).active).toBe(false);
    expect((await open(path)).text).toContain('It is switched off');
    expect((await send(`${path}/switch`, 'on')).to).toBe(path);
    expect((await stored(id)).active).toBe(true);
  });
});

describe('a connection’s page', () => {
  it('compares it with what its issuer publishes now, and shows the keys', async () => {
    const { path, id } = await addConnection();
    const same = await open(`${path}/check`, admin);
    expect(same.text).toContain('publishes the very endpoints');
    expect(same.text).toContain('RS256');
    const moved = { ...idp.metadata(), token_endpoint: `${idp.issuer}/moved` };
    idp.set('discovery', answers.json(moved));
    expect((await open(`${path}/check`)).text).toContain(`${idp.issuer}/moved`);
    idp.set('discovery', answers.status(500));
    idp.set('jwks', answers.text('no keys'));
    const gone = await open(`${path}/check`);
    expect(gone.text).toContain('answers with status 500');
    expect(gone.text).toContain('it is no JWKS');
    expect(await changesOf(id)).toEqual([]);
  });

  it('shows the refusals that are its own', async () => {
    const { path, id } = await addConnection();
    const { pool } = product.context;
    const orgId = product.orgs.whiterabbit.id;
    const plant = (event: string, connection: string, action: string, detail: object, target: string | null) =>
      pool.query(
        `INSERT INTO audit_events (org_id, id, action, actor_type, target_type, target_id, detail)
         VALUES ($1, $2, $3, 'anonymous', $4, $5, $6)`,
        [orgId, event, action, target && 'connection', target, { connection, ...detail }],
      );
    const code = { code: 'invalid_token', reason: 'signature', credentialType: 'jwt' };
    await plant('evt_1', id, 'sign_in.refused', { reason: 'client_refused', idpError: 'invalid_client' }, null);
    await plant('evt_2', id, 'call.refused', { ...code, explanation: 'Not signed by it.' }, id);
    const other = await addConnection();
    for (const [who, mine] of [
      [path, true],
      [other.path, false],
    ] as const) {
      const { text } = await open(who, admin);
      expect(text.includes('does not accept this application')).toBe(mine);
      expect(text.includes('invalid_client')).toBe(mine);
      expect(text.includes('Not signed by it.')).toBe(mine);
    }
    const theirs = await foreign.send('GET', `/audit-events?signInsBy=${id}`);
    expect(theirs.body.items).toEqual([]);
    const mine = await owner.send('GET', `/audit-events?signInsBy=${id}`);
    expect(mine.body.items).toMatchObject([{ id: 'evt_1' }]);
  });

  it('says what to do where whoever is signed out can’t come back', async () => {
    const { path, id } = await addConnection();
    await product.context.prisma.connection.updateMany({ where: { id }, data: { tellsAuthTime: false } });
    expect((await open(path)).text).toContain('Whoever is signed out can’t come back');
    await product.context.prisma.connection.updateMany({ where: { id }, data: { reauthentication: 'best_effort' } });
    expect((await open(path)).text).not.toContain('Whoever is signed out can’t come back');
  });
});

describe('the domains', () => {
  const domains = `${settings}/domains`;

  it('are added, checked now, and removed', async () => {
    const added = await send(domains, 'add', { domain: 'zion.example' });
    expect(added.status).toBe(303);
    const path = added.to as string;
    const page = await open(path);
    const [, value = ''] = /<code>(universal-logout-verification=[^<]+)</.exec(page.text) ?? [];
    expect(page.text).toContain('_universal-logout.zion.example');
    dns.say('_universal-logout.zion.example', ['v=something else']);
    const not = await send(path, 'verify');
    expect(not.status).toBe(409);
    expect(not.text).toContain('v=something else');
    dns.say('_universal-logout.zion.example', [value]);
    expect((await send(path, 'verify')).to).toBe(path);
    const verified = await open(path);
    expect(verified.text).toContain('Verified');
    expect(verified.text).not.toContain('Check now');
    expect((await send(`${path}/remove`, 'remove')).to).toBe(domains);
    expect((await open(path)).status).toBe(404);
  });

  it('are wrong where one types them, and kept', async () => {
    const { status, text } = await send(domains, 'add', { domain: 'not a domain' });
    expect(status).toBe(400);
    expect(text).toContain('value="not a domain"');
    expect(text).toContain('is not a domain');
  });

  it('have authoritative connections, the first of which stays so', async () => {
    const path = (await send(domains, 'add', { domain: 'matrix.example' })).to as string;
    const id = path.split('/').at(-1);
    const own = product.orgs.whiterabbit.connectionId;
    const other = await addConnection();
    const page = (await open(path)).text;
    const connectionsOf = async () =>
      ((await owner.send('GET', `/domains/${id}`)).body as { connectionIds: string[] }).connectionIds;
    expect((await send(path, 'connections', { connection: [other.id, own] })).to).toBe(path);
    expect(await connectionsOf()).toEqual([own, other.id]);
    // A form from before doesn't undo what somebody else chose.
    const conflict = await send(path, 'connections', { connection: [] }, { page });
    expect(conflict.status).toBe(409);
    expect(await connectionsOf()).toEqual([own, other.id]);
    expect((await send(path, 'connections', {}, { page: conflict.text })).to).toBe(path);
    expect(await connectionsOf()).toEqual([]);
  });

  it('are looked at by every administrator, and by nobody of another org', async () => {
    const path = (await send(domains, 'add', { domain: 'looked.example' })).to as string;
    const page = await open(path, admin);
    expect(page.status).toBe(200);
    expect(page.text).not.toContain('value="verify"');
    expect((await open(`${path}/remove`, admin)).status).toBe(403);
    for (const where of [path, `${path}/remove`]) expect((await open(where, foreign)).status).toBe(404);
    const shown = (await open(`${path}/remove`)).text;
    expect((await send(`${path}/remove`, 'remove', {}, { who: foreign, page: shown })).status).toBe(404);
    expect((await open(path)).status).toBe(200);
  });
});

describe('provisioning', () => {
  const provisioning = `${settings}/provisioning`;
  const keys = `${settings}/api-keys`;
  const newKey = `${keys}/new?${new URLSearchParams({ scope: 'scim', back: provisioning })}`;
  const linksOf = (text: string) =>
    [...text.matchAll(/<a\b[^>]*\shref="([^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'));
  const keyIn = (text: string) => /<code>(ul_[^<]+)<\/code>/.exec(text)?.[1] ?? '';

  it.each([
    ['constructor', 90],
    ['999999999', 90],
  ])('has keys that last as usual where a form says what is no choice: %s', async (said, days) => {
    const name = `create ${said}`;
    expect((await send(`${keys}/new`, 'create', { name, expiry: said })).status).toBe(200);
    const { expiresAt } = await product.context.prisma.apiKey.findFirstOrThrow({ where: { name } });
    expect(Math.round((Number(expiresAt) - Date.now()) / 86_400_000)).toBe(days);
    await product.context.prisma.apiKey.deleteMany({ where: { name } });
  });

  it('leads to a key of its own, which is shown once with what the identity provider needs, and back', async () => {
    expect(linksOf((await open(provisioning)).text)).toContain(newKey);
    expect(linksOf((await open(newKey)).text)).toContain(provisioning);
    const made = await send(newKey, 'create', { name: 'Okta provisioning' });
    expect(made.status).toBe(200);
    for (const needed of [
      `<code>${product.url}/scim/v2</code>`,
      '<code>userName</code>',
      'Secret Token',
      'HTTP Header',
    ])
      expect(made.text).toContain(needed);
    expect(made.text).toContain(`/scim/v2/Users?count=1`);
    expect(linksOf(made.text)).toContain(provisioning);
    const key = keyIn(made.text);
    const asked = await fetch(`${product.url}/scim/v2/Users?count=1`, { headers: { authorization: `Bearer ${key}` } });
    expect(asked.status).toBe(200);
    const { scopes, expiresAt } = await product.context.prisma.apiKey.findFirstOrThrow({
      where: { name: 'Okta provisioning' },
    });
    expect(scopes).toEqual(['scim']);
    expect(Math.round((Number(expiresAt) - Date.now()) / 86_400_000)).toBe(365);
    for (const who of [owner, admin]) {
      const { text } = await open(provisioning, who);
      expect(text).toContain('Okta provisioning');
      expect(text).toContain(`${product.url}/scim/v2`);
      expect(text).not.toContain(key);
      expect(linksOf(text).includes(newKey)).toBe(who === owner);
    }
    const path = linksOf((await open(provisioning)).text).find((href) => /\/key_\w+\/end/.test(href)) as string;
    expect((await open(path, foreign)).status).toBe(404);
    expect((await open(path, admin)).status).toBe(403);
    expect(linksOf((await open(path)).text)).toContain(provisioning);
    expect((await send(path, 'end')).to).toBe(provisioning);
    const refused = await fetch(`${product.url}/scim/v2/Users`, { headers: { authorization: `Bearer ${key}` } });
    expect(refused.status).toBe(401);
    expect((await open(provisioning)).text).not.toContain('Okta provisioning</');
  });

  it.each([
    ...['//evil.example/admin', 'https://evil.example/admin', '/\\evil.example', 'javascript:alert(1)'],
    ...['/admin/../devices', '/admin/%2e%2e/devices', '/administrators', '/devices', ''],
  ])('leads back to pages of the console alone, not to %j', async (back) => {
    const query = new URLSearchParams({ scope: 'scim', back });
    const { text } = await open(`${keys}/new?${query}`);
    expect(/<a class="button quiet" href="([^"]*)">Cancel</.exec(text)?.[1]).toBe(keys);
    const { body } = await owner.send('POST', '/api-keys', { name: 'Away', scopes: ['revoke'] });
    expect((await send(`${keys}/${body.id}/end?${query}`, 'end')).to).toBe(keys);
  });

  it('shows what its newest calls did, each with the way to its event, and all of it on record', async () => {
    const made = await send(newKey, 'create', { name: 'Busy' });
    const call = async (method: string, path: string, body: object) => {
      const headers = { authorization: `Bearer ${keyIn(made.text)}`, 'content-type': 'application/scim+json' };
      const response = await fetch(`${product.url}/scim/v2${path}`, { method, headers, body: JSON.stringify(body) });
      return (await response.json()) as { id: string };
    };
    const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], displayName: 'Busy Bee' };
    expect((await open(provisioning)).text).toContain('Nothing yet, as far as the record goes back.');
    await call('POST', '/Users', { ...user, userName: '' });
    expect((await open(provisioning)).text).toContain('were all refused');
    const { id } = await call('POST', '/Users', { ...user, userName: 'busy@new.example' });
    const off = { op: 'replace', path: 'active', value: false };
    await call('PATCH', `/Users/${id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [off],
    });
    const { text } = await open(provisioning, admin);
    const [did = ''] = text.split('<h3>Refused of late');
    const { body } = await owner.send('GET', `/audit-events?by=provisioning&person=${id}`);
    const events = body.items as { id: string; action: string }[];
    expect(events.map(({ action }) => action)).toEqual(expect.arrayContaining(['user.added', 'user.deactivated']));
    for (const event of events) expect(did).toContain(`href="/admin/record/${event.id}"`);
    expect(did).toContain('Busy Bee');
    expect((await open(provisioning, foreign)).text).not.toContain('Busy Bee');
    const record = (await open('/admin/record?by=provisioning')).text;
    for (const event of events) expect(record).toContain(`href="/admin/record/${event.id}"`);
    expect(record).not.toContain('made the API key');
    expect(record).toContain('name="by" value="provisioning"');
    expect((await open('/admin/record/export?by=provisioning')).text).toContain('format=csv&amp;by=provisioning');
  });

  it('shows the calls that were refused of late', async () => {
    const made = await send(newKey, 'create', { name: 'Entra' });
    const headers = { authorization: `Bearer ${keyIn(made.text)}`, 'content-type': 'application/scim+json' };
    const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
    const body = JSON.stringify({ schemas, userName: '' });
    expect((await fetch(`${product.url}/scim/v2/Users`, { method: 'POST', headers, body })).status).toBe(400);
    const { text } = await open(provisioning, admin);
    expect(text).toContain('POST 400');
    expect(text).toContain('userName');
    expect((await open(provisioning, foreign)).text).not.toContain('POST 400');
  });
});
