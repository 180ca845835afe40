import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { createUsers } from '../../src/users/users.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { type Client, oktaUser, provision, urns } from './support.ts';

let product: Product;
let client: Awaited<ReturnType<typeof provision>>;
let twin: Awaited<ReturnType<typeof provision>>;
beforeAll(async () => {
  product = await startProduct();
  client = await provision(product);
  twin = await provision(product, 'metacortex');
});
afterAll(() => product.stop());

async function idOf(userName: string, by: Client = client): Promise<string> {
  return (await by.search('/Users', `userName eq "${userName}"`)).body.Resources[0].id;
}

async function events(target: string) {
  return product.context.prisma.auditEvent.findMany({ where: { targetId: target }, orderBy: { at: 'asc' } });
}

describe('as Okta sends it', () => {
  it('finds nobody, adds the person, and finds them by userName in any letter case', async () => {
    const before = await client.get(
      '/Users?filter=userName%20eq%20%22okta.one%40whiterabbit.fake%22&startIndex=1&count=100',
    );
    expect(before.status).toBe(200);
    expect(before.headers.get('Content-Type')).toContain('application/scim+json');
    expect(before.body).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 0,
      itemsPerPage: 0,
      startIndex: 1,
      Resources: [],
    });
    const made = await client.post('/Users', oktaUser('Okta.One@whiterabbit.fake'));
    expect(made.status).toBe(201);
    const { id, meta } = made.body;
    expect(made.headers.get('Location')).toBe(`${product.url}/scim/v2/Users/${id}`);
    expect(made.headers.get('ETag')).toBe(meta.version);
    expect(made.body).toEqual({
      schemas: [urns.user],
      id,
      externalId: '00ujl29u0le5T6Aj10h7',
      meta: {
        resourceType: 'User',
        created: expect.any(String),
        lastModified: expect.any(String),
        location: `${product.url}/scim/v2/Users/${id}`,
        version: expect.stringMatching(/^W\/"/),
      },
      userName: 'Okta.One@whiterabbit.fake',
      displayName: 'Test Person',
      active: true,
      emails: [{ primary: true, value: 'Okta.One@whiterabbit.fake', type: 'work' }],
      roles: [{ value: 'member', display: 'Member', type: 'Role', primary: true }],
      name: { givenName: 'Test', familyName: 'Person' },
      locale: 'en-US',
    });
    const found = await client.search('/Users', 'userName eq "oKTA.one@WHITERABBIT.fake"');
    expect(found.body).toMatchObject({ totalResults: 1, Resources: [{ id }] });
    expect((await client.get(`/Users/${id}`)).body).toEqual(made.body);
    expect((await events(id)).map(({ action, actorType, actorId }) => [action, actorType, actorId])).toEqual([
      ['user.added', 'api_key', client.keyId],
    ]);
  });

  it('switches off by PATCH, which ends access before the answer; and on again, when old sessions stay dead', async () => {
    const browser = await product.signIn();
    const id = product.orgs.whiterabbit.userId;
    const off = await client.patch(`/Users/${id}`, [{ op: 'replace', value: { active: false } }]);
    expect([off.status, off.body.active]).toEqual([200, false]);
    const refused = await browser.get('/api/users/me');
    expect([refused.status, refused.json().code]).toEqual([401, 'session_revoked']);
    const [revocation] = await product.context.prisma.revocation.findMany({ where: { userId: id } });
    expect(revocation).toMatchObject({ initiator: 'scim', callerId: client.keyId, sessionsEnded: 1 });

    const again = await client.patch(`/Users/${id}`, [{ op: 'replace', value: { active: false } }]);
    expect(again.status).toBe(200);
    expect(await product.context.prisma.revocation.count({ where: { userId: id } })).toBe(1);

    const on = await client.patch(`/Users/${id}`, [{ op: 'replace', value: { active: true } }]);
    expect([on.status, on.body.active]).toEqual([200, true]);
    expect((await browser.get('/api/users/me')).status).toBe(401);
    const actions = (await events(id)).map(({ action }) => action);
    expect(actions.slice(-2)).toEqual(['user.deactivated', 'user.activated']);
    expect((await (await product.signIn()).get('/api/users/me')).status).toBe(200);
  });

  it('replaces by PUT: the same again and a new title sign nobody out, active false does', async () => {
    const browser = await product.signIn();
    const id = product.orgs.whiterabbit.userId;
    const body = oktaUser(trinity.email, { id, displayName: 'Trinity', externalId: 'okta-trinity' });
    expect((await client.put(`/Users/${id}`, body)).status).toBe(200);
    const first = await client.get(`/Users/${id}`);
    expect((await client.put(`/Users/${id}`, body)).body).toEqual(first.body);
    const titled = await client.put(`/Users/${id}`, { ...body, title: 'Operator' });
    expect(titled.body.title).toBe('Operator');
    expect((await client.put(`/Users/${id}`, body)).body.title).toBeUndefined();
    expect((await browser.get('/api/users/me')).status).toBe(200);
    expect((await client.put(`/Users/${id}`, { ...body, active: false })).body.active).toBe(false);
    expect((await browser.get('/api/users/me')).status).toBe(401);
    await client.put(`/Users/${id}`, body);
  });

  it('keeps title, telephone numbers, addresses and the enterprise extension, with numbers where text belongs', async () => {
    const made = await client.user('rich@whiterabbit.fake', {
      schemas: [urns.user, urns.enterprise],
      externalId: 701984,
      title: 'Tour Guide',
      phoneNumbers: [{ value: '555-555-5555', type: 'work' }],
      addresses: [{ type: 'work', postalCode: 91608, country: 'USA' }],
      [urns.enterprise]: { employeeNumber: 701984, department: 'Tours', manager: { value: 'usr_1' } },
      unknownAttribute: { a: 1 },
    });
    expect(made).toMatchObject({
      schemas: [urns.user, urns.enterprise],
      externalId: '701984',
      phoneNumbers: [{ value: '555-555-5555', type: 'work' }],
      addresses: [{ type: 'work', postalCode: '91608', country: 'USA' }],
      [urns.enterprise]: { employeeNumber: '701984', department: 'Tours', manager: { value: 'usr_1' } },
    });
    expect(made).not.toHaveProperty('unknownAttribute');
    const found = await client.search('/Users', `${urns.enterprise}:department eq "tours"`);
    expect(found.body.Resources.map(({ id }: { id: string }) => id)).toEqual([made.id]);
  });

  it('neither keeps nor shows a password', async () => {
    const made = await client.user('secretive@whiterabbit.fake', { password: 'not-to-be-kept-1' });
    expect(JSON.stringify(made)).not.toContain('not-to-be-kept-1');
    const patched = await client.patch(`/Users/${made.id}`, [
      { op: 'replace', path: 'password', value: 'not-to-be-kept-2' },
    ]);
    expect(patched.status).toBe(200);
    const { rows } = await product.context.pool.query('SELECT users::text AS row FROM users WHERE id = $1', [made.id]);
    expect(rows[0].row).not.toContain('not-to-be-kept');
    expect((await client.search('/Users', 'password eq "not-to-be-kept-1"')).status).toBe(400);
  });

  it('lists the roles, and gives them with a user', async () => {
    const types = await client.get('/ResourceTypes');
    expect(types.body.Resources).toContainEqual(
      expect.objectContaining({ id: 'Role', endpoint: '/Roles', schema: 'urn:okta:scim:schemas:core:1.0:Role' }),
    );
    const roles = await client.get('/Roles?startIndex=1&count=100');
    expect(roles.body.Resources.map((role: { id: string }) => role.id)).toEqual(['super_admin', 'admin', 'member']);
    expect(roles.body.Resources[0]).toMatchObject({
      schemas: ['urn:okta:scim:schemas:core:1.0:Role'],
      displayName: 'Super admin',
    });
    const made = await client.user('roles@whiterabbit.fake', { roles: [{ value: 'admin', display: 'Admin' }] });
    expect(made.roles).toEqual([{ value: 'admin', display: 'Admin', type: 'Role', primary: true }]);
  });
});

