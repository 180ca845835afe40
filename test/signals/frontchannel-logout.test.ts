import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser as Chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { chores } from '../../src/context.ts';
import { clean } from '../../src/database/chores.ts';
import { createBrowser } from '../support/browser.ts';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { atTheirInsert, letSignInsWait, waitForLock, whileLocked } from '../support/locks.ts';
import { liveGrants, plantGrants } from '../support/planted-grants.ts';
import { startNode, stopProcess } from '../support/product.ts';
import { type SignalBed, startSignalBed } from './support.ts';

let bed: SignalBed;
beforeAll(async () => {
  bed = await startSignalBed({ env: { TRUST_PROXY: 'loopback' } });
});
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

type Query = Record<string, string> | [string, string][];
type Asked = { org?: string; at?: string; from?: string; method?: string; headers?: Record<string, string> };

const addressOf = (query: Query, { org = 'hostile', at = bed.url }: Asked = {}) =>
  `${at}/openid/frontchannel-logout/${org}?${new URLSearchParams(query)}`;
/** As a frame asks: without a cookie, for a document. Each test has a network of its own. */
const ask = (query: Query, asked: Asked = {}) =>
  fetch(addressOf(query, asked), {
    method: asked.method ?? 'GET',
    headers: { accept: 'text/html', 'x-forwarded-for': asked.from ?? '203.0.113.7', ...asked.headers },
  });
const logOut = (sid: string, asked?: Asked) => ask({ iss: bed.hostile.issuer, sid }, asked);

async function expectOk(answer: Response): Promise<string> {
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
  return answer.text();
}

const notes = (like = '%') =>
  bed.prisma.spent.findMany({ where: { orgId: bed.org.id, kind: 'idp_session', id: { contains: like } } });
const noteOf = async (sid: string, orgId = bed.org.id) => {
  const { rows } = await bed.pool.query<{ seconds: number }>(
    `SELECT extract(epoch FROM expires_at - now())::float8 AS seconds FROM spent
     WHERE org_id = $1 AND kind = 'idp_session' AND id LIKE '%' || $2`,
    [orgId, ` ${sid}`],
  );
  return rows[0]?.seconds ?? null;
};
const framingOf = (answer: Response) => [
  /frame-ancestors ([^;]*)/.exec(answer.headers.get('content-security-policy') ?? '')?.[1],
  answer.headers.get('x-frame-options'),
];
const events = () => bed.audited('idp_session.ended');

/** Another connection of the org. */
async function addSibling(changes: Record<string, unknown>) {
  const { id: _id, createdAt: _at, updatedAt: _then, ...rest } = bed.connection;
  const data = { ...rest, id: 'con_sibling', clientId: 'sibling', provenAt: null, roleMapping: {}, ...changes };
  await bed.prisma.connection.create({ data });
  return () => bed.prisma.connection.delete({ where: { orgId_id: { orgId: bed.org.id, id: 'con_sibling' } } });
}

