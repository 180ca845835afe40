import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createClient, oktaUser, provision, urns } from './support.ts';

let product: Product;
let client: Awaited<ReturnType<typeof provision>>;
beforeAll(async () => {
  product = await startProduct();
  client = await provision(product);
});
afterAll(() => product.stop());

describe('who may', () => {
  it('401 without a key or with one that doesn’t count, 403 without the scope, in SCIM’s form and before the body is read', async () => {
    const revoker = await provision(product, 'whiterabbit', ['revoke']);
    const none = await createClient(product.url, {}).post('/Users', '{');
    expect([none.status, none.headers.get('WWW-Authenticate')]).toEqual([401, 'Bearer realm="scim"']);
    expect(none.headers.get('Content-Type')).toContain('application/scim+json');
    expect(none.body).toEqual({ schemas: [urns.error], status: '401', detail: expect.any(String) });
    for (const authorization of ['Bearer nobody', 'Basic dTpw', 'Bearer', `Bearer ${'a'.repeat(5_000)}`]) {
      const wrong = await createClient(product.url, { Authorization: authorization }).get('/Users');
      expect([wrong.status, wrong.headers.get('WWW-Authenticate')]).toEqual([
        401,
        'Bearer realm="scim", error="invalid_token"',
      ]);
    }
    const forbidden = await revoker.post('/Users', '{');
    expect([forbidden.status, forbidden.body.status]).toEqual([403, '403']);
    expect(forbidden.headers.get('WWW-Authenticate')).toContain('error="insufficient_scope", scope="scim"');
    const session = await product.signIn();
    expect((await session.get('/scim/v2/Users')).status).toBe(401);
    expect((await client.get('/Users')).headers.get('Set-Cookie')).toBeNull();
  });

  it('a key may have both scopes, an expired or revoked one has none, and the switch of the revocation endpoint is not meant', async () => {
    const both = await provision(product, 'whiterabbit', ['scim', 'revoke']);
    await product.context.prisma.org.update({ where: { id: both.orgId }, data: { apiKeyCallers: false } });
    expect((await both.get('/Users')).status).toBe(200);
    await product.context.prisma.org.update({ where: { id: both.orgId }, data: { apiKeyCallers: true } });
    expect(await product.context.apiKeys.revoke(both.orgId, both.keyId, byOperator)).toBe(true);
    expect((await both.get('/Users')).status).toBe(401);
  });

  it('429 after many wrong keys from a network, and a good key goes through all the same', async () => {
    const wrong = createClient(product.url, { Authorization: 'Bearer wrong' });
    const statuses = [];
    for (let tries = 0; tries < 40; tries += 1) statuses.push((await wrong.get('/Users')).status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    const limited = await wrong.get('/Users');
    expect([limited.status, limited.body.status]).toEqual([429, '429']);
    expect(Number(limited.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect((await client.get('/Users')).status).toBe(200);
  });
});

describe('errors', () => {
  it('have the status, as text, and say what is wrong', async () => {
    const cases = [
      [await client.get('/Users/usr_nobody'), 404, undefined],
      [await client.get('/Nothing'), 404, undefined],
      [await client.send('PUT', '/Users', {}), 405, undefined],
      [await client.get('/Me'), 501, undefined],
      [await client.post('/Bulk', {}), 501, undefined],
      [await client.post('/Users', '{'), 400, 'invalidSyntax'],
      [await client.post('/Users', '[]'), 400, 'invalidSyntax'],
      [await client.post('/Users', 'null'), 400, 'invalidSyntax'],
      [await client.send('POST', '/Users', 'x', { 'Content-Type': 'text/plain' }), 400, 'invalidSyntax'],
      [await client.post('/Users', oktaUser('x@whiterabbit.fake', { active: 'perhaps' })), 400, 'invalidValue'],
      [await client.post('/Groups', {}), 400, 'invalidValue'],
      [await client.post('/Users', `{"userName":"${'a'.repeat(2_200_000)}"}`), 413, undefined],
    ] as const;
    for (const [answer, status, scimType] of cases) {
      expect([answer.status, answer.body.status, answer.body.scimType]).toEqual([status, String(status), scimType]);
      expect(answer.body.schemas).toEqual([urns.error]);
      expect(answer.headers.get('Content-Type')).toContain('application/scim+json');
    }
  });

  it('are never what a change that was made is answered with, whatever else the address holds', async () => {
    const { body } = await client.post('/Users?count=abc', oktaUser('strange-query@whiterabbit.fake'));
    expect(body.userName).toBe('strange-query@whiterabbit.fake');
    const address = `/Users/${body.id}?startIndex=x&sortOrder=up&attributes=active`;
    const off = await client.patch(address, [{ op: 'replace', path: 'active', value: false }]);
    expect([off.status, off.body.active, off.body.userName]).toEqual([200, false, undefined]);
    const { body: group } = await client.post('/Groups?count=abc', { schemas: [urns.group], displayName: 'Strange' });
    expect((await client.send('PUT', `/Groups/${group.id}?count=abc`, group)).status).toBe(200);
  });

  it('takes plain JSON as well', async () => {
    const body = JSON.stringify(oktaUser('plain@whiterabbit.fake'));
    expect((await client.send('POST', '/Users', body, { 'Content-Type': 'application/json' })).status).toBe(201);
  });
});

describe('versions', () => {
  it('304 for what is known, 412 for what has changed since, of users and groups', async () => {
    const user = await client.user('versioned@whiterabbit.fake');
    const group = (await client.post('/Groups', { displayName: 'Versioned' })).body;
    const changes = {
      [`/Groups/${group.id}`]: { op: 'add', path: 'members', value: [{ value: user.id }] },
      [`/Users/${user.id}`]: { op: 'replace', path: 'title', value: 'New' },
    };
    for (const [path, change] of Object.entries(changes)) {
      const read = await client.get(path);
      const etag = read.headers.get('ETag') as string;
      expect(etag).toBe(read.body.meta.version);
      const bare = path.startsWith('/Groups') ? `${path}?excludedAttributes=members` : path;
      const known = await client.get(bare, { 'If-None-Match': etag });
      expect([known.status, known.text]).toEqual([304, '']);
      expect((await client.get(path, { 'If-None-Match': 'W/"other"' })).status).toBe(200);
      const changed = await client.patch(path, [change], { 'If-Match': etag });
      expect([200, 204]).toContain(changed.status);
      expect(changed.headers.get('ETag')).not.toBe(etag);
      const stale = [
        await client.patch(path, [change], { 'If-Match': etag }),
        await client.put(path, { ...read.body, displayName: 'Stale' }, { 'If-Match': etag }),
        await client.remove(path, { 'If-Match': etag }),
      ];
      expect(stale.map(({ status, body }) => [status, body.status])).toEqual(Array(3).fill([412, '412']));
      expect((await client.get(path)).body.displayName).not.toBe('Stale');
      expect((await client.get(path, { 'If-None-Match': etag })).status).toBe(200);
      expect((await client.remove(path, { 'If-Match': '*' })).status).toBe(204);
    }
  });

  it('a change that changes nothing leaves the version as it is', async () => {
    const user = await client.user('same@whiterabbit.fake');
    const same = await client.patch(`/Users/${user.id}`, [
      { op: 'replace', path: 'displayName', value: 'Test Person' },
    ]);
    expect(same.body.meta).toEqual(user.meta);
    const events = await product.context.prisma.auditEvent.count({ where: { targetId: user.id } });
    expect(events).toBe(1);
  });
});

describe('what it says of itself', () => {
  it('is true', async () => {
    const config = await client.get('/ServiceProviderConfig');
    expect(config.body).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false },
      filter: { supported: true, maxResults: 200 },
      sort: { supported: true },
      etag: { supported: true },
      changePassword: { supported: false },
    });
    const types = (await client.get('/ResourceTypes')).body.Resources;
    expect(types.map(({ id, endpoint }: Record<string, string>) => [id, endpoint])).toEqual([
      ['User', '/Users'],
      ['Group', '/Groups'],
      ['Role', '/Roles'],
    ]);
    expect((await client.get('/ResourceTypes/User')).body.schemaExtensions).toEqual([
      { schema: urns.enterprise, required: false },
    ]);
    for (const { schema, endpoint } of types) {
      const found = await client.get(`/Schemas/${schema}`);
      expect([found.status, found.body.id]).toEqual([200, schema]);
      expect((await client.get(endpoint)).status).toBe(200);
    }
    const user = (await client.get(`/Schemas/${urns.user}`)).body;
    expect(user.attributes.find(({ name }: { name: string }) => name === 'password')).toMatchObject({
      mutability: 'writeOnly',
      returned: 'never',
    });
    expect((await client.get('/Schemas')).body.Resources.map(({ id }: { id: string }) => id)).toEqual([
      urns.user,
      urns.enterprise,
      urns.group,
      urns.unknownMembers,
      'urn:okta:scim:schemas:core:1.0:Role',
    ]);
    expect((await client.get('/Roles/admin')).body.displayName).toBe('Admin');
    expect((await client.get('/Roles/owner')).status).toBe(404);
  });
});