describe('as Entra sends it', () => {
  const entra = (path: string, value: unknown, op = 'Replace') => ({ op, path, value });

  it('switches off with text for a boolean', async () => {
    const { id } = await client.user('entra.off@whiterabbit.fake');
    const off = await client.patch(`/Users/${id}`, [entra('active', 'False')]);
    expect([off.status, off.body.active]).toEqual([200, false]);
    expect(
      (await client.search('/Users', 'active eq "False" and userName eq "entra.off@whiterabbit.fake"')).body
        .totalResults,
    ).toBe(1);
    expect((await client.patch(`/Users/${id}`, [entra('active', 'True')])).body.active).toBe(true);
    expect((await client.patch(`/Users/${id}`, [entra('active', 'perhaps')])).status).toBe(400);
  });

  it('changes several things by paths, and adds an address by a filter that nothing meets', async () => {
    const made = await client.post('/Users', {
      schemas: [urns.user, urns.enterprise],
      externalId: '0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef',
      userName: 'entra.one@whiterabbit.fake',
      active: true,
      meta: { resourceType: 'User' },
      name: { formatted: 'Ryan Leenay', familyName: 'Leenay', givenName: 'Ryan' },
      roles: [],
    });
    expect([made.status, made.body.displayName]).toEqual([201, 'Ryan Leenay']);
    const changed = await client.patch(`/Users/${made.body.id}`, [
      entra('emails[type eq "home"].value', 'ryan@home.example', 'Add'),
      entra('name.familyName', 'Changed'),
      entra('displayName', 'Ryan C.', 'Add'),
      entra('phoneNumbers[type eq "mobile"].value', '+44 1', 'Add'),
      { op: 'Add', value: { [`${urns.enterprise}:department`]: 'Sales', 'name.givenName': 'R.', nickName: 'RC' } },
    ]);
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({
      emails: [
        { type: 'work', value: 'entra.one@whiterabbit.fake', primary: true },
        { type: 'home', value: 'ryan@home.example' },
      ],
      name: { formatted: 'R. Changed', familyName: 'Changed', givenName: 'R.' },
      displayName: 'Ryan C.',
      nickName: 'RC',
      phoneNumbers: [{ type: 'mobile', value: '+44 1' }],
      [urns.enterprise]: { department: 'Sales' },
    });
    const removed = await client.patch(`/Users/${made.body.id}`, [
      { op: 'Remove', path: 'phoneNumbers[type eq "mobile"]' },
      { op: 'Remove', path: `${urns.enterprise}:department` },
      { op: 'Remove', path: 'nickName' },
    ]);
    expect(removed.status).toBe(200);
    expect(removed.body).not.toHaveProperty('phoneNumbers');
    expect(removed.body).not.toHaveProperty('nickName');
    expect(removed.body).not.toHaveProperty([urns.enterprise]);
  });

  it('gives a role by its two mappings', async () => {
    const { id } = await client.user('entra.role@whiterabbit.fake');
    const single = await client.patch(`/Users/${id}`, [entra('roles[primary eq "True"].value', 'admin', 'Add')]);
    expect(single.body.roles[0].value).toBe('admin');
    const complex = await client.patch(`/Users/${id}`, [
      entra('roles', [{ value: '{"id":"18d14569","value":"super_admin","displayName":"Super"}' }], 'Replace'),
    ]);
    expect(complex.body.roles[0].value).toBe('super_admin');
  });
});