describe('a front-channel logout', () => {
  test('ends what was born of that session at the IdP, and nothing else, on record without a caller', async () => {
    const [first, second] = [await bed.signIn('front-1'), await bed.signIn('front-2')];
    const person = { orgId: bed.org.id, userId: await bed.userId() };
    const ended = await plantGrants(bed.product, person, 2, { idpSid: 'front-1' });
    const [kept] = await plantGrants(bed.product, person, 1, { idpSid: 'front-2' });
    await expectOk(await logOut('front-1'));
    expect([await bed.me(first), await bed.me(second)]).toEqual([401, 200]);
    expect((await first.get('/api/users/me')).json()).toMatchObject({ code: 'session_revoked' });
    expect(await liveGrants(bed.product, [...ended, kept as never])).toEqual([kept?.id]);
    const revocation = await bed.prisma.revocation.findFirst({
      where: { orgId: bed.org.id },
      orderBy: { createdAt: 'desc' },
    });
    expect(revocation).toMatchObject({ initiator: 'idp', callerId: null, sessionsEnded: 1, grantsEnded: 2 });
    expect(revocation?.subject).toEqual({ iss: bed.hostile.issuer, sid: 'front-1' });
    expect((await events()).at(-1)).toMatchObject({
      ...{ actorType: 'anonymous', actorId: null, ip: '203.0.113.7', targetId: person.userId },
      detail: { connection: bed.connection.id, via: 'front_channel', sessionsEnded: 1, grantsEnded: 2 },
    });
  });

  // LemonLDAP::NG sends the person's subject out of the box, and has no `sid` in its ID tokens.
  test('that names a person in place of a session ends nothing, and says so in the log alone', async () => {
    const browser = await bed.signIn();
    const lines = async (sid: string) => {
      const answer = await logOut(sid);
      const page = await expectOk(answer);
      return [page, bed.logged(answer).map(({ msg }) => msg)] as const;
    };
    const [page, told] = await lines('mallory');
    expect([await bed.me(browser), told]).toEqual([200, ['front-channel logout names a person']]);
    expect(await lines('nobody')).toEqual([page, []]);
  });

  test('tells an open page', async () => {
    const browser = await bed.signIn('front-open');
    const stream = await browser.open('GET', '/api/users/me/events', { signal: AbortSignal.timeout(20_000) });
    await expectOk(await logOut('front-open'));
    expect(await stream.text()).toContain('event: signed-out\ndata: {"reason":"session_revoked"');
  });

  test('is answered alike, to the byte, whether or not anything was there; what was not is not on record', async () => {
    await bed.signIn('front-there');
    const known = await logOut('front-there');
    const before = (await events()).length;
    const answers = [known, await logOut('front-there'), await logOut('front-never')];
    const headersOf = ({ headers }: Response) =>
      [...headers].filter(([name]) => !['date', 'x-request-id', 'keep-alive', 'connection'].includes(name));
    const told = await Promise.all(answers.map(async (answer) => [await expectOk(answer), headersOf(answer)]));
    expect(told).toEqual([told[0], told[0], told[0]]);
    expect(told[0]?.[0]).toContain('<html lang="en">');
    expect(told[0]?.[0]).not.toMatch(/<script|<link|<img/);
    expect((await events()).length).toBe(before);
  });

  test('minds only iss and sid: not the cookie that comes along, nor other parameters', async () => {
    const [mine, theirs] = [await bed.signIn('front-mine'), await bed.signIn('front-theirs')];
    const before = await bed.prisma.session.findFirstOrThrow({ where: { orgId: bed.org.id, idpSid: 'front-mine' } });
    const query = { iss: bed.hostile.issuer, sid: 'front-theirs', state: 'x', post_logout_redirect_uri: 'https://a.b' };
    const answer = await mine.get(addressOf(query));
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([200, null]);
    expect([await bed.me(mine), await bed.me(theirs)]).toEqual([200, 401]);
    const after = await bed.prisma.session.findFirstOrThrow({ where: { orgId: bed.org.id, idpSid: 'front-mine' } });
    expect(after.data).toEqual(before.data);
  });

  test('counts under every issuer, at every active connection of it, and at no other', async () => {
    const where = { orgId: bed.org.id, id: bed.connection.id };
    await bed.prisma.connection.updateMany({ where, data: { acceptedIssuers: ['https://custom.example'] } });
    const remove = await addSibling({ issuer: 'https://custom.example', clientId: 'sibling' });
    const removed = bed.prisma.connection.updateMany({ where, data: { acceptedIssuers: [] } });
    const browser = await bed.signIn('front-every');
    await expectOk(await ask({ iss: 'https://custom.example', sid: 'front-every' }));
    expect(await bed.me(browser)).toBe(401);
    expect((await notes('front-every')).map(({ id }) => id).sort()).toEqual(
      [`${bed.connection.id} front-every`, 'con_sibling front-every'].sort(),
    );
    await removed;
    const other = await bed.signIn('front-sibling');
    await expectOk(await ask({ iss: 'https://custom.example', sid: 'front-sibling' }));
    expect(await bed.me(other)).toBe(200);
    await remove();
  });

  test('without iss, as Entra ID sends it, counts at each active connection of the org', async () => {
    const twin = await bed.product.signIn();
    const orgId = bed.product.orgs.whiterabbit.id;
    const { idpSid } = await bed.prisma.session.findFirstOrThrow({ where: { orgId }, orderBy: { createdAt: 'desc' } });
    const sid = idpSid as string;
    const remove = await addSibling({ issuer: 'https://another.example' });
    const browser = await bed.signIn(sid);
    const answer = await ask({ sid });
    await expectOk(answer);
    await remove();
    expect([await bed.me(browser), await bed.me(twin)]).toEqual([401, 200]);
    expect((await notes(sid)).map(({ id }) => id).sort()).toEqual(
      [`${bed.connection.id} ${sid}`, `con_sibling ${sid}`].sort(),
    );
    // Whoever names no issuer isn't told which ones the org has.
    expect(framingOf(answer)).toEqual(["'none'", 'DENY']);
    expect((await events()).at(-1)?.detail).toMatchObject({ via: 'front_channel', connection: bed.connection.id });
  });

  test('of one org ends nothing in another, whose IdP names its session the same', async () => {
    const twin = await bed.product.signIn();
    const orgId = bed.product.orgs.whiterabbit.id;
    const { idpSid } = await bed.prisma.session.findFirstOrThrow({ where: { orgId }, orderBy: { createdAt: 'desc' } });
    await expectOk(await logOut(idpSid as string));
    expect([await bed.me(twin), await noteOf(idpSid as string, orgId)]).toEqual([200, null]);
    const { issuer } = bed.product.idp.tenant('whiterabbit');
    expect((await ask({ iss: issuer, sid: idpSid as string })).status).toBe(400);
    await expectOk(await ask({ iss: issuer, sid: idpSid as string }, { org: 'whiterabbit' }));
    expect(await bed.me(twin)).toBe(401);
  });
});

