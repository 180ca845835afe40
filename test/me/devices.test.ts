import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBrowser } from '../support/browser.ts';
import { liveGrants, type PlantedGrant, plantGrants } from '../support/planted-grants.ts';
import { plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { refresh, tokensOf } from '../tokens/support.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

type Listed = Record<
  | 'id'
  | 'type'
  | 'client'
  | 'device'
  | 'userAgent'
  | 'createdAt'
  | 'signedInFrom'
  | 'lastSeenAt'
  | 'lastSeenFrom'
  | 'current',
  unknown
>;

/** The tests' own address. */
const here = /^(::ffff:)?127\.0\.0\.1$|^::1$/;
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

async function plant({ sessions = 3, grants = 2, org = 'whiterabbit' as 'whiterabbit' | 'metacortex' } = {}) {
  const [user] = await plantUsers(product, 1, { sessions, org });
  if (!user) throw new Error('nobody was planted');
  const planted = await plantGrants(product, { orgId: product.orgs[org].id, userId: user.id }, grants);
  return { ...user, grants: planted, cookie: user.cookies[0] as string };
}

const send = (method: string, path: string, cookie?: string, body?: unknown) =>
  fetch(`${product.url}/api/users/me/sessions${path}`, {
    method,
    headers: { ...(cookie ? { cookie } : {}), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
const list = async (cookie: string) => (await (await send('GET', '', cookie)).json()) as Listed[];
const code = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];
const currentOf = async (cookie: string) => (await list(cookie)).find((one) => one.current)?.id as string;

describe('GET /api/users/me/sessions', () => {
  it('lists a sign-in with its device, and never a secret', async () => {
    const browser = createBrowser({ baseUrl: product.url, userAgent: firefox });
    await browser.signIn({ appUrl: product.url, org: 'whiterabbit', ...trinity });
    const answer = await browser.get('/api/users/me/sessions');
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const devices = answer.json<Listed[]>();
    expect(devices).toEqual([
      {
        id: expect.stringMatching(/^ses_[0-9a-f]{32}$/),
        type: 'session',
        client: 'Browser',
        device: 'Firefox on Linux',
        userAgent: firefox,
        createdAt: expect.stringMatching(/^20.*Z$/),
        signedInFrom: expect.stringMatching(here),
        lastSeenAt: expect.stringMatching(/^20.*Z$/),
        lastSeenFrom: expect.stringMatching(here),
        current: true,
      },
    ]);
  });

  it.each([
    ['a session', 'sessions'],
    ['a grant', 'grants'],
  ] as const)('tells where %s was signed in from, and where it was last seen from', async (_what, table) => {
    const user = await plant({ sessions: 1, grants: 1 });
    const twin = await plant({ sessions: 1, grants: 1, org: 'metacortex' });
    const { pool } = product.context;
    const seen = (ago: string) =>
      pool.query(
        `UPDATE ${table} SET ip = '192.0.2.7', last_seen_ip = '192.0.2.8', last_seen_at = now() - $2::interval
         WHERE user_id = ANY ($1)`,
        [[user.id, twin.id], ago],
      );
    const headers: Record<string, string> =
      table === 'sessions' ? { cookie: user.cookie } : { authorization: `Bearer ${user.grants[0]?.accessToken}` };
    const from = async (cookie: string) => {
      const listed = (await list(cookie)).find(({ type }) => `${type}s` === table);
      return [listed?.signedInFrom, listed?.lastSeenFrom];
    };
    const ask = async () => (await fetch(`${product.url}/api/users/me`, { headers })).text();
    // Within the minute nothing is written, wherever it comes from.
    await seen('30 seconds');
    await ask();
    expect(await from(user.cookie)).toEqual(['192.0.2.7', '192.0.2.8']);
    await seen('2 minutes');
    await ask();
    // The write comes beside the answer.
    await expect.poll(() => from(user.cookie)).toEqual(['192.0.2.7', expect.stringMatching(here)]);
    const { rows } = await pool.query(`SELECT last_seen_ip FROM ${table} WHERE user_id = $1`, [twin.id]);
    expect(rows).toEqual([{ last_seen_ip: '192.0.2.8' }]);
  });

  it('tells where an app was signed in from, and where it last asked for a token from', async () => {
    const browser = await product.signIn();
    const tokens = await tokensOf(product, {}, browser);
    const grant = async () =>
      (await browser.get('/api/users/me/sessions')).json<Listed[]>().find(({ type }) => type === 'grant');
    expect(await grant()).toMatchObject({
      signedInFrom: expect.stringMatching(here),
      lastSeenFrom: expect.stringMatching(here),
    });
    await product.context.pool.query(`UPDATE grants SET last_seen_ip = '192.0.2.8' WHERE id = $1`, [
      (await grant())?.id,
    ]);
    expect((await refresh(product, tokens.refresh_token)).status).toBe(200);
    expect((await grant())?.lastSeenFrom).toMatch(here);
  });

  it('lists live sessions and grants, the newest seen first, and which one asks', async () => {
    const user = await plant();
    const { pool } = product.context;
    await pool.query(`UPDATE grants SET last_seen_at = now() + interval '1 minute' WHERE id = $1`, [
      user.grants[1]?.id,
    ]);
    await pool.query(`UPDATE grants SET ended_at = now() WHERE id = $1`, [user.grants[0]?.id]);
    const other = await currentOf(user.cookies[2] as string);
    await pool.query(`UPDATE sessions SET idle_expires_at = now() - interval '1 second' WHERE id = $1`, [other]);
    const devices = await list(user.cookie);
    expect(devices.map(({ type, current }) => [type, current])).toEqual([
      ['grant', false],
      ...(devices[1]?.current ? [true, false] : [false, true]).map((current) => ['session', current]),
    ]);
    expect(devices[0]).toMatchObject({ id: user.grants[1]?.id, device: 'Unknown device', userAgent: null });
    expect(devices[0]).toMatchObject({ signedInFrom: null, lastSeenFrom: null });
    const seen = devices.map((one) => Date.parse(String(one.lastSeenAt)));
    expect(seen).toEqual([...seen].sort((a, b) => b - a));
  });

  it('lists nothing of another person, nor of the twin in the other org', async () => {
    const user = await plant({ sessions: 1, grants: 0 });
    await plant();
    const twin = await plant({ org: 'metacortex' });
    await product.context.pool.query(`UPDATE users SET email = $2, email_key = $2 WHERE id = $1`, [
      twin.id,
      user.email,
    ]);
    expect((await list(user.cookie)).map(({ current }) => current)).toEqual([true]);
    expect(await list(twin.cookie)).toHaveLength(5);
  });

  it('stops at 200, and never leaves out the one that asks', async () => {
    const user = await plant({ sessions: 230, grants: 20 });
    const current = await currentOf(user.cookie);
    await product.context.pool.query(`UPDATE sessions SET last_seen_at = now() - interval '1 hour' WHERE id = $1`, [
      current,
    ]);
    const devices = await list(user.cookie);
    expect(devices).toHaveLength(200);
    expect(devices.at(-1)).toMatchObject({ id: current, current: true });
  });

  it.each([
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
      'Safari on iPhone',
    ],
    ['curl/8.5.0', 'curl'],
    ['((((((', 'Unknown device'],
    ['   ', 'Unknown device'],
    [`${'<b>'.repeat(100)}/1.0`, `${'<b>'.repeat(19)}<b…`],
  ])('reads %j', async (userAgent, device) => {
    const user = await plant({ sessions: 1, grants: 0 });
    await product.context.pool.query(`UPDATE sessions SET user_agent = $2 WHERE user_id = $1`, [user.id, userAgent]);
    expect(await list(user.cookie)).toMatchObject([{ device, userAgent }]);
  });

  it('reads headers that were made to be hard to read', async () => {
    const user = await plant({ sessions: 1, grants: 0 });
    for (const piece of ['(', ' ', 'Version/', 'a/1 (', 'Opera ', '/', 'Mobile ', '0.', 'CPU OS 1_']) {
      const userAgent = piece.repeat(512).slice(0, 512);
      await product.context.pool.query(`UPDATE sessions SET user_agent = $2 WHERE user_id = $1`, [user.id, userAgent]);
      expect(await list(user.cookie)).toMatchObject([{ userAgent }]);
    }
  });
});

describe('DELETE /api/users/me/sessions/:id', () => {
  it('ends one session and one grant, and records who did it', async () => {
    const user = await plant();
    const grant = user.grants[0]?.id as string;
    const other = await currentOf(user.cookies[1] as string);
    for (const [id, action] of [
      [other, 'session.ended'],
      [grant, 'grant.ended'],
    ] as const) {
      const answer = await send('DELETE', `/${id}`, user.cookie);
      expect([answer.status, await answer.text(), answer.headers.get('set-cookie')]).toEqual([204, '', null]);
      const events = await product.context.prisma.auditEvent.findMany({ where: { targetId: id } });
      expect(events).toMatchObject([
        {
          action,
          orgId: product.orgs.whiterabbit.id,
          actorType: 'user',
          actorId: user.id,
          targetType: action.split('.')[0],
          ip: expect.stringMatching(/127\.0\.0\.1|::1/),
          requestId: answer.headers.get('x-request-id'),
        },
      ]);
    }
    expect(await statusOfMe(product.url, user.cookies[1] as string)).toBe(401);
    expect(await statusOfMe(product.url, user.cookies[2] as string)).toBe(200);
    expect(await liveGrants(product, user.grants)).toEqual([user.grants[1]?.id]);
    expect((await list(user.cookie)).map(({ id }) => id)).not.toContain(other);
  });

  it('tells the one that was ended that its person signed out', async () => {
    const user = await plant({ sessions: 2 });
    const other = user.cookies[1] as string;
    await send('DELETE', `/${await currentOf(other)}`, user.cookie);
    expect(await code(await send('GET', '', other))).toEqual([401, 'session_ended']);
  });

  it('ends the one that asks like a sign-out, and takes its cookie away', async () => {
    const user = await plant({ sessions: 2 });
    const answer = await send('DELETE', `/${await currentOf(user.cookie)}`, user.cookie);
    expect(answer.status).toBe(204);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^session=; Path=\/; Expires=Thu, 01 Jan 1970/),
    ]);
    expect(await statusOfMe(product.url, user.cookie)).toBe(401);
    expect(await statusOfMe(product.url, user.cookies[1] as string)).toBe(200);
  });

  it('knows no session or grant of another person or org, and none that is dead', async () => {
    const user = await plant({ sessions: 2 });
    const others = [await plant(), await plant({ org: 'metacortex' })];
    const dead = await currentOf(user.cookies[1] as string);
    await send('DELETE', `/${dead}`, user.cookie);
    const expired = user.grants[0]?.id;
    await product.context.pool.query(`UPDATE grants SET expires_at = now() - interval '1 second' WHERE id = $1`, [
      expired,
    ]);
    const foreign = await Promise.all(others.map((other) => currentOf(other.cookie)));
    const ids = [...foreign, ...others.map((other) => other.grants[0]?.id), dead, expired, user.id, 'ses_none', '%25'];
    for (const id of ids)
      expect(await code(await send('DELETE', `/${id}`, user.cookie)), id).toEqual([404, 'not_found']);
    expect((await send('DELETE', '/%00', user.cookie)).status).toBe(400);
    for (const other of others) {
      expect(await statusOfMe(product.url, other.cookie)).toBe(200);
      expect(await liveGrants(product, other.grants)).toHaveLength(2);
    }
    expect(await product.context.prisma.auditEvent.count({ where: { actorId: user.id } })).toBe(1);
  });

  it('leaves the other org’s alone, where person, session and grant have the same ids', async () => {
    const user = await plant({ sessions: 2, grants: 1 });
    const { pool } = product.context;
    const twin = product.orgs.metacortex.id;
    const copied = [twin, product.orgs.whiterabbit.id, user.id];
    await pool.query(
      `INSERT INTO users (org_id, id, email, email_key, name)
       SELECT $1, id, email, email_key, name FROM users WHERE org_id = $2 AND id = $3`,
      copied,
    );
    await pool.query(
      `INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject)
       SELECT $1, 'idn_' || $3, (SELECT id FROM connections WHERE org_id = $1), $3, issuer, subject
       FROM identities WHERE org_id = $2 AND user_id = $3`,
      copied,
    );
    for (const [table, own, values] of [
      ['sessions', 'sid_hash', `sha256(s.sid_hash)`],
      ['grants', 'client_id, session_id, scope', 's.client_id, s.session_id, s.scope'],
    ])
      await pool.query(
        `INSERT INTO ${table} (org_id, id, user_id, connection_id, identity_id, user_generation, org_generation, idle_expires_at, expires_at, ${own})
         SELECT $1, s.id, u.id, i.connection_id, i.id, u.generation, o.generation, s.idle_expires_at, s.expires_at, ${values}
         FROM ${table} s
         JOIN users u ON u.org_id = $1 AND u.id = $3
         JOIN orgs o ON o.id = $1
         JOIN identities i ON i.org_id = $1 AND i.user_id = $3
         WHERE s.org_id = $2 AND s.user_id = $3`,
        copied,
      );
    const others = (await list(user.cookie)).filter((one) => !one.current);
    expect(others).toHaveLength(2);
    for (const one of others) expect((await send('DELETE', `/${one.id}`, user.cookie)).status).toBe(204);
    const { rows } = await pool.query(
      `SELECT id FROM live_sessions WHERE org_id = $1 AND user_id = $2 UNION ALL SELECT id FROM live_grants WHERE org_id = $1 AND user_id = $2`,
      [twin, user.id],
    );
    expect(rows).toHaveLength(3);
  });

  it('ends a session once when asked twice at the same time', async () => {
    const user = await plant({ sessions: 2 });
    const id = await currentOf(user.cookies[1] as string);
    const answers = await Promise.all(Array.from({ length: 8 }, () => send('DELETE', `/${id}`, user.cookie)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array.from({ length: 7 }, () => 404)]);
    expect(await product.context.prisma.auditEvent.count({ where: { targetId: id } })).toBe(1);
  });
});