describe('names', () => {
  it('a changed userName and a changed address sign the person out, in the same change', async () => {
    const id = product.orgs.whiterabbit.userId;
    for (const change of [
      { op: 'replace', path: 'userName', value: 'trin' },
      { op: 'replace', path: 'emails', value: [{ value: 'trinity.new@whiterabbit.fake', primary: true }] },
    ]) {
      const browser = await product.signIn();
      const changed = await client.patch(`/Users/${id}`, [change]);
      expect(changed.status).toBe(200);
      expect((await browser.get('/api/users/me')).json().code).toBe('session_revoked');
    }
    expect(await idOf('TRIN')).toBe(id);
    expect((await client.search('/Users', 'emails.value eq "trinity.NEW@whiterabbit.fake"')).body.totalResults).toBe(1);
    const actions = (await events(id)).map(({ action }) => action);
    expect(actions.slice(-4)).toEqual(['access.revoked', 'user.changed', 'access.revoked', 'user.changed']);
    const back = oktaUser(trinity.email, { displayName: 'Trinity' });
    expect((await client.put(`/Users/${id}`, back)).body.userName).toBe(trinity.email);
  });

  it('a letter case is no change of name', async () => {
    const browser = await product.signIn();
    const id = product.orgs.whiterabbit.userId;
    const changed = await client.patch(`/Users/${id}`, [
      { op: 'replace', path: 'userName', value: 'TRINITY@whiterabbit.fake' },
    ]);
    expect(changed.body.userName).toBe('TRINITY@whiterabbit.fake');
    expect((await browser.get('/api/users/me')).status).toBe(200);
  });

  it('the address follows the userName where no e-mails are given', async () => {
    const noMail = await client.post('/Users', { schemas: [urns.user], userName: 'only.name@whiterabbit.fake' });
    expect(noMail.body.emails).toEqual([{ value: 'only.name@whiterabbit.fake', type: 'work', primary: true }]);
    const renamed = await client.patch(`/Users/${noMail.body.id}`, [
      { op: 'replace', value: { userName: 'other.name@whiterabbit.fake' } },
    ]);
    expect(renamed.body.emails[0].value).toBe('other.name@whiterabbit.fake');
    const neither = await client.post('/Users', { schemas: [urns.user], userName: 'no-address' });
    expect([neither.status, neither.body.scimType]).toEqual([400, 'invalidValue']);
  });

  it('the userName is required, by POST and PUT, and PATCH cannot empty it', async () => {
    const emails = [{ value: 'only.mail@whiterabbit.fake', primary: true }];
    const { id } = await client.user('has.name@whiterabbit.fake');
    const refused = [
      await client.post('/Users', { schemas: [urns.user], emails }),
      await client.post('/Users', { schemas: [urns.user], emails, userName: ' ' }),
      await client.put(`/Users/${id}`, { schemas: [urns.user], emails, userName: null }),
      await client.patch(`/Users/${id}`, [{ op: 'replace', path: 'userName', value: '' }]),
      await client.patch(`/Users/${id}`, [{ op: 'replace', value: { userName: '' } }]),
    ];
    for (const { status, body } of refused)
      expect([status, body.scimType, body.detail]).toEqual([400, 'invalidValue', expect.stringMatching(/^userName/)]);
    // Whoever is to be switched off is, all the same.
    expect((await client.put(`/Users/${id}`, { schemas: [urns.user], active: false })).status).toBe(400);
    expect((await client.get(`/Users/${id}`)).body).toMatchObject({
      userName: 'has.name@whiterabbit.fake',
      active: false,
    });
  });

  it('say who has a name or an address that is taken, and never who of another organisation', async () => {
    const has = await client.user('taken@whiterabbit.fake', { userName: 'taken.name' });
    const who = `taken by the user ${has.id} (userName "taken.name") of the organisation.`;
    const { id } = await client.user('wants@whiterabbit.fake');
    const second = await client.user('second@whiterabbit.fake');
    const detailOf = async (userName: string, email: string) =>
      (await client.post('/Users', oktaUser(email, { userName }))).body.detail;
    expect(await detailOf('taken.NAME', 'free@whiterabbit.fake')).toBe(`userName: ${who}`);
    expect(await detailOf('free.name', 'TAKEN@whiterabbit.fake')).toBe(`emails.value: ${who}`);
    expect(await detailOf('taken.name', 'taken@whiterabbit.fake')).toBe(`userName and emails.value: ${who}`);
    const changed = await client.patch(`/Users/${id}`, [
      { op: 'replace', path: 'userName', value: 'taken.name' },
      { op: 'replace', path: 'emails[primary eq true].value', value: second.userName },
    ]);
    expect([changed.status, changed.body.detail]).toEqual([
      409,
      `userName: ${who} emails.value: taken by the user ${second.id} (userName "${second.userName}") of the organisation.`,
    ]);
    expect((await twin.post('/Users', oktaUser('taken@whiterabbit.fake', { userName: 'taken.name' }))).status).toBe(
      201,
    );
    const schema = await client.get(`/Schemas/${urns.user}`);
    const emails = schema.body.attributes.find(({ name }: { name: string }) => name === 'emails');
    expect(emails.subAttributes.find(({ name }: { name: string }) => name === 'value').uniqueness).toBe('server');
  });

  it('that are made of parts follow them, and those that were given do not', async () => {
    const name = { formatted: 'Anna Alt', givenName: 'Anna', familyName: 'Alt' };
    const derived = await client.user('derived@whiterabbit.fake', { displayName: undefined, name });
    const given = await client.user('given@whiterabbit.fake', { displayName: 'Anna Alt', name });
    const marry = (id: string, value: object) => client.patch(`/Users/${id}`, [{ op: 'replace', value }]);
    const { body: first } = await marry(derived.id, { 'name.familyName': 'Neu' });
    expect([first.displayName, first.name]).toEqual([
      'Anna Neu',
      { ...name, formatted: 'Anna Neu', familyName: 'Neu' },
    ]);
    const { body: second } = await marry(given.id, { name: { familyName: 'Neu' } });
    expect([second.displayName, second.name.formatted]).toEqual(['Anna Alt', 'Anna Neu']);
    const { body: third } = await marry(derived.id, { name: [{ familyName: 'Alt', FORMATTED: 'Frau Alt' }] });
    expect([third.displayName, third.name.formatted]).toEqual(['Frau Alt', 'Frau Alt']);
    const { body: fourth } = await marry(derived.id, { title: 'Dr.' });
    expect([fourth.displayName, fourth.name]).toEqual(['Frau Alt', third.name]);
    const { body: bare } = await client.patch(`/Users/${derived.id}`, [
      { op: 'remove', path: 'name.givenName' },
      { op: 'remove', path: 'name.formatted' },
    ]);
    expect([bare.displayName, bare.name]).toEqual(['Alt', { givenName: 'Alt', familyName: 'Alt' }]);
    const { body: again } = await marry(derived.id, { 'name.givenName': 'Anne' });
    expect([again.displayName, again.name]).toEqual(['Anne Alt', { givenName: 'Anne', familyName: 'Alt' }]);
    const { body: filtered } = await client.search('/Users', 'displayName eq "Anna Alt"');
    expect(filtered.Resources.map(({ id }: { id: string }) => id)).toEqual([given.id]);
  });

  it('have parts also where there is a display name alone, which are kept once provisioning says one', async () => {
    const { id: orgId } = product.orgs.whiterabbit;
    const made = await createUsers(product.context).addUser(
      orgId,
      { email: 'olivia@whiterabbit.fake', name: 'Olivia van Acme' },
      byOperator,
    );
    const kept = async () => (await product.context.prisma.user.findFirstOrThrow({ where: { id: made.id } })).profile;
    const read = async () => (await client.get(`/Users/${made.id}`)).body;
    expect((await read()).name).toEqual({ givenName: 'Olivia van', familyName: 'Acme' });
    await client.patch(`/Users/${made.id}`, [{ op: 'replace', path: 'title', value: 'Dr.' }]);
    expect([(await kept()) as object, (await read()).displayName]).toEqual([{ title: 'Dr.' }, 'Olivia van Acme']);
    await client.patch(`/Users/${made.id}`, [{ op: 'replace', path: 'name.familyName', value: 'Zenith' }]);
    expect(await read()).toMatchObject({
      displayName: 'Olivia van Zenith',
      name: { givenName: 'Olivia van', familyName: 'Zenith' },
    });
    const single = (await client.get(`/Users/${product.orgs.whiterabbit.userId}`)).body;
    expect([single.displayName, single.name.givenName !== '', single.name.familyName !== '']).toEqual([
      'Trinity',
      true,
      true,
    ]);
  });

  it('are provisioning’s to say of whoever it made or changed, which it notes', async () => {
    const { id: orgId } = product.orgs.whiterabbit;
    const { prisma } = product.context;
    const isProvisioned = async (id: string) =>
      (await prisma.user.findFirstOrThrow({ where: { orgId, id } })).provisioned;
    expect(await isProvisioned((await client.user('made.by.scim@whiterabbit.fake')).id)).toBe(true);
    const { id } = await createUsers(product.context).addUser(orgId, { email: 'by.hand@whiterabbit.fake' }, byOperator);
    expect((await client.patch(`/Users/${id}`, [{ op: 'replace', path: 'userName', value: '' }])).status).toBe(400);
    expect((await twin.put(`/Users/${id}`, oktaUser('by.hand@whiterabbit.fake'))).status).toBe(404);
    expect(await isProvisioned(id)).toBe(false);
    const attributes = async () =>
      (
        await prisma.auditEvent.findMany({ where: { targetId: id, action: 'user.changed' }, orderBy: { at: 'asc' } })
      ).map(({ detail }) => detail);
    // These say nothing of names: switching on, off and on again, a title, a role.
    for (const value of [{ active: true }, { active: false }, { active: true }, { title: 'Dr.' }, { roles: [] }])
      expect((await client.patch(`/Users/${id}`, [{ op: 'replace', value }])).status).toBe(200);
    expect([await isProvisioned(id), await attributes()]).toEqual([false, [{ attributes: 'title' }]]);
    // Names count that are as they were.
    const value = { userName: 'by.hand@whiterabbit.fake' };
    expect((await client.patch(`/Users/${id}`, [{ op: 'replace', value }])).status).toBe(200);
    expect([await isProvisioned(id), await attributes()]).toEqual([
      true,
      [{ attributes: 'title' }, { attributes: 'provisioned' }],
    ]);
  });

  it.each([
    [{ givenName: 'Cher' }, { givenName: 'Cher', familyName: 'Cher' }, 'Cher'],
    [{ familyName: 'Neu' }, { givenName: 'Anna', familyName: 'Neu' }, 'Anna Neu'],
    [{ givenName: '', familyName: '' }, { givenName: 'Anna', familyName: 'Neu' }, 'Anna Neu'],
    [{ givenName: ' ', familyName: 'Alt' }, { givenName: 'Anna', familyName: 'Alt' }, 'Anna Neu'],
  ])(
    'of which a part is missing or blank (%j) are shown with it, and do not keep it',
    async (name, shown, displayName) => {
      const userName = `part.${JSON.stringify(name).replaceAll(/\W/g, '')}@whiterabbit.fake`;
      const { id } = await client.user(userName, { name, displayName });
      expect((await client.get(`/Users/${id}`)).body).toMatchObject({ displayName, name: shown });
      await client.patch(`/Users/${id}`, [{ op: 'replace', path: 'title', value: 'Dr.' }]);
      const { profile } = await product.context.prisma.user.findFirstOrThrow({ where: { id } });
      expect(profile).toMatchObject({ name, title: 'Dr.' });
    },
  );

  it('409 uniqueness for a second one of a name or an address, in any letter case, also of one switched off', async () => {
    const { id } = await client.user('once@whiterabbit.fake', { userName: 'once.only' });
    await client.patch(`/Users/${id}`, [{ op: 'replace', value: { active: false } }]);
    const byName = await client.post('/Users', oktaUser('fresh@whiterabbit.fake', { userName: 'ONCE.only' }));
    const byAddress = await client.post('/Users', oktaUser('Once@WhiteRabbit.fake'));
    expect([byName.status, byName.body.scimType, byAddress.status]).toEqual([409, 'uniqueness', 409]);
    const { id: other } = await client.user('another@whiterabbit.fake');
    const renamed = await client.patch(`/Users/${other}`, [{ op: 'replace', path: 'userName', value: 'once.only' }]);
    expect([renamed.status, renamed.body.scimType]).toEqual([409, 'uniqueness']);
    expect((await twin.post('/Users', oktaUser('once@whiterabbit.fake'))).status).toBe(201);
  });

  it('refuses what is no address', async () => {
    for (const value of ['', 'x', 'a@b', 'a b@c.example', 'aі@whiterabbit.fake', null, 7])
      expect((await client.post('/Users', oktaUser('x', { emails: [{ value, primary: true }] }))).status).toBe(400);
    const two = [
      { value: 'a@whiterabbit.fake', primary: true },
      { value: 'b@whiterabbit.fake', primary: true },
    ];
    expect((await client.post('/Users', oktaUser('x', { emails: two }))).status).toBe(400);
  });
});

