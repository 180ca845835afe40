import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type SignInBed, startSignInBed } from '../sign-in/support.ts';
import { type Browser, type BrowserResponse, createBrowser } from '../support/browser.ts';
import { answers } from '../support/hostile-answers.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';

let bed: SignInBed;
let connectionId: string;
beforeAll(async () => {
  bed = await startSignInBed();
  const connection = await bed.prisma.connection.findFirstOrThrow({ where: { orgId: bed.org.id } });
  connectionId = connection.id;
});
afterAll(() => bed?.stop());
afterEach(async () => {
  bed.hostile.reset();
  await bed.prisma.connection.updateMany({
    where: { id: connectionId },
    data: { active: true, provenAt: null, tellsAuthTime: null, reauthentication: 'verified' },
  });
});

/** A browser with the session of somebody of the hostile IdP's org. */
async function administrator(role: 'owner' | 'admin' | 'member' = 'owner') {
  const orgs = { ...bed.product.orgs, hostile: { ...bed.product.orgs.whiterabbit, id: bed.org.id, connectionId } };
  const planted = await plantAdministrator({ ...bed.product, orgs } as never, role, {
    org: 'hostile' as never,
    sessions: 2,
  });
  const browser = createBrowser({ baseUrl: bed.url });
  await browser.jar.setCookie(planted.cookie, bed.url);
  return { ...planted, browser };
}

const startPath = (id = connectionId) => `/admin/settings/connections/${id}/trial/start`;

/** Goes to the IdP and back up to, not into, the callback. */
async function begin(browser: Browser, { anew = false, id = connectionId } = {}): Promise<string> {
  const step = await browser.toCallback(await browser.get(`${startPath(id)}${anew ? '?anew=1' : ''}`));
  if (!step.callbackUrl) throw new Error(`no callback: ${step.page.status} ${step.page.text}`);
  return step.callbackUrl;
}

const enter = (browser: Browser, callbackUrl: string) => browser.get(callbackUrl, { crossSite: true });

/** The steps' outcomes, as the page says them. */
const outcomesOf = ({ text }: BrowserResponse) =>
  [...text.matchAll(/<h2>([^<]*)<\/h2><span class="badge [a-z]+">([^<]*)</g)].map(([, step, outcome]) => [
    step,
    outcome,
  ]);

/** All that a trial must leave as it is. */
async function world() {
  const { prisma } = bed;
  const orgId = bed.org.id;
  const [connection, users, identities, sessions, spent] = await Promise.all([
    prisma.connection.findFirstOrThrow({ where: { id: connectionId } }),
    prisma.user.findMany({ where: { orgId }, orderBy: { id: 'asc' } }),
    prisma.identity.findMany({ where: { orgId }, orderBy: { id: 'asc' } }),
    prisma.session.findMany({ where: { orgId }, orderBy: { id: 'asc' }, omit: { lastSeenAt: true, lastSeenIp: true } }),
    prisma.spent.count({ where: { orgId, kind: 'sign_in_state' } }),
  ]);
  return { connection, users, identities, sessions, spent };
}

const tried = () =>
  bed.prisma.auditEvent.findMany({ where: { orgId: bed.org.id, action: 'connection.tried' }, orderBy: { at: 'asc' } });