describe('POST /api/users/me/sessions/revoke', () => {
  it('ends everything else of this person, and nothing of anybody else', async () => {
    const user = await plant();
    const others = [await plant(), await plant({ org: 'metacortex' })];
    const answer = await send('POST', '/revoke', user.cookie, { keepCurrent: true });
    expect([answer.status, await answer.json()]).toEqual([200, { sessionsEnded: 2, grantsEnded: 2 }]);
    expect(answer.headers.get('set-cookie')).toBeNull();
    const statuses = await Promise.all(user.cookies.map((cookie) => statusOfMe(product.url, cookie)));
    expect(statuses).toEqual([200, 401, 401]);
    expect(await liveGrants(product, user.grants)).toEqual([]);
    expect(await list(user.cookie)).toMatchObject([{ current: true }]);
    for (const other of others) expect(await list(other.cookie)).toHaveLength(5);
    const requestId = answer.headers.get('x-request-id') as string;
    const revocation = await product.context.prisma.revocation.findFirstOrThrow({ where: { requestId } });
    expect(revocation).toMatchObject({ userId: user.id, initiator: 'user', sessionsEnded: 2, grantsEnded: 2 });
    const event = await product.context.prisma.auditEvent.findFirstOrThrow({ where: { requestId } });
    expect(event).toMatchObject({ action: 'access.revoked', actorType: 'user', actorId: user.id });
    expect(event.ip).toMatch(/127\.0\.0\.1|::1/);
  });

  it('keeps the one that asks through many such, one after another', async () => {
    const user = await plant();
    for (let count = 0; count < 3; count += 1)
      expect((await send('POST', '/revoke', user.cookie, { keepCurrent: true })).status).toBe(200);
    expect(await statusOfMe(product.url, user.cookie)).toBe(200);
    expect((await product.revoke({ format: 'email', email: user.email })).status).toBe(204);
    expect(await statusOfMe(product.url, user.cookie)).toBe(401);
  });

  it.each([{ keepCurrent: false }, {}])('ends everything with %j, and takes the cookie away', async (body) => {
    const user = await plant();
    const answer = await send('POST', '/revoke', user.cookie, body);
    expect([answer.status, await answer.json()]).toEqual([200, { sessionsEnded: 3, grantsEnded: 2 }]);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^session=; Path=\/; Expires=Thu, 01 Jan 1970/),
    ]);
    for (const cookie of user.cookies) expect(await statusOfMe(product.url, cookie)).toBe(401);
    expect(await liveGrants(product, user.grants)).toEqual([]);
  });

  it.each([
    [{ keepCurrent: 'yes' }],
    [{ keepCurrent: null }],
    [{ keepcurrent: true }],
    [{ keepCurrent: true, id: 'x' }],
    [[]],
    ['null'],
    ['{'],
  ])('does nothing with the body %j', async (body) => {
    const user = await plant();
    expect(await code(await send('POST', '/revoke', user.cookie, body))).toEqual([400, 'invalid_request']);
    expect(await list(user.cookie)).toHaveLength(5);
  });
});

