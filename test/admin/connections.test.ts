import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { byOperator, bySystem } from '../../src/by.ts';
import { createConnections } from '../../src/connections/connections.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { answers } from '../support/hostile-answers.ts';
import { type HostileIdp, startHostileIdp } from '../support/hostile-idp.ts';
import { type Product, startProduct } from '../support/product.ts';

const path = '/api/orgs/current/connections';
let product: Product;
let idp: HostileIdp;
let owner: Browser;
let twin: Browser;
beforeAll(async () => {
  product = await startProduct();
  idp = await startHostileIdp();
  await product.context.prisma.user.updateMany({ data: { role: 'owner' } });
  owner = await product.signIn();
  twin = await product.signIn('metacortex');
});
afterAll(async () => {
  await idp.stop();
  await product.stop();
});
afterEach(() => idp.reset());

type Connection = Record<string, unknown> & { id: string; links: Record<string, string>; provenAt: string | null };
type Answer = { status: number; text: string; body: Connection & { type?: string; detail: string } };
async function ask(browser: Browser, method: string, where = '', json?: unknown): Promise<Answer> {
  const response = await browser.open(method, `${path}${where}`, json === undefined ? {} : { json });
  const text = await response.text();
  return { status: response.status, text, body: text ? JSON.parse(text) : null };
}
const codeOf = ({ status, body }: Answer) => [status, body.type?.split('/').at(-1)];
const described = () => ({ issuer: idp.issuer, clientId: idp.clientId, clientSecret: idp.clientSecret });
let count = 0;
/** A further connection of its own client id. */
async function add(changes: object = {}, browser = owner): Promise<Connection> {
  count += 1;
  const { status, text, body } = await ask(browser, 'POST', '', {
    ...described(),
    clientId: `client-${count}`,
    ...changes,
  });
  if (status !== 201) throw new Error(text);
  return body;
}
const change = (id: string, json: object) => ask(owner, 'PATCH', `/${id}`, json);
const stored = (id: string) => product.context.prisma.connection.findFirstOrThrow({ where: { id } });
const secretOf = async (id: string) => {
  const { orgId, clientSecret } = await stored(id);
  return product.context.keyring.decrypt(clientSecret, `connection-secret:${orgId}:${id}`);
};
const vouch = (id: string) =>
  createConnections(product.context).vouchForConnection(product.orgs.whiterabbit.id, id, byOperator);
const eventsOf = async (id: string) => {
  const all = await product.context.prisma.auditEvent.findMany({ where: { targetId: id }, orderBy: { at: 'asc' } });
  return all.map(({ action, actorId, ip, detail }) => ({ action, actorId, ip: ip !== null, detail }));
};