describe('a trial of a sign-in', () => {
  it('reports each step to the owner who began it, and changes nothing', async () => {
    const { browser, id, cookie } = await administrator();
    const before = await world();
    const events = await bed.prisma.auditEvent.count({ where: { orgId: bed.org.id } });
    const page = await enter(browser, await begin(browser));
    expect(page.status).toBe(200);
    expect(outcomesOf(page).map(([, outcome]) => outcome)).toEqual(Array(8).fill('Good'));
    for (const text of ['mallory@hostile.fake', 'auth_time', 'hostile-client', 'a person would be created'])
      expect(page.text).toContain(text);
    expect(page.headers.get('cache-control')).toBe('no-store');
    // No token, no code and no secret stands on it.
    expect(page.text).not.toMatch(/eyJ[\w-]{10}/);
    expect(page.text).not.toContain(bed.hostile.clientSecret);
    expect(page.text).not.toContain('code-');
    expect(await world()).toEqual(before);
    expect(await bed.prisma.auditEvent.count({ where: { orgId: bed.org.id } })).toBe(events + 1);
    expect(await tried()).toMatchObject([
      { actorId: id, targetId: connectionId, detail: { outcome: 'good', step: null, reason: null } },
    ]);
    // The owner's own session is the one from before.
    expect(await browser.cookiesFor('/')).toContain(cookie);
    expect((await browser.get('/api/users/me')).json()).toMatchObject({ id });
  });

  it('works for a connection that is switched off, which lets nobody in', async () => {
    await bed.prisma.connection.updateMany({ where: { id: connectionId }, data: { active: false } });
    const { browser } = await administrator();
    const page = await enter(browser, await begin(browser));
    expect(page.status).toBe(200);
    expect(page.text).toContain('The connection is switched off');
    const start = await createBrowser({ baseUrl: bed.url }).get(`/openid/start/hostile?connection=${connectionId}`);
    expect(start.status).toBe(404);
  });

  it.each<[string, () => void, string, RegExp]>([
    [
      'the client’s secret is refused',
      () => bed.hostile.set('token', answers.json({ error: 'invalid_client' }, 401)),
      'The token endpoint',
      /enter the secret anew.*try client_secret_post in the settings/,
    ],
    [
      'the ID token is for another audience',
      () => bed.hostile.setIdToken({ claims: { aud: 'another' } }),
      'The ID token',
      /The token is for another; the client id here is hostile-client/,
    ],
    [
      'the IdP refuses',
      () =>
        bed.hostile.setAuthorizeParams((_query, honest) => ({ ...honest, code: undefined, error: 'invalid_scope' })),
      'The answer',
      /Allow this application the scopes/,
    ],
    [
      'the address is missing',
      () => bed.hostile.setIdToken({ claims: { email: undefined } }),
      'The address',
      /Neither the ID token nor user info had the claim “email”/,
    ],
  ])('says where %s, and what to do', async (_name, fault, step, hint) => {
    fault();
    if (step === 'The address') bed.hostile.set('userinfo', answers.json({ sub: 'mallory' }));
    const { browser } = await administrator();
    const before = await world();
    const page = await enter(browser, await begin(browser));
    expect(page.status).toBe(200);
    const bad = outcomesOf(page).filter(([, outcome]) => outcome === 'Bad');
    expect(bad).toEqual([[step, 'Bad']]);
    expect(page.text).toMatch(hint);
    const { connection: _own, sessions: _sessions, ...after } = await world();
    expect(before).toMatchObject(after);
  });

  it('says where auth_time is missing, and notes nothing of it', async () => {
    bed.hostile.setIdToken({ claims: { auth_time: undefined } });
    const { browser } = await administrator();
    const page = await enter(browser, await begin(browser));
    expect(outcomesOf(page)).toContainEqual(['Whether it is fresh', 'Look at this']);
    const asked = await enter(browser, await begin(browser, { anew: true }));
    expect(outcomesOf(asked)).toContainEqual(['Whether it is fresh', 'Bad']);
    expect(asked.text).toContain('Switch on “Ask for auth_time”');
    expect((await world()).connection.tellsAuthTime).toBeNull();
  });

  it('finds out whether the IdP really asks for a new authentication', async () => {
    bed.hostile.setIdToken({ claims: { auth_time: Math.floor(Date.now() / 1000) - 3600 } });
    const { browser } = await administrator();
    expect(outcomesOf(await enter(browser, await begin(browser)))).toContainEqual(['Whether it is fresh', 'Good']);
    const asked = await enter(browser, await begin(browser, { anew: true }));
    expect(outcomesOf(asked)).toContainEqual(['Whether it is fresh', 'Bad']);
    expect(asked.text).toContain('prompt');
  });
});

