import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { heading, type SignInBed, startSignInBed } from '../sign-in/support.ts';
import { createBrowser } from '../support/browser.ts';
import { trinity } from '../support/product.ts';

// OpenID Connect Core §4: another site, the IdP's own portal above all, sends a person here to sign
// in.
let bed: SignInBed;
let otherId: string;
beforeAll(async () => {
  bed = await startSignInBed({ env: { APP_URL: 'http://app.localhost:1' } });
  // A second connection of the org, at whiterabbit's IdP.
  const orgId = bed.org.id;
  const first = await bed.prisma.connection.findFirstOrThrow({ where: { orgId: bed.product.orgs.whiterabbit.id } });
  otherId = 'con_second';
  await bed.prisma.connection.create({
    data: {
      ...first,
      orgId,
      id: otherId,
      provenAt: null,
      roleMapping: {},
      createdAt: new Date(),
      acceptedIssuers: ['https://custom.example/x'],
    },
  });
});
afterAll(() => bed?.stop());

const newBrowser = () => createBrowser({ baseUrl: bed.url });
const path = (query: Record<string, string> = {}, org = 'hostile') =>
  `/openid/start/${org}?${new URLSearchParams(query)}`;

/** What the IdP is asked, after a start with this query. */
async function asked(query: Record<string, string>) {
  const answer = await newBrowser().get(path(query), { crossSite: true });
  expect(answer.status).toBe(302);
  return new URL(String(answer.headers.get('location')));
}

/** Where a sign-in that began with this query ends. */
async function endOf(query: Record<string, string>) {
  const browser = newBrowser();
  const step = await browser.beginSignIn({ appUrl: bed.url, org: 'hostile', query });
  const answer = await browser.get(step.callbackUrl ?? '', { crossSite: true });
  return answer.headers.get('location');
}

describe('iss', () => {
  test('picks the connection of that issuer, or of an issuer that counts as its', async () => {
    const theirs = bed.product.orgs.whiterabbit.issuer;
    expect((await asked({ iss: bed.hostile.issuer })).href).toContain(`${bed.hostile.issuer}/authorize`);
    for (const iss of [theirs, 'https://custom.example/x'])
      expect((await asked({ iss })).href.startsWith(`${theirs}/`)).toBe(true);
    expect((await asked({ iss: theirs, connection: otherId })).href.startsWith(`${theirs}/`)).toBe(true);
  });

  test.each([
    ['of nobody', { iss: 'https://evil.example' }],
    ['of another org', { iss: 'metacortex' }],
    ['that only begins like one', { iss: 'https://custom.example/' }],
    ['empty', { iss: '' }],
    ['with NUL', { iss: 'a\0b' }],
    ['very long', { iss: `https://${'x'.repeat(3_000)}` }],
    ['of another connection than the one that is named', { iss: 'https://custom.example/x', connection: 'own' }],
  ])('%s is a page', async (_name, { iss, connection }: { iss: string; connection?: string }) => {
    const own = await bed.prisma.connection.findFirstOrThrow({ where: { orgId: bed.org.id, id: { not: otherId } } });
    const query = {
      iss: iss === 'metacortex' ? bed.product.orgs.metacortex.issuer : iss,
      ...(connection ? { connection: own.id } : {}),
    };
    const page = await newBrowser().get(path(query), { crossSite: true });
    expect([page.status, heading(page), page.headers.get('location')]).toEqual([404, 'Sign-in is not set up', null]);
  });

  test('twice is a page, and so is a connection that is switched off', async () => {
    const { issuer } = bed.hostile;
    const twice = await newBrowser().get(`${path({ iss: issuer })}&iss=${encodeURIComponent(issuer)}`);
    expect(twice.status).toBe(404);
    const set = (active: boolean) => bed.prisma.connection.updateMany({ where: { id: otherId }, data: { active } });
    await set(false);
    expect((await newBrowser().get(path({ iss: 'https://custom.example/x' }))).status).toBe(404);
    await set(true);
  });

  test('at an org that does not exist is a page', async () => {
    const page = await newBrowser().get(path({ iss: bed.hostile.issuer }, 'nobody'));
    expect([page.status, heading(page)]).toEqual([404, 'Organisation not found']);
  });
});

describe('login_hint', () => {
  test.each([trinity.email, 'Ä person', 'x'.repeat(320), '"><script>&prompt=none'])('%j is passed on', async (hint) => {
    const url = await asked({ login_hint: hint });
    expect([url.searchParams.getAll('login_hint'), url.searchParams.get('prompt')]).toEqual([[hint], null]);
  });

  test.each([
    ['empty', ''],
    ['too long', 'x'.repeat(321)],
    ['NUL', 'a\0b'],
    ['a line break', 'a\r\nb'],
    ['turned around', 'a\u202eb'],
  ])('one that is no short plain text is left out: %s', async (_name, hint) => {
    expect((await asked({ login_hint: hint })).searchParams.has('login_hint')).toBe(false);
  });

  test('fills in the form of a real IdP', async () => {
    const query = { iss: bed.product.orgs.whiterabbit.issuer, login_hint: trinity.email };
    const step = await newBrowser().beginSignIn({ appUrl: bed.url, org: 'whiterabbit', query });
    expect(step.page.text).toMatch(
      /name="email"[^>]*value="trinity@whiterabbit.fake"|value="trinity@whiterabbit.fake"[^>]*name="email"/,
    );
  });
});