describe("by an app's access token", () => {
  const send = (method: string, path: string, accessToken: string, json?: unknown) =>
    fetch(`${product.url}/api/users/me/sessions${path}`, {
      method,
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
  async function plantApp() {
    const user = await plant({ sessions: 2, grants: 3 });
    const [own, other] = user.grants as [PlantedGrant, PlantedGrant];
    return { user, own, other };
  }

  it('lists the same, with its own grant as the current one', async () => {
    const { user, own } = await plantApp();
    const answer = await send('GET', '', own.accessToken);
    const devices = (await answer.json()) as Listed[];
    expect(devices.filter(({ current }) => current)).toMatchObject([
      { id: own.id, type: 'grant', client: 'Mobile app' },
    ]);
    const others = (all: Listed[]) => all.map(({ current: _current, lastSeenAt: _seen, ...rest }) => rest);
    const sorted = (all: Listed[]) => others(all).sort((a, b) => String(a.id).localeCompare(String(b.id)));
    expect(sorted(devices)).toEqual(sorted(await list(user.cookie)));
    expect(JSON.stringify(devices)).not.toContain(own.accessToken);
  });

  it('ends another one, and its own', async () => {
    const { user, own, other } = await plantApp();
    for (const [{ id }, remaining] of [
      [other, 2],
      [own, 1],
    ] as const) {
      const answer = await send('DELETE', `/${id}`, own.accessToken);
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([204, null]);
      expect(await liveGrants(product, user.grants)).toHaveLength(remaining);
    }
    expect(await code(await send('GET', '', own.accessToken))).toEqual([401, 'session_ended']);
    expect(await statusOfMe(product.url, user.cookie)).toBe(200);
  });

  it('ends no grant of anybody else', async () => {
    const { own } = await plantApp();
    const { other, user } = await plantApp();
    for (const id of [other.id, await currentOf(user.cookie)])
      expect(await code(await send('DELETE', `/${id}`, own.accessToken))).toEqual([404, 'not_found']);
    expect(await liveGrants(product, user.grants)).toHaveLength(3);
  });

  it('signs out everywhere else, then everywhere', async () => {
    const { user, own } = await plantApp();
    const first = await send('POST', '/revoke', own.accessToken, { keepCurrent: true });
    expect([first.status, await first.json()]).toEqual([200, { sessionsEnded: 2, grantsEnded: 2 }]);
    expect(await liveGrants(product, user.grants)).toEqual([own.id]);
    const second = await send('POST', '/revoke', own.accessToken, { keepCurrent: false });
    expect([second.status, await second.json()]).toEqual([200, { sessionsEnded: 0, grantsEnded: 1 }]);
    expect(second.headers.get('set-cookie')).toBeNull();
    expect(await code(await send('GET', '', own.accessToken))).toEqual([401, 'session_ended']);
  });
});

describe('each of them', () => {
  const addresses = [
    ['GET', '', undefined],
    ['DELETE', '/ses_1', undefined],
    ['POST', '/revoke', { keepCurrent: true }],
  ] as const;

  it.each(addresses)('%s %s asks for a live session', async (method, path, body) => {
    expect(await code(await send(method, path, undefined, body))).toEqual([401, 'not_signed_in']);
    const user = await plant();
    await product.revoke({ format: 'email', email: user.email });
    expect(await code(await send(method, path, user.cookie, body))).toEqual([401, 'session_revoked']);
  });

  it.each(addresses.slice(1))('%s %s refuses a page of another origin', async (method, path, body) => {
    const browser = await product.signIn('metacortex');
    const cookie = await browser.cookiesFor(product.url);
    const id = (await list(cookie))[0]?.id;
    const headers = { cookie, origin: 'https://elsewhere.example', 'content-type': 'application/json' };
    const address = `${product.url}/api/users/me/sessions${path.replace('ses_1', String(id))}`;
    const answer = await fetch(address, { method, headers, body: body ? JSON.stringify(body) : null });
    expect(await code(answer)).toEqual([403, 'foreign_origin']);
    expect(await statusOfMe(product.url, cookie)).toBe(200);
  });

  it('names the methods that an address takes', async () => {
    const { cookie } = await plant();
    for (const [method, path, allow] of [
      ['POST', '', 'GET, HEAD'],
      ['GET', '/ses_1', 'DELETE'],
      ['GET', '/revoke', 'POST'],
      ['DELETE', '/revoke', 'POST'],
    ] as const) {
      const answer = await send(method, path, cookie);
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
    }
  });
});