describe('a trial says who it would be', () => {
  it('is somebody who is known, to be linked, switched off, or unknown where the org adds people itself', async () => {
    const { browser } = await administrator();
    const { prisma } = bed;
    const orgId = bed.org.id;
    const real = await bed.attempt();
    const { id, email } = real.me.json<{ id: string; email: string }>();
    const known = await enter(browser, await begin(browser));
    expect(known.text).toContain('known here by their subject');
    expect(known.text).toContain(`/admin/people/${id}"`);
    await prisma.user.updateMany({ where: { id }, data: { active: false } });
    const off = await enter(browser, await begin(browser));
    expect(outcomesOf(off)).toContainEqual(['Who it would be', 'Bad']);
    expect(off.text).toContain('Your account is switched off');
    await prisma.user.updateMany({ where: { id }, data: { active: true } });

    bed.hostile.setIdToken({ claims: { sub: 'another account' } });
    const mismatch = await enter(browser, await begin(browser));
    expect(mismatch.text).toContain('Your address belongs to another account');
    await prisma.session.deleteMany({ where: { userId: id } });
    await prisma.identity.deleteMany({ where: { userId: id } });
    const linked = await enter(browser, await begin(browser));
    expect(linked.text).toContain('would be linked to this person');
    expect(linked.text).toContain(email);
    expect(await prisma.identity.count({ where: { userId: id } })).toBe(0);

    await prisma.org.update({ where: { id: orgId }, data: { createUsers: false } });
    bed.hostile.setIdToken({ claims: { sub: 'new', email: 'new@hostile.fake' } });
    const unknown = await enter(browser, await begin(browser));
    expect(unknown.text).toContain('You have no account here yet');
    await prisma.org.update({ where: { id: orgId }, data: { createUsers: true } });
  });

  it('whose access was ended would be asked once more, and an ended session at the IdP is no way in', async () => {
    const { browser } = await administrator();
    bed.hostile.setIdToken({ claims: { sub: 'ended', email: 'ended@hostile.fake', sid: 'a-session' } });
    const real = await bed.attempt();
    const { id } = real.me.json<{ id: string }>();
    expect((await revoke(id)).status).toBe(204);
    const longAgo = Math.floor(Date.now() / 1000) - 3600;
    const claims = { sub: 'ended', email: 'ended@hostile.fake', sid: 'a-session' };
    bed.hostile.setIdToken({ claims: { ...claims, auth_time: longAgo } });
    const asked = await enter(browser, await begin(browser));
    expect(outcomesOf(asked)).toContainEqual(['Whether it is fresh', 'Look at this']);
    expect(asked.text).toContain('to authenticate anew');
    bed.hostile.setIdToken({ claims });
    expect(outcomesOf(await enter(browser, await begin(browser)))).toContainEqual(['Whether it is fresh', 'Good']);
    await bed.prisma.spent.create({
      data: {
        ...{ orgId: bed.org.id, kind: 'idp_session', id: `${connectionId} a-session` },
        expiresAt: new Date(Date.now() + 60_000),
      },
    });
    const over = await enter(browser, await begin(browser));
    expect(outcomesOf(over)).toContainEqual(['Whether it is fresh', 'Bad']);
    expect(over.text).toContain('Your access changed meanwhile');
  });
});

describe('nobody gets a trial that isn’t theirs', () => {
  it('started by an admin, a member, an owner of another org, or nobody', async () => {
    for (const role of ['admin', 'member'] as const) {
      const { browser } = await administrator(role);
      expect((await browser.get(startPath())).status).toBe(403);
    }
    const other = await plantAdministrator(bed.product, 'owner');
    const foreign = await fetch(`${bed.url}${startPath()}`, { headers: { cookie: other.cookie }, redirect: 'manual' });
    expect(foreign.status).toBe(404);
    const nobody = await fetch(`${bed.url}${startPath()}`, { redirect: 'manual' });
    expect([nobody.status, nobody.headers.get('location')]).toEqual([303, '/']);
  });

  it.each<[string, (mine: Awaited<ReturnType<typeof administrator>>) => Promise<void>]>([
    [
      'after the session ended',
      async ({ id }) => {
        expect((await revoke(id)).status).toBe(204);
      },
    ],
    [
      'after the role was lost',
      async ({ id }) => {
        await bed.prisma.user.updateMany({ where: { id }, data: { role: 'admin' } });
      },
    ],
    [
      'in another session of the same owner',
      async ({ browser, cookies }) => {
        await browser.jar.setCookie(cookies[1] as string, bed.url);
        expect((await browser.get('/api/users/me')).status).toBe(200);
      },
    ],
    [
      'in a browser that is signed in as another owner',
      async ({ browser }) => {
        const other = await administrator();
        await browser.jar.setCookie(other.cookie, bed.url);
      },
    ],
  ])('%s: the code isn’t even exchanged', async (_name, change) => {
    const mine = await administrator();
    const callback = await begin(mine.browser);
    await change(mine);
    const asked = exchanges();
    const count = (await tried()).length;
    const page = await enter(mine.browser, callback);
    expect(page.status).toBe(403);
    expect(page.text).toContain('The report is not for here');
    expect(page.text).not.toContain('mallory');
    expect(exchanges()).toBe(asked);
    expect(await tried()).toHaveLength(count);
    // Nor does the state count later.
    expect((await enter(mine.browser, callback)).status).toBe(400);
  });

  it.each(['cross-site', 'same-site', 'else'])('started by a link of another site: %s', async (site) => {
    const { browser } = await administrator();
    const answer = await browser.get(startPath(), { headers: { 'sec-fetch-site': site } });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, startPath().replace(/\/start$/, '')]);
    expect(answer.headers.getSetCookie().filter((set) => set.startsWith('sign-in'))).toEqual([]);
  });

  it('a report counts once', async () => {
    const { browser } = await administrator();
    const callback = await begin(browser);
    const cookies = await browser.cookiesFor('/');
    expect((await enter(browser, callback)).status).toBe(200);
    const again = await fetch(callback, { headers: { cookie: cookies }, redirect: 'manual' });
    expect(again.status).toBe(400);
    expect(await again.text()).toContain('already used');
  });
});