describe('target_link_uri', () => {
  test.each([
    ['http://app.localhost:1/todos?a=1#b', '/todos?a=1#b'],
    ['http://app.localhost:1', '/'],
    ['HTTP://APP.LOCALHOST:1/x', '/x'],
  ])('%s leads there', async (target_link_uri, end) => {
    expect(await endOf({ target_link_uri })).toBe(`http://app.localhost:1${end}`);
  });

  test('may be below our own address too; returnTo comes first', async () => {
    expect(await endOf({ target_link_uri: `${bed.url}/todos` })).toBe('http://app.localhost:1/todos');
    expect(await endOf({ target_link_uri: `${bed.url}/todos`, returnTo: '/x' })).toBe('http://app.localhost:1/x');
  });

  test.each([
    'https://evil.example/todos',
    '//evil.example',
    '/todos',
    'http://app.localhost:2/',
    'https://app.localhost:1/',
    'http://app.localhost:1@evil.example/',
    'http://app.localhost:1.evil.example/',
    'http://app.localhost:1//evil.example/',
    'http://app.localhost:1/\\evil.example/',
    'http://app.localhost:1/./\t/evil.example',
    'http:\\\\evil.example/app.localhost:1',
    'javascript:alert(1)',
    'data:text/html,hi',
    'blob:http://app.localhost:1/x',
    `http://app.localhost:1/${'x'.repeat(2_000)}`,
    '',
  ])('%j does not: the sign-in ends where everybody does', async (target_link_uri) => {
    const end = String(await endOf({ target_link_uri }));
    expect(new URL(end).origin).toBe('http://app.localhost:1');
    expect(end).not.toContain('//evil.example');
    if (!target_link_uri.includes('/./')) expect(end).toBe('http://app.localhost:1/');
  });
});

describe('prompt', () => {
  test('login asks for a new authentication, whatever else is or is not', async () => {
    const url = await asked({ prompt: 'login', login_hint: 'trinity' });
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      prompt: 'login',
      max_age: '1',
      login_hint: 'trinity',
    });
  });

  test.each(['none', 'consent', 'login consent', 'LOGIN', ''])('%j is not passed on', async (prompt) => {
    const url = await asked({ prompt });
    expect([url.searchParams.get('prompt'), url.searchParams.get('max_age')]).toEqual([null, '604800']);
  });
});

describe('a form of another site', () => {
  const post = (form: Record<string, string>, org = 'hostile') =>
    newBrowser().post(`/openid/start/${org}`, { form, crossSite: true });

  test('leads to the same address by GET, and to a whole sign-in', async () => {
    const browser = newBrowser();
    const form = { iss: bed.hostile.issuer, login_hint: 'a&b', target_link_uri: 'http://app.localhost:1/x' };
    const answer = await browser.post('/openid/start/hostile', { form, crossSite: true });
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([303, 'no-store']);
    expect(answer.headers.get('location')).toBe(path(form));
    expect(answer.headers.getSetCookie()).toEqual([]);
    const idp = await browser.get(path(form), { crossSite: true });
    const back = await browser.get(String(idp.headers.get('location')), { crossSite: true });
    const end = await browser.get(String(back.headers.get('location')), { crossSite: true });
    expect([end.status, end.headers.get('location')]).toEqual([303, 'http://app.localhost:1/x']);
    expect((await browser.get('/api/users/me')).status).toBe(200);
  });

  test('passes on nothing else, and stays here whatever the org is called', async () => {
    expect((await post({ returnTo: '/x', connection: 'y', prompt: 'login' })).headers.get('location')).toBe(path());
    const odd = await post({}, encodeURIComponent('/evil.example'));
    expect(odd.headers.get('location')).toBe('/openid/start/%2Fevil.example?');
  });

  test('that is too large, or none, is a page or a plain start', async () => {
    const large = await post({ login_hint: 'x'.repeat(50_000) });
    expect([large.status, heading(large)]).toEqual([400, 'This sign-in could not be read']);
    const json = await newBrowser().post('/openid/start/hostile', { json: { iss: 'x' }, crossSite: true });
    expect([json.status, json.headers.get('location')]).toEqual([303, path()]);
  });

  test('changes nothing for whatever else another site posts', async () => {
    const browser = newBrowser();
    expect((await browser.post('/api/todos', { json: { task: 'x' }, crossSite: true })).status).toBe(403);
  });
});