describe('what is refused, with words for whoever sets it up, and ends nothing', () => {
  const issuer = () => bed.hostile.issuer;
  test.each<[string, () => Query]>([
    ['neither', () => ({})],
    ['no sid', () => ({ iss: issuer() })],
    ['an empty sid', () => ({ iss: issuer(), sid: '' })],
    ['an empty iss', () => ({ iss: '', sid: 'front-kept' })],
    ['sid twice', () => Object.entries({ iss: issuer(), sid: 'front-kept' }).concat([['sid', 'front-kept']])],
    ['iss twice', () => Object.entries({ iss: issuer(), sid: 'front-kept' }).concat([['iss', issuer()]])],
    ['sid as a list', () => ({ iss: issuer(), 'sid[]': 'front-kept' })],
    ['a sid of 256 letters', () => ({ iss: issuer(), sid: 'x'.repeat(256) })],
    ['a sid with NUL', () => ({ iss: issuer(), sid: 'front-kept\0' })],
    ['a sid with a line break', () => ({ iss: issuer(), sid: 'front-kept\r\nx: y' })],
    ['a sid in letters of another script', () => ({ iss: issuer(), sid: 'ф' })],
    ['another issuer', () => ({ iss: 'https://evil.example', sid: 'front-kept' })],
    ['an issuer with NUL', () => ({ iss: `${issuer()}\0`, sid: 'front-kept' })],
    ['an issuer of 3,000 letters', () => ({ iss: `${issuer()}/${'x'.repeat(3_000)}`, sid: 'front-kept' })],
    ['SQL as an issuer', () => ({ iss: `${issuer()}' OR '1'='1`, sid: 'front-kept' })],
  ])('%s', async (_name, query) => {
    const before = (await notes()).length;
    const answer = await ask(query());
    const page = await answer.text();
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([400, 'no-store']);
    expect(page).toMatch(/exactly one sid, and the iss|no active connection of this issuer/);
    expect([...framingOf(answer), page.includes('frame')]).toEqual(["'none'", 'DENY', false]);
    expect((await notes()).length).toBe(before);
  });

  test.each(['nobody', 'a%00b', 'x'.repeat(100), "hostile'--"])('the org %s', async (org) => {
    const answer = await logOut('front-kept', { org });
    expect([answer.status, ...framingOf(answer)]).toEqual([400, "'none'", 'DENY']);
  });

  test('a connection that is switched off', async () => {
    await bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { active: false } });
    expect((await logOut('front-off')).status).toBe(400);
    await bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { active: true } });
  });

  test('other methods: whatever only looks ends nothing', async () => {
    const browser = await bed.signIn('front-looked-at');
    for (const method of ['HEAD', 'POST', 'OPTIONS', 'DELETE']) {
      const answer = await logOut('front-looked-at', { method });
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'GET']);
    }
    expect(await bed.me(browser)).toBe(200);
  });

  test('SQL as a sid is a sid', async () => {
    const browser = await bed.signIn('front-sql');
    await expectOk(await logOut(`' OR idp_sid LIKE '%`));
    await expectOk(await logOut('%'));
    expect(await bed.me(browser)).toBe(200);
  });
});