describe('a trial is no sign-in, and a sign-in no trial', () => {
  const stateCookies = async (browser: Browser) =>
    (await browser.cookiesFor('/')).split('; ').filter((pair) => pair.startsWith('sign-in'));

  it('by a trial’s state under a sign-in’s name, with the session and without', async () => {
    const { browser, cookie } = await administrator();
    const callback = await begin(browser);
    const [state = ''] = await stateCookies(browser);
    expect(state).toMatch(/^sign-in-trial\./);
    const renamed = state.replace(/^sign-in-trial\./, 'sign-in.');
    const before = await world();
    for (const cookies of [renamed, `${cookie}; ${renamed}`]) {
      const page = await fetch(callback, { headers: { cookie: cookies }, redirect: 'manual' });
      expect(page.status).toBe(400);
      expect(page.headers.getSetCookie().filter((set) => !set.startsWith('sign-in'))).toEqual([]);
      expect(await page.text()).toContain('This sign-in was not started here');
    }
    expect(await world()).toEqual(before);
  });

  it('by a trial’s own state without the session: a stranger who has the link and the cookie', async () => {
    const { browser } = await administrator();
    const callback = await begin(browser);
    const [state = ''] = await stateCookies(browser);
    const before = await world();
    const page = await fetch(callback, { headers: { cookie: state }, redirect: 'manual' });
    expect(page.status).toBe(403);
    expect(await page.text()).not.toContain('mallory');
    expect(await world()).toEqual(before);
  });

  it('by a sign-in’s state under a trial’s name', async () => {
    const { browser, cookie } = await administrator();
    const callback = await bed.begin(browser);
    const [state = ''] = await stateCookies(browser);
    const renamed = state.replace(/^sign-in\./, 'sign-in-trial.');
    const page = await fetch(callback, { headers: { cookie: `${cookie}; ${renamed}` }, redirect: 'manual' });
    expect(page.status).toBe(400);
    expect(await page.text()).not.toContain('mallory');
  });

  it('and sign-ins that wait in the same browser go on', async () => {
    const { browser } = await administrator();
    const waiting = await bed.begin(browser);
    for (let number = 0; number < 5; number += 1) await begin(browser);
    const callback = await begin(browser);
    expect((await enter(browser, callback)).status).toBe(200);
    const signedIn = await enter(browser, waiting);
    expect(signedIn.status).toBe(303);
    expect((await browser.get('/api/users/me')).json()).toMatchObject({ email: 'mallory@hostile.fake' });
  });
});

it('an org begins no more than 60 trials a minute, whoever of it does', async () => {
  const [mine, other] = [await administrator(), await administrator()];
  const start = (cookie: string) => fetch(`${bed.url}${startPath()}`, { headers: { cookie }, redirect: 'manual' });
  // The minute that is counted may begin anew meanwhile, once.
  let begun = 0;
  while (begun <= 120 && (await start(mine.cookie)).status === 302) begun += 1;
  expect(begun).toBeLessThanOrEqual(120);
  expect((await start(other.cookie)).status).toBe(429);
});

function revoke(id: string): Promise<Response> {
  return bed.product.context.apiKeys
    .create(bed.org.id, { name: 'test' }, { actor: { type: 'operator', id: null }, ip: null, requestId: null })
    .then(({ apiKey }) => bed.product.revoke({ format: 'opaque', id }, { apiKey }));
}

const exchanges = () => bed.hostile.requests.filter(({ endpoint }) => endpoint === 'token').length;