describe('removing', () => {
  it('ends access, is a 404 afterwards, and lets the same person be provisioned and sign in again', async () => {
    const neo = { email: 'neo@whiterabbit.fake', password: 'Neo-and-123$' };
    const { id } = await client.user(neo.email);
    const group = await client.post('/Groups', { displayName: 'The ones', members: [{ value: id }] });
    const browser = await product.signIn('whiterabbit', neo);
    const gone = await client.remove(`/Users/${id}`);
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect((await browser.get('/api/users/me')).json().code).toBe('session_revoked');
    expect((await client.get(`/Users/${id}`)).status).toBe(404);
    expect((await client.remove(`/Users/${id}`)).status).toBe(404);
    expect((await client.patch(`/Users/${id}`, [{ op: 'replace', value: { active: true } }])).status).toBe(404);
    expect((await client.search('/Users', `id eq "${id}"`)).body.totalResults).toBe(0);
    expect((await client.get(`/Groups/${group.body.id}`)).body.members).toEqual([]);
    const added = await client.patch(`/Groups/${group.body.id}`, [
      { op: 'add', path: 'members', value: [{ value: id }] },
    ]);
    expect(added.body[urns.unknownMembers]).toEqual({ unknownMembers: [id], unknownMemberCount: 1 });
    expect((await client.get(`/Groups/${group.body.id}`)).body.members).toEqual([]);

    const again = await client.user(neo.email);
    expect(again.id).not.toBe(id);
    const anew = await product.signIn('whiterabbit', neo);
    expect((await anew.get('/api/users/me')).json().id).toBe(again.id);
    expect((await browser.get('/api/users/me')).status).toBe(401);
    expect((await events(id)).map(({ action }) => action)).toEqual(
      expect.arrayContaining(['user.added', 'user.deactivated', 'user.removed']),
    );
  });

  it('works for an owner too, whose role provisioning never changes', async () => {
    const { id } = await client.user('owner@whiterabbit.fake');
    await product.context.prisma.user.updateMany({ where: { id }, data: { role: 'owner' } });
    const body = oktaUser('owner@whiterabbit.fake');
    for (const roles of [[{ value: 'member' }], [{ value: 'owner' }], []])
      expect((await client.put(`/Users/${id}`, { ...body, roles })).body.roles[0].value).toBe('owner');
    const off = await client.put(`/Users/${id}`, { ...body, roles: [{ value: 'member' }], active: false });
    expect([off.status, off.body.active, off.body.roles[0].value]).toEqual([200, false, 'owner']);
    expect((await client.remove(`/Users/${id}`)).status).toBe(204);
  });
});