describe('the frame', () => {
  test('is the IdP’s alone: its issuers, and the pages that it signs people in and out at', async () => {
    const { issuer } = bed.hostile;
    expect(framingOf(await logOut('front-framed'))).toEqual([issuer, null]);
    const data = {
      acceptedIssuers: [
        'https://custom.example/x',
        'https://evil.example;script-src *',
        'https://a;b.example',
        'urn:x',
      ],
      authorizationEndpoint: 'https://login.example:8443/authorize?x=1',
      endSessionEndpoint: 'https://*.example/logout',
    };
    const where = { orgId: bed.org.id };
    await bed.prisma.connection.updateMany({ where, data });
    const answer = await logOut('front-framed');
    const { authorizationEndpoint, endSessionEndpoint } = bed.connection;
    await bed.prisma.connection.updateMany({
      where,
      data: { acceptedIssuers: [], authorizationEndpoint, endSessionEndpoint },
    });
    expect(framingOf(answer)).toEqual([`https://custom.example ${issuer} https://login.example:8443`, null]);
  });

  test('is of no other page of ours', async () => {
    for (const path of [
      '/',
      '/signed-out',
      '/openid/start/hostile',
      '/openid/backchannel-logout/hostile',
      '/nowhere',
    ]) {
      const answer = await fetch(`${bed.url}${path}`, { redirect: 'manual', headers: { accept: 'text/html' } });
      expect([path, ...framingOf(answer)]).toEqual([path, "'none'", 'DENY']);
    }
  });
});

