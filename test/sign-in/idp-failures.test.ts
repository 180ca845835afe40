import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createBrowser } from '../support/browser.ts';
import { type Answer, answers } from '../support/hostile-answers.ts';
import { addHostileOrg, type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
beforeAll(async () => {
  bed = await startSignInBed();
});
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

const bad: [string, () => Answer, string][] = [
  ['an error', () => answers.status(500), 'idp_error'],
  ['a page', () => answers.text('<h1>Maintenance</h1>'), 'idp_garbage'],
  ['a redirect', () => answers.redirect('http://localhost:1/'), 'idp_garbage'],
  ['50 MB', () => answers.huge(), 'idp_garbage'],
  ['a reset connection', () => answers.reset(), 'idp_unreachable'],
  ['half an answer', () => answers.truncate(), 'idp_unreachable'],
  ['silence', () => answers.hang(), 'idp_unreachable'],
  ['a head and then silence', () => answers.hangAfterHead(), 'idp_unreachable'],
  ['a byte now and then', () => answers.drip(), 'idp_unreachable'],
];

/** All of them at once, so that the silent ones are waited for together. */
async function expectBounded(endpoint: 'token' | 'userinfo', expected: (name: string, reason: string) => string) {
  const before = (await bed.refusals()).length;
  const waiting = bad.map(([, answer]) => answer());
  bed.hostile.set(endpoint, (request, response) => waiting.shift()?.(request, response));
  const browsers = bad.map(() => createBrowser({ baseUrl: bed.url }));
  const callbacks = await Promise.all(browsers.map((browser) => bed.begin(browser)));
  const started = performance.now();
  const pages = await Promise.all(browsers.map((browser, index) => browser.finish(callbacks[index] as string)));
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(pages.every(({ status, text }) => status >= 400 && text.includes('<h1>'))).toBe(true);
  const statuses = await Promise.all(browsers.map(async (browser) => (await browser.get('/api/users/me')).status));
  expect(statuses).toEqual(bad.map(() => 401));
  const reasons = bad.map(([name, , reason]) => expected(name, reason));
  expect((await bed.refusals()).slice(before).sort()).toEqual(reasons.sort());
}

test('the token endpoint answers with anything', () => expectBounded('token', (_name, reason) => reason));

test('the user-info endpoint answers with anything', async () => {
  bed.hostile.setPerson({ sub: 'without-address' });
  bed.hostile.setIdToken({ claims: { email: undefined } });
  await expectBounded('userinfo', (name, reason) => (name === 'a page' ? 'user_info_invalid' : reason));
});

test('the key set answers with anything', async () => {
  const garbage = [null, [], { keys: null }, { keys: [null] }, { keys: [{ kty: 'RSA', kid: 7 }] }, { keys: [] }];
  const cases = [
    ...bad.filter(([name]) => !/^a (head|byte)/.test(name)).map(([, answer]) => answer()),
    ...garbage.map((value) => answers.json(value)),
  ];
  // A key set that was fetched is kept, so each case has an org of its own: all wait together.
  const orgs = await Promise.all(
    cases.map(async (_answer, index) => {
      const { id } = await addHostileOrg(bed.product, bed.hostile, `keys-${index}`);
      const jwksUri = `${bed.hostile.issuer}/jwks?${index}`;
      await bed.prisma.connection.updateMany({ where: { orgId: id }, data: { jwksUri } });
      return { id, slug: `keys-${index}` };
    }),
  );
  bed.hostile.set('jwks', (request, response) => cases[Number(request.url?.split('?')[1])]?.(request, response));
  const signInAll = async () => {
    const browsers = orgs.map(() => createBrowser({ baseUrl: bed.url }));
    const callbacks = await Promise.all(browsers.map((browser, index) => bed.begin(browser, {}, orgs[index]?.slug)));
    const started = performance.now();
    const pages = await Promise.all(browsers.map((browser, index) => browser.finish(callbacks[index] as string)));
    expect(performance.now() - started).toBeLessThan(10_000);
    const me = await Promise.all(browsers.map((browser) => browser.get('/api/users/me')));
    return pages.map((page, index) => [page.status >= 400, me[index]?.status]);
  };
  expect(await signInAll()).toEqual(cases.map(() => [true, 401]));
  const reasons = (await Promise.all(orgs.map(({ id }) => bed.refusals(id)))).flat();
  expect(reasons).toHaveLength(cases.length);
  for (const reason of reasons) expect(['idp_garbage', 'idp_unreachable', 'id_token_invalid']).toContain(reason);
  bed.hostile.reset();
  expect(await signInAll()).toEqual(cases.map(() => [false, 200]));
});

test('a slow token endpoint and a silent key set together stay below ten seconds', async () => {
  await bed.prisma.connection.updateMany({
    where: { orgId: bed.org.id },
    data: { jwksUri: `${bed.hostile.issuer}/jwks?slow` },
  });
  bed.hostile.set('jwks', answers.hang());
  bed.hostile.set('token', async (request, response) => {
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    return answers.json({ access_token: 'a', id_token: bed.hostile.signIdToken() })(request, response);
  });
  const started = performance.now();
  const { page } = await bed.attempt();
  expect(performance.now() - started).toBeLessThan(10_000);
  expect([page.status, (await bed.refusals()).at(-1)]).toEqual([504, 'idp_unreachable']);
});

test('an IdP that is gone', async () => {
  await bed.prisma.connection.updateMany({
    where: { orgId: bed.org.id },
    data: { tokenEndpoint: 'http://localhost:1/token' },
  });
  const { page } = await bed.attempt();
  expect([page.status, (await bed.refusals()).at(-1)]).toEqual([504, 'idp_unreachable']);
});