describe('a connection', () => {
  it('is added by its issuer, and says what to enter at the identity provider', async () => {
    const { status, body, text } = await ask(owner, 'POST', '', {
      ...described(),
      roleClaim: 'groups',
      roleMapping: { x: 'admin' },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      ...{ name: 'localhost', active: true, provenAt: null, vouchingNeeded: false, issuer: idp.issuer },
      ...{ tokenEndpoint: idp.metadata().token_endpoint, clientId: idp.clientId, reauthentication: 'verified' },
      ...{ roleClaim: 'groups', roleMapping: { x: 'admin' } },
      links: {
        signInUrl: `${product.url}/openid/start/whiterabbit`,
        callbackUrl: `${product.url}/openid/callback/whiterabbit`,
        signedOutUrl: `${product.url}/signed-out`,
        revocationEndpoint: `${product.url}/global-token-revocation`,
        ownRevocationEndpoint: `${product.url}/global-token-revocation/${body.id}`,
        backchannelLogoutUrl: `${product.url}/openid/backchannel-logout/whiterabbit`,
        frontchannelLogoutUrl: `${product.url}/openid/frontchannel-logout/whiterabbit`,
        securityEventsUrl: `${product.url}/ssf/events/${body.id}`,
      },
    });
    expect(await secretOf(body.id)).toBe(idp.clientSecret);
    const listed = await ask(owner, 'GET');
    expect(listed.text).toContain(body.id);
    expect((await ask(owner, 'GET', `/${body.id}`)).body).toEqual(body);
    for (const answer of [text, listed.text]) {
      expect(answer).not.toContain(idp.clientSecret);
      expect(answer).not.toContain('clientSecret');
    }
    expect(await eventsOf(body.id)).toEqual([
      {
        ...{ action: 'connection.added', actorId: product.orgs.whiterabbit.userId, ip: true },
        detail: { issuer: idp.issuer, clientId: idp.clientId },
      },
    ]);
    // People sign in through it, which proves it.
    const browser = createBrowser({ baseUrl: product.url });
    idp.setPerson({ sub: 'm', email: 'm@partner.fake', email_verified: true });
    await browser.signIn({
      appUrl: product.url,
      org: 'whiterabbit',
      query: { connection: body.id },
      email: '',
      password: '',
    });
    expect((await browser.get('/api/users/me')).status).toBe(200);
    expect((await ask(owner, 'GET', `/${body.id}`)).body.provenAt).not.toBeNull();
    // A second one of the same issuer and client id is refused.
    expect(codeOf(await ask(owner, 'POST', '', described()))).toEqual([409, 'conflict']);
  });

  it.each<[string, () => object, RegExp]>([
    ['of an address inside', () => ({ issuer: 'http://10.0.0.1' }), /https/],
    ['of the cloud’s own address', () => ({ issuer: 'https://169.254.169.254' }), /not public/],
    ['of a mistyped issuer', () => ({ issuer: `${idp.issuer}/` }), /another issuer: "http.*only by the slash/],
    [
      'of an issuer with a query',
      () => ({ issuer: `${idp.issuer}?tenant=1` }),
      /issuer is not usable: .*no query.*"\?"/,
    ],
    ['of an issuer with an empty fragment', () => ({ issuer: `${idp.issuer}#` }), /no fragment.*"#"/],
    [
      'of an accepted issuer with a query',
      () => ({ acceptedIssuers: ['https://idp.example/a', 'https://idp.example/?a'] }),
      /acceptedIssuers is not usable: .*no query/,
    ],
    ['of no URL', () => ({ issuer: 'idp' }), /issuer is not usable/],
    ['of some endpoints alone', () => ({ tokenEndpoint: 'https://idp.example/t' }), /all three/],
    [
      'of an endpoint inside',
      () => ({
        ...{ authorizationEndpoint: 'https://idp.example/a', tokenEndpoint: 'https://192.168.0.1/t' },
        jwksUri: 'https://idp.example/k',
      }),
      /tokenEndpoint is not usable/,
    ],
    ['of an accepted issuer inside', () => ({ acceptedIssuers: ['https://10.1.1.1'] }), /acceptedIssuers/],
    ['that gives ownership', () => ({ roleClaim: 'r', roleMapping: { boss: 'owner' } }), /roleMapping/],
    ['whose claim for the address has no name', () => ({ emailClaim: '' }), /emailClaim/],
    ['whose claim for the address has a blank', () => ({ emailClaim: 'user name' }), /emailClaim/],
    ['whose PKCE is a text', () => ({ pkce: 'off' }), /pkce/],
    ['without a secret', () => ({ clientSecret: '' }), /clientSecret/],
    ['with what is unknown', () => ({ provenAt: '2026-01-01' }), /provenAt/],
  ])('is not added %s', async (_name, wrong, reason) => {
    const before = await product.context.prisma.connection.count();
    const refused = await ask(owner, 'POST', '', { ...described(), clientId: 'wrong', ...wrong() });
    expect(codeOf(refused)).toEqual([400, 'invalid_request']);
    expect(refused.body.detail).toMatch(reason);
    expect(await product.context.prisma.connection.count()).toBe(before);
  });

  it('is not added where the issuer’s metadata lead inside', async () => {
    idp.set('discovery', answers.json({ ...idp.metadata(), token_endpoint: 'https://10.0.0.1/token' }));
    const refused = await ask(owner, 'POST', '', { ...described(), clientId: 'inside' });
    expect(codeOf(refused)).toEqual([400, 'invalid_request']);
    expect(refused.body.detail).toMatch(/token_endpoint/);
  });

  it.each([
    ['authorizationEndpoint', 'https://elsewhere.example/authorize'],
    ['tokenEndpoint', 'https://elsewhere.example/token'],
    ['jwksUri', 'https://elsewhere.example/jwks'],
    ['userinfoEndpoint', 'https://elsewhere.example/userinfo'],
    ['endSessionEndpoint', 'https://elsewhere.example/logout'],
    ['endSessionEndpoint', null],
    ['clientId', 'another-client'],
  ])('asks for its secret again with another %s (%s)', async (member, value) => {
    const { id } = await add({ endSessionEndpoint: undefined });
    const before = await stored(id);
    if (before[member as keyof typeof before] === value) return;
    const refused = await change(id, { [member]: value });
    expect(codeOf(refused)).toEqual([400, 'invalid_request']);
    expect(refused.body.detail).toContain('clientSecret');
    expect(await stored(id)).toEqual(before);
    // Beside another change neither is carried out.
    expect((await change(id, { name: 'Renamed', [member]: value })).status).toBe(400);
    expect(await stored(id)).toEqual(before);

    // Another client of the IdP has another secret; of the same one only the one that is kept will
    // do.
    const secret = member === 'clientId' ? 'of another client' : idp.clientSecret;
    if (member !== 'clientId') {
      const guessed = await change(id, { [member]: value, clientSecret: 'typed at random' });
      expect(codeOf(guessed)).toEqual([400, 'invalid_request']);
      expect(guessed.body.detail).toMatch(/not the one that is kept/);
      expect(await stored(id)).toEqual(before);
    }
    const changed = await change(id, { [member]: value, clientSecret: secret });
    expect([changed.status, changed.body[member]]).toEqual([200, value]);
    expect(await secretOf(id)).toBe(secret);
    // What it is already needs none.
    expect((await change(id, { [member]: value, name: 'Same' })).status).toBe(200);
    // The byOperator, who holds the keys, isn't asked.
    const back = { [member]: before[member as keyof typeof before] };
    const { orgId } = before;
    await createConnections(product.context).updateConnection(orgId, id, back, byOperator);
  });

  it('asks for its secret with another issuer, discovers that one’s endpoints, and loses its proof', async () => {
    const { id } = await add();
    await vouch(id);
    const other = await startHostileIdp();
    try {
      expect(codeOf(await change(id, { issuer: other.issuer }))).toEqual([400, 'invalid_request']);
      expect((await stored(id)).issuer).toBe(idp.issuer);
      const changed = await change(id, { issuer: other.issuer, clientSecret: 'new' });
      expect(changed.body).toMatchObject({ issuer: other.issuer, jwksUri: other.metadata().jwks_uri, provenAt: null });
      expect((await eventsOf(id)).at(-1)?.detail).toMatchObject({ changed: expect.stringContaining('issuer') });
    } finally {
      await other.stop();
    }
  });

  it('keeps its secret from whoever leads it elsewhere while another types it in, 10 times', async () => {
    const { id, tokenEndpoint } = await add();
    const { clientSecret } = idp;
    for (let round = 0; round < 10; round += 1) {
      const elsewhere = 'https://elsewhere.example/token';
      expect((await change(id, { tokenEndpoint: elsewhere, clientSecret })).status).toBe(200);
      await Promise.all([change(id, { tokenEndpoint, clientSecret }), change(id, { tokenEndpoint: elsewhere })]);
      const after = await stored(id);
      expect([after.tokenEndpoint, await secretOf(id)]).toEqual([tokenEndpoint, clientSecret]);
    }
  });

  it('takes a new secret in a request that leads it nowhere else; then the old one opens nothing', async () => {
    const { id } = await add();
    expect((await change(id, { clientSecret: 'rotated', name: 'Rotated' })).status).toBe(200);
    expect(await secretOf(id)).toBe('rotated');
    const elsewhere = { tokenEndpoint: 'https://elsewhere.example/token' };
    expect((await change(id, { ...elsewhere, clientSecret: idp.clientSecret })).status).toBe(400);
    expect((await change(id, { ...elsewhere, clientSecret: 'rotated' })).status).toBe(200);
  });

  it('keeps no endpoint of its old issuer where the new one’s are typed in', async () => {
    const { id } = await add();
    const old = { userinfoEndpoint: 'https://old.example/userinfo', endSessionEndpoint: 'https://old.example/logout' };
    expect((await change(id, { ...old, clientSecret: idp.clientSecret })).body).toMatchObject(old);
    const typed = {
      ...{ issuer: 'https://new.example', authorizationEndpoint: 'https://new.example/a' },
      ...{ tokenEndpoint: 'https://new.example/t', jwksUri: 'https://new.example/k' },
    };
    const changed = await change(id, { ...typed, clientSecret: 'of the new one' });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ ...typed, userinfoEndpoint: null, endSessionEndpoint: null });
  });

  it('has what decides about sign-ins and roles recorded with before and after', async () => {
    const { id } = await add();
    const policies = async () => {
      const where = { orgId: product.orgs.whiterabbit.id, action: 'policy.changed' };
      const all = await product.context.prisma.auditEvent.findMany({ where, orderBy: { at: 'asc' } });
      return all.filter(({ detail }) => (detail as { connection?: string }).connection === id);
    };
    const claims = { emailClaim: 'upn', roleClaim: 'groups', roleMapping: { boss: 'super_admin' } };
    const set = { reauthentication: 'best_effort', pkce: false, ...claims };
    expect((await change(id, set)).status).toBe(200);
    const recorded = await policies();
    expect(recorded).toMatchObject(
      recorded.map(() => ({ actorId: product.orgs.whiterabbit.userId, ip: expect.any(String) })),
    );
    // Recorded in one millisecond, they have no order.
    const details = recorded.map(({ detail }) => detail as { policy: string });
    expect(details.toSorted((one, other) => one.policy.localeCompare(other.policy))).toEqual([
      { policy: 'emailClaim', connection: id, before: 'email', after: 'upn' },
      { policy: 'pkce', connection: id, before: true, after: false },
      { policy: 'reauthentication', connection: id, before: 'verified', after: 'best_effort' },
      { policy: 'roleClaim', connection: id, before: null, after: 'groups' },
      { policy: 'roleMapping', connection: id, before: '{}', after: '{"boss":"super_admin"}' },
    ]);
    expect((await eventsOf(id)).at(-1)).toMatchObject({ action: 'connection.changed' });
    // Nothing differs, so nothing is recorded.
    expect((await change(id, set)).status).toBe(200);
    expect(await policies()).toHaveLength(5);
  });

  it('whose accepted issuers an administrator names is proven by the operator alone', async () => {
    const { id } = await add();
    await vouch(id);
    const named = await change(id, { acceptedIssuers: [`${idp.issuer}/further`] });
    expect(named.body).toMatchObject({ provenAt: null, vouchingNeeded: true });
    // A sign-in that would prove it otherwise: the issuer named publishes the very keys.
    await product.context.prisma.connection.updateMany({ where: { id }, data: { acceptedIssuers: [] } });
    const signIn = async () => {
      idp.setPerson({ sub: `s-${id}`, email: `s-${id}@partner.fake`.toLowerCase(), email_verified: true });
      const { clientId } = await stored(id);
      idp.setIdToken({ claims: { aud: clientId } });
      const browser = createBrowser({ baseUrl: product.url });
      await browser.signIn({
        appUrl: product.url,
        org: 'whiterabbit',
        query: { connection: id },
        email: '',
        password: '',
      });
      expect((await browser.get('/api/users/me')).status).toBe(200);
    };
    await signIn();
    expect((await stored(id)).provenAt).toBeNull();
    const seen = await stored(id);
    const { proveConnection } = createConnections(product.context);
    expect(await proveConnection(seen.orgId, id, seen, bySystem('sign-in'))).toBe('unchanged');
    expect((await vouch(id)).provenAt).not.toBeNull();
    await change(id, { acceptedIssuers: [`${idp.issuer}/other`] });
    expect((await change(id, { acceptedIssuers: [] })).body).toMatchObject({ provenAt: null, vouchingNeeded: false });
    await signIn();
    expect((await stored(id)).provenAt).not.toBeNull();
  });

  it('that is switched off lets nobody in and ends nothing; on again, it proves itself anew', async () => {
    const { id } = await add();
    idp.setPerson({ sub: `off-${id}`, email: `off-${id}@partner.fake`.toLowerCase(), email_verified: true });
    idp.setIdToken({ claims: { aud: (await stored(id)).clientId } });
    const enter = async () => {
      const browser = createBrowser({ baseUrl: product.url });
      const query = { connection: id };
      await browser.signIn({ appUrl: product.url, org: 'whiterabbit', query, email: '', password: '' });
      return { browser, status: (await browser.get('/api/users/me')).status };
    };
    const { browser, status } = await enter();
    expect(status).toBe(200);
    expect((await stored(id)).provenAt).not.toBeNull();
    expect((await change(id, { active: false })).body.active).toBe(false);
    expect((await browser.get('/api/users/me')).status).toBe(200);
    expect((await enter()).status).toBe(401);
    expect((await change(id, { active: true })).body).toMatchObject({ active: true, provenAt: null });
    expect((await enter()).status).toBe(200);
  });

  it('changes nothing and records nothing where nothing differs', async () => {
    const { id, name } = await add({ roleMapping: { a: 'admin' } });
    const before = await eventsOf(id);
    expect((await change(id, { name, active: true, roleMapping: { a: 'admin' } })).status).toBe(200);
    expect(await eventsOf(id)).toEqual(before);
  });

  it('that has an issuer with a query from before goes on, and takes no other such issuer', async () => {
    const { body } = await ask(owner, 'POST', '', { ...described(), clientId: 'from-before' });
    const older = `${idp.issuer}?from=before`;
    const { connection } = product.context.prisma;
    await connection.updateMany({ where: { id: body.id }, data: { issuer: older, acceptedIssuers: [older] } });
    const renamed = await ask(owner, 'PATCH', `/${body.id}`, { name: 'Renamed' });
    expect([renamed.status, renamed.body.issuer]).toEqual([200, older]);
    for (const wrong of [
      { acceptedIssuers: [`${idp.issuer}#a`] },
      { issuer: `${idp.issuer}?b`, clientSecret: 'secret' },
    ])
      expect(codeOf(await ask(owner, 'PATCH', `/${body.id}`, wrong))).toEqual([400, 'invalid_request']);
    await connection.deleteMany({ where: { id: body.id } });
  });

  it('of another org is one that does not exist, and nothing is fetched for it', async () => {
    const { id } = await add();
    const before = await stored(id);
    const asked = idp.requests.length;
    const elsewhere = { issuer: idp.issuer, clientSecret: 'x' };
    for (const where of [`/${id}`, '/con_nobody']) {
      const answers = [await ask(twin, 'GET', where), await ask(twin, 'PATCH', where, elsewhere)];
      for (const { status, body } of answers)
        expect([status, body.detail]).toEqual([404, 'The organisation has no connection of this id.']);
    }
    expect([await stored(id), idp.requests.length]).toEqual([before, asked]);
    expect((await ask(twin, 'GET')).text).not.toContain(id);
  });

  it('is not changed by an admin', async () => {
    const { id } = await add();
    const where = { id: product.orgs.whiterabbit.userId };
    await product.context.prisma.user.updateMany({ where, data: { role: 'admin' } });
    const all = [
      await ask(owner, 'POST', '', described()),
      await change(id, { name: 'x' }),
      await ask(owner, 'GET', `/${id}`),
    ];
    await product.context.prisma.user.updateMany({ where, data: { role: 'owner' } });
    expect(all.map(({ status }) => status)).toEqual([403, 403, 200]);
  });
});