describe('roles', () => {
  it('are changed on record, kept where nothing is said, and never owner', async () => {
    const { id } = await client.user('climber@whiterabbit.fake');
    const up = await client.patch(`/Users/${id}`, [{ op: 'add', path: 'roles', value: [{ value: 'admin' }] }]);
    expect(up.body.roles[0].value).toBe('admin');
    expect((await client.put(`/Users/${id}`, oktaUser('climber@whiterabbit.fake'))).body.roles[0].value).toBe('admin');
    const down = await client.patch(`/Users/${id}`, [{ op: 'remove', path: 'roles[value eq "admin"]' }]);
    expect(down.body).toMatchObject({ roles: [{ value: 'member' }] });
    const changes = (await events(id)).filter(({ action }) => action === 'role.changed');
    expect(changes.map(({ detail }) => detail)).toEqual([
      { from: 'member', to: 'admin' },
      { from: 'admin', to: 'member' },
    ]);
    for (const value of ['owner', 'Owner', 'emperor', '{"value":"owner"}']) {
      const refused = await client.patch(`/Users/${id}`, [{ op: 'replace', path: 'roles', value: [{ value }] }]);
      expect([refused.status, refused.body.scimType]).toEqual([400, 'invalidValue']);
    }
    expect(
      (await client.post('/Users', oktaUser('new@whiterabbit.fake', { roles: [{ value: 'owner' }] }))).status,
    ).toBe(400);
    expect((await client.get(`/Users/${id}`)).body.roles[0].value).toBe('member');
  });
});