describe('a version that a client has', () => {
  it('is no longer the one when the person’s groups have changed, or the name of one', async () => {
    const user = await client.user('grouped@whiterabbit.fake');
    const path = `/Users/${user.id}`;
    const group = (await client.post('/Groups', { displayName: 'Before' })).body;
    const changes = [
      { op: 'add', path: 'members', value: [{ value: user.id }] },
      { op: 'replace', path: 'displayName', value: 'After' },
      { op: 'remove', path: 'members' },
    ];
    for (const change of changes) {
      const etag = (await client.get(path)).headers.get('ETag') as string;
      const listed = await client.search('/Users', `id eq "${user.id}"`);
      expect(listed.body.Resources[0].meta.version).toBe(etag);
      const bare = await client.get(`/Users?filter=id%20eq%20%22${user.id}%22&excludedAttributes=groups`);
      expect(bare.body.Resources[0].meta.version).toBe(etag);
      await client.patch(`/Groups/${group.id}`, [change]);
      const read = await client.get(path, { 'If-None-Match': etag });
      expect([read.status, read.headers.get('ETag') === etag]).toEqual([200, false]);
      const stale = await client.patch(path, [{ op: 'add', path: 'title', value: 'x' }], { 'If-Match': etag });
      expect(stale.status).toBe(412);
    }
  });

  it('is never taken for enough where members are shown by their names', async () => {
    const user = await client.user('renamed@whiterabbit.fake');
    const group = (await client.post('/Groups', { displayName: 'Named', members: [{ value: user.id }] })).body;
    const etag = group.meta.version;
    await client.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'displayName', value: 'Another' }]);
    const read = await client.get(`/Groups/${group.id}`, { 'If-None-Match': etag });
    expect([read.status, read.body.members[0].display]).toEqual([200, 'Another']);
    const bare = await client.get(`/Groups/${group.id}?excludedAttributes=members`, { 'If-None-Match': etag });
    expect(bare.status).toBe(304);
  });

  it('answers HEAD as it does GET', async () => {
    const user = await client.user('head@whiterabbit.fake');
    const etag = user.meta.version;
    const head = (tag: string) => client.send('HEAD', `/Users/${user.id}`, undefined, { 'If-None-Match': tag });
    expect([(await head(etag)).status, (await head('W/"other"')).status]).toEqual([304, 200]);
  });
});