describe('an unknown sid', () => {
  test('is remembered for 15 minutes, and for no less than it was before', async () => {
    await expectOk(await logOut('front-unknown'));
    const seconds = (await noteOf('front-unknown')) ?? 0;
    expect(seconds > 840 && seconds <= 900).toBe(true);
    expect((await bed.postLogout(bed.logoutToken({ sid: 'front-day' }))).status).toBe(200);
    await expectOk(await logOut('front-day'));
    expect(await noteOf('front-day')).toBeGreaterThan(86_000);
  });

  test('keeps out the sign-in that was under way, until it is forgotten', async () => {
    bed.hostile.setIdToken({ claims: { sid: 'front-flight' } });
    const browser = createBrowser({ baseUrl: bed.url });
    const callback = await bed.begin(browser);
    await expectOk(await logOut('front-flight'));
    await browser.get(callback);
    expect(await bed.me(browser)).toBe(401);
    await bed.pool.query(`UPDATE spent SET expires_at = now() - interval '1 second' WHERE id LIKE '% front-flight'`);
    while ((await notes('front-flight')).length > 0) await clean(bed.pool, chores);
    expect(await bed.me(await bed.signIn('front-flight'))).toBe(200);
  });

  test('tells the moment of the end, of a session that nothing but the note ended', async () => {
    const browser = await bed.signIn('front-moment-before');
    await expectOk(await logOut('front-moment'));
    // As the one that was inserted at that very moment is left: alive but for the note.
    await bed.pool.query(
      `UPDATE sessions SET idp_sid = 'front-moment', created_at = now() - interval '3 hours'
       WHERE idp_sid = 'front-moment-before'`,
    );
    const isOfNow = (moment: unknown) => Math.abs(Date.now() - new Date(String(moment)).getTime()) < 60_000;
    expect(isOfNow((await browser.get('/api/users/me')).json().signedOutAt)).toBe(true);
    await bed.pool.query(`UPDATE spent SET expires_at = now() - interval '1 second' WHERE id LIKE '% front-moment'`);
    while ((await notes('front-moment')).length > 0) await clean(bed.pool, chores);
    const session = await bed.prisma.session.findFirstOrThrow({ where: { idpSid: 'front-moment' } });
    expect(isOfNow(session.revokedAt?.toISOString())).toBe(true);
  });

  test('leaves room where honest logouts of one network ended something', async () => {
    const from = '192.0.2.77';
    const person = { orgId: bed.org.id, userId: await bed.userId() };
    for (let n = 0; n < 65; n += 1) {
      await plantGrants(bed.product, person, 1, { idpSid: `front-many-${n}` });
      await expectOk(await logOut(`front-many-${n}`, { from }));
    }
    await expectOk(await logOut('front-one-more', { from }));
    expect(await noteOf('front-one-more')).not.toBeNull();
  });

  test('is bounded: a thousand from one network, and from many, leave what is honest to be done', async () => {
    await bed.pool.query(`DELETE FROM spent WHERE kind = 'idp_session'`);
    const flood = async (count: number, from: (n: number) => string) => {
      const waiting = Array.from({ length: count }, (_, n) => n);
      const work = async () => {
        for (let n = waiting.pop(); n !== undefined; n = waiting.pop())
          await expectOk(await logOut(`front-flood-${from(n)}-${n}`, { from: from(n) }));
      };
      await Promise.all(Array.from({ length: 16 }, work));
    };
    await flood(1_000, (n) => `198.51.100.${n % 200}`);
    const ofOneNetwork = (await notes('front-flood')).length;
    expect(ofOneNetwork > 0 && ofOneNetwork <= 60).toBe(true);

    // Beyond the limit a session that is there ends, and its sid is remembered.
    const known = await bed.signIn('front-known');
    await expectOk(await logOut('front-known', { from: '198.51.100.3' }));
    expect([await bed.me(known), await noteOf('front-known')]).toEqual([401, expect.closeTo(890, -2)]);
    // Another network, and another org, have room of their own.
    await expectOk(await logOut('front-elsewhere', { from: '192.0.2.1' }));
    expect(await noteOf('front-elsewhere')).not.toBeNull();
    const { issuer } = bed.product.idp.tenant('metacortex');
    const twin = { org: 'metacortex', from: '198.51.100.3' };
    await expectOk(await ask({ iss: issuer, sid: 'front-twin' }, twin));
    expect(await noteOf('front-twin', bed.product.orgs.metacortex.id)).not.toBeNull();

    await flood(1_300, (n) => `10.${n % 100}.${n % 7}.1`);
    expect((await notes('front-flood')).length).toBeLessThanOrEqual(1_000);
    const last = await bed.signIn('front-last');
    await expectOk(await logOut('front-last', { from: '10.1.1.1' }));
    expect(await bed.me(last)).toBe(401);

    await bed.pool.query(`UPDATE spent SET expires_at = now() WHERE kind = 'idp_session'`);
    while ((await notes('front-flood')).length > 0) await clean(bed.pool, chores);
  }, 120_000);
});

test('ends one session also where a logout token ends all of the person: nobody signs it', async () => {
  const set = (logoutTokenEnds: 'person' | 'session') =>
    bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { logoutTokenEnds } });
  await set('person');
  const [first, second] = [await bed.signIn('front-person-1'), await bed.signIn('front-person-2')];
  await expectOk(await logOut('front-person-1'));
  expect([await bed.me(first), await bed.me(second)]).toEqual([401, 200]);
  await set('session');
});