describe('what is on record', () => {
  it('a role that a new person brings is a change of role, of which administrators hear', async () => {
    const { id } = await client.user('chief@whiterabbit.fake', { roles: [{ value: 'super_admin' }] });
    const plain = await client.user('plain@whiterabbit.fake');
    const changes = (await events(id)).filter(({ action }) => action === 'role.changed');
    expect(changes.map(({ detail, actorId }) => [detail, actorId])).toEqual([
      [{ from: 'member', to: 'super_admin' }, client.keyId],
    ]);
    expect((await events(plain.id)).map(({ action }) => action)).toEqual(['user.added']);
  });

  it('whoever is off already is not switched off again by being removed', async () => {
    const { id } = await client.user('off.already@whiterabbit.fake');
    await client.patch(`/Users/${id}`, [{ op: 'replace', value: { active: false } }]);
    expect((await client.remove(`/Users/${id}`)).status).toBe(204);
    expect((await events(id)).map(({ action }) => action)).toEqual([
      ...['user.added', 'user.deactivated', 'access.revoked', 'user.removed'],
    ]);
  });
});

describe('whoever was removed', () => {
  it('leaves no trace but the row: neither name nor role, nor profile, nor membership', async () => {
    const { id } = await client.user('traces@whiterabbit.fake', {
      userName: 'traces',
      displayName: 'Very Personal',
      roles: [{ value: 'admin' }],
      title: 'Personal',
    });
    await client.post('/Groups', { displayName: 'Traces', members: [{ value: id }] });
    expect((await client.remove(`/Users/${id}`)).status).toBe(204);
    const { prisma, pool } = product.context;
    expect(await prisma.user.findFirst({ where: { id } })).toMatchObject({
      externalId: null,
      userName: null,
      userNameKey: null,
      profile: {},
      name: '',
      role: 'member',
      active: false,
    });
    const { rows } = await pool.query('SELECT email, users.name FROM users WHERE id = $1', [id]);
    expect(JSON.stringify(rows)).not.toMatch(/traces|personal/i);
    expect(await prisma.groupMember.count({ where: { userId: id } })).toBe(0);
  });

  it('is to the revocation endpoint who never was', async () => {
    const { id } = await client.user('unknown.by.now@whiterabbit.fake');
    const { email } = await product.context.prisma.user.findFirstOrThrow({ where: { id } });
    expect((await product.revoke({ format: 'opaque', id })).status).toBe(204);
    expect((await client.remove(`/Users/${id}`)).status).toBe(204);
    const answers = await Promise.all(
      [
        { format: 'opaque', id },
        { format: 'opaque', id: 'usr_0' },
        { format: 'email', email },
      ].map(async (subject) => {
        const answer = await product.revoke(subject);
        return [answer.status, (await answer.text()).replace(/"requestId":"[^"]*"/, '')];
      }),
    );
    expect(answers[0]?.[0]).toBe(404);
    expect(answers).toEqual(Array(3).fill(answers[1]));
  });
});

describe('small print', () => {
  it('what a person must have cannot be taken away', async () => {
    const { id } = await client.user('required@whiterabbit.fake');
    for (const path of ['userName', 'ACTIVE', `${urns.user}:userName`]) {
      const refused = await client.patch(`/Users/${id}`, [{ op: 'remove', path }]);
      expect([refused.status, refused.body.scimType]).toEqual([400, 'mutability']);
      const emptied = await client.patch(`/Users/${id}`, [{ op: 'replace', path, value: null }]);
      expect([emptied.status, emptied.body.scimType]).toEqual([400, 'mutability']);
    }
  });

  it('a name that is made of a long one is cut between characters', async () => {
    const formatted = `${'x'.repeat(511)}😀`;
    const made = await client.user('long.name@whiterabbit.fake', { displayName: undefined, name: { formatted } });
    expect(made.displayName).toBe('x'.repeat(511));
    expect(made.name.formatted).toBe(formatted);
  });
});

// The last: trinity is gone after it.
describe('an open page', () => {
  const openPage = async () => {
    const browser = await product.signIn();
    const response = await fetch(`${product.url}/api/users/me/events`, {
      headers: { cookie: await browser.cookiesFor(product.url), accept: 'text/event-stream' },
    });
    const reader = response.body?.getReader();
    await reader?.read();
    return async () => {
      let text = '';
      for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read())
        text += Buffer.from(chunk.value).toString();
      return text;
    };
  };

  it('is closed by being switched off, renamed or removed, which every node is told of at once', async () => {
    while ((await fetch(`${product.url}/readyz`)).status !== 200)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const listener = await product.context.pool.connect();
    const told: string[] = [];
    let onTold = () => {};
    listener.on('notification', ({ channel }) => {
      told.push(channel);
      onTold();
    });
    await listener.query('LISTEN access_revoked');
    const { userId: id } = product.orgs.whiterabbit;
    const ways = [
      () => client.patch(`/Users/${id}`, [{ op: 'replace', value: { active: false } }]),
      () => client.put(`/Users/${id}`, oktaUser(trinity.email, { userName: 'the.one' })),
      () => client.remove(`/Users/${id}`),
    ];
    for (const way of ways) {
      await client.patch(`/Users/${id}`, [{ op: 'replace', value: { active: true } }]);
      const closed = await openPage();
      told.length = 0;
      const hears = new Promise<void>((resolve) => {
        onTold = resolve;
      });
      expect([200, 204]).toContain((await way()).status);
      await hears;
      expect(told).toContain('access_revoked');
      expect(await closed()).toContain('"reason":"session_revoked"');
    }
    await listener.query('UNLISTEN *');
    listener.release();
  });
});