describe('beside a sign-in, at two nodes', () => {
  let other: Awaited<ReturnType<typeof startNode>>;
  beforeAll(async () => {
    other = await startNode(bed.product.env);
  });
  afterAll(async () => {
    if (other) await stopProcess(other.process);
  });

  test('none survives that is about to insert its session', async () => {
    await bed.signIn('front-first');
    await letSignInsWait(bed.product);
    for (let trial = 0; trial < 10; trial += 1) {
      bed.hostile.setIdToken({ claims: { sid: `front-between-${trial}` } });
      const browser = createBrowser({ baseUrl: bed.url });
      const callback = await bed.begin(browser);
      let finishing: Promise<unknown> = Promise.resolve();
      await whileLocked(bed.product, atTheirInsert, async () => {
        finishing = browser.get(callback);
        await waitForLock(bed.product);
        await expectOk(await logOut(`front-between-${trial}`, { at: other.url, from: `192.168.${trial}.1` }));
      });
      await finishing;
      // It was inserted, and is dead by what is remembered alone.
      const { status, json } = await browser.get('/api/users/me');
      const endedAt = Date.parse(String(json().signedOutAt));
      expect([status, Math.abs(Date.now() - endedAt) < 60_000]).toEqual([401, true]);
    }
    await bed.pool.query(`UPDATE spent SET expires_at = now() - interval '1 second' WHERE id LIKE '% front-between-%'`);
    while ((await notes('front-between')).length > 0) await clean(bed.pool, chores);
    const sessions = await bed.prisma.session.findMany({ where: { idpSid: { startsWith: 'front-between-' } } });
    expect(sessions.map(({ createdAt, revokedAt }) => revokedAt && revokedAt >= createdAt)).toEqual(
      Array(10).fill(true),
    );
  });

  test('none survives in two hundred races', async () => {
    let survivors = 0;
    for (let trial = 0; trial < 200; trial += 1) {
      bed.hostile.setIdToken({ claims: { sid: `front-race-${trial}` } });
      const browser = createBrowser({ baseUrl: bed.url });
      const callback = await bed.begin(browser);
      const wait = new Promise((resolve) => setTimeout(resolve, trial % 20));
      const [, answer] = await Promise.all([
        browser.get(callback),
        wait.then(() => logOut(`front-race-${trial}`, { at: other.url, from: `172.16.${trial}.1` })),
      ]);
      await expectOk(answer);
      if ((await bed.me(browser)) === 200) survivors += 1;
    }
    expect(survivors).toBe(0);
  }, 120_000);
});

describeInChromium('in a frame of another origin', () => {
  let chromium: Chromium;
  let framing: { origin: string; close: () => void };
  let frame = '';
  beforeAll(async () => {
    chromium = await launchChromium();
    const server = createServer((_req, res) => {
      res.setHeader('content-type', 'text/html');
      res.end(`<!doctype html><title>Signing out</title><iframe src="${frame.replaceAll('&', '&amp;')}"></iframe>`);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    framing = { origin, close: () => server.close() };
  });
  afterAll(async () => {
    await chromium?.close();
    framing?.close();
  });

  test.each([
    ['the IdP’s, the page is shown', true, true],
    // The browser asks before it refuses to show the answer.
    ['somebody else’s, it is not shown; the session ends all the same', false, true],
    ['the IdP’s, without iss as Entra ID sends it, it is not shown; the session ends', true, false],
  ])('%s', async (name, isIdps, hasIssuer) => {
    const where = { orgId: bed.org.id };
    if (isIdps) await bed.prisma.connection.updateMany({ where, data: { acceptedIssuers: [framing.origin] } });
    const signedIn = await bed.signIn(`front ${name.length}`);
    frame = addressOf({ ...(hasIssuer && { iss: bed.hostile.issuer }), sid: `front ${name.length}` });
    const context = await chromium.newContext();
    const page = await context.newPage();
    await page.goto(framing.origin, { waitUntil: 'load' });
    const [, shown] = page.frames();
    const text = await shown?.locator('body').innerText();
    expect(text?.includes('is signed out')).toBe(isIdps && hasIssuer);
    expect(await bed.me(signedIn)).toBe(401);
    await context.close();
    await bed.prisma.connection.updateMany({ where, data: { acceptedIssuers: [] } });
  });

  test('loads nothing more, and breaks no rule of its own', async () => {
    const tab = await openPage(chromium);
    const requests: string[] = [];
    tab.page.on('request', (request) => requests.push(request.url()));
    const address = addressOf({ iss: bed.hostile.issuer, sid: 'front-alone' });
    await tab.page.goto(address);
    expect(requests.filter((url) => !url.endsWith('/favicon.ico'))).toEqual([address]);
    await tab.close();
  });
});
