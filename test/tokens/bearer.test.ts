import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plantGrants } from '../support/planted-grants.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { api, grantsOf, newBrowser, refresh, tokensOf } from './support.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

const challenge = 'Bearer realm="api", error="invalid_token"';

async function planted(org: 'whiterabbit' | 'metacortex' = 'whiterabbit', count = 1) {
  const [user] = await plantUsers(product, 1, { org });
  const who = { orgId: product.orgs[org].id, userId: user?.id as string };
  return { user, ...who, grants: await plantGrants(product, who, count) };
}

async function plant(org: 'whiterabbit' | 'metacortex' = 'whiterabbit') {
  const made = await planted(org);
  return { ...made, grantId: made.grants[0]?.id as string, token: made.grants[0]?.accessToken as string };
}

describe('an access token at /api', () => {
  it('does what the cookie does, without an origin of ours and without the cookie', async () => {
    const { token } = await plant();
    const made = await api(product, token, { method: 'POST', path: '/api/todos', json: { task: 'follow the rabbit' } });
    expect(made.status).toBe(201);
    const headers = { Origin: 'chrome-extension://abc', 'Sec-Fetch-Site': 'cross-site' };
    const path = `/api/todos/${made.body.id}`;
    const done = await api(product, token, { method: 'PUT', path, json: { completed: true }, headers });
    expect([done.status, done.body.completed]).toEqual([200, true]);
    expect((await api(product, token, { path: '/api/todos' })).body.todos).toHaveLength(1);
    expect((await api(product, token, { method: 'DELETE', path })).status).toBe(204);
    const me = await api(product, token);
    expect(me.headers.get('set-cookie')).toBe(null);
    expect(me.headers.get('cache-control')).toBe('no-store');
  });

  it('opens no page and no sign-in: it counts below /api alone', async () => {
    const { token } = await plant();
    const answer = await fetch(`${product.url}/todos`, {
      headers: { Authorization: `Bearer ${token}` },
      redirect: 'manual',
    });
    expect(answer.status).toBe(303);
  });

  it('shows a person of one org nothing of the other', async () => {
    const here = await plant();
    const there = await plant('metacortex');
    const made = await api(product, here.token, { method: 'POST', path: '/api/todos', json: { task: 'ours' } });
    expect((await api(product, there.token)).body.orgSlug).toBe('metacortex');
    expect((await api(product, there.token, { path: '/api/todos' })).body.todos).toEqual([]);
    const path = `/api/todos/${made.body.id}`;
    expect((await api(product, there.token, { method: 'DELETE', path })).status).toBe(404);
  });

  it('decides alone: a good cookie beside a bad token is refused, a dead one beside a good token is not looked at', async () => {
    const { user, token } = await plant();
    const cookie = user?.cookies[0] as string;
    const refused = await api(product, 'unknown', { headers: { cookie } });
    expect([refused.status, refused.body.code]).toEqual([401, 'invalid_token']);
    expect((await api(product, token, { headers: { cookie: 'session=s%3Aforged.forged' } })).status).toBe(200);
  });

  it.each([
    ['no token', 'Bearer'],
    ['a token and more', 'Bearer abc def'],
    ['characters that no token has', 'Bearer abc"def'],
    ['a token of any length', `Bearer ${'a'.repeat(4000)}`],
  ])('refuses %s', async (_what, authorization) => {
    const answer = await fetch(`${product.url}/api/users/me`, { headers: { Authorization: authorization } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(challenge);
    expect(((await answer.json()) as { code: string }).code).toBe('invalid_token');
  });

  it('is taken from the header alone', async () => {
    const { token } = await plant();
    const query = await fetch(`${product.url}/api/users/me?access_token=${token}`);
    expect(query.status).toBe(401);
    const form = await fetch(`${product.url}/api/todos`, {
      method: 'POST',
      body: new URLSearchParams({ access_token: token, task: 'x' }),
    });
    expect(form.status).toBe(401);
    const info = await fetch(`${product.url}/oauth/userinfo?access_token=${token}`);
    expect(info.status).toBe(400);
  });

  it('names the way in where there is neither cookie nor token', async () => {
    const answer = await newBrowser(product).get('/api/users/me');
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="api"']);
    expect(answer.json().code).toBe('not_signed_in');
  });

  it('is no refresh token, no code and no session id', async () => {
    const tokens = await tokensOf(product);
    expect((await api(product, tokens.refresh_token ?? '')).status).toBe(401);
    expect((await refresh(product, tokens.access_token)).body.error).toBe('invalid_grant');
  });
});

describe('what a dead one hears', () => {
  const revoked = async (token: string) => {
    const answer = await api(product, token);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(challenge);
    return answer.body as { code: string; signedOutAt?: string };
  };

  it('after a revocation of the person: when, with the session’s codes', async () => {
    const { token, userId } = await plant();
    expect((await product.revoke({ format: 'opaque', id: userId })).status).toBe(204);
    const body = await revoked(token);
    expect(body.code).toBe('session_revoked');
    expect(Math.abs(Date.parse(body.signedOutAt ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('after the person was switched off, or the org signed everyone out', async () => {
    const { token, userId } = await plant();
    await product.context.pool.query('UPDATE users SET active = false WHERE id = $1', [userId]);
    expect((await revoked(token)).code).toBe('session_revoked');
    const other = await plant('metacortex');
    await product.context.pool.query('UPDATE orgs SET generation = generation + 1, revoked_at = now() WHERE id = $1', [
      other.orgId,
    ]);
    expect((await revoked(other.token)).code).toBe('session_revoked');
  });

  it('after its sign-out, which ends the grant and nothing else', async () => {
    const { grants } = await planted('whiterabbit', 2);
    const [one, two] = grants.map((grant) => grant.accessToken) as [string, string];
    expect((await api(product, one, { method: 'POST', path: '/api/signout' })).status).toBe(204);
    expect((await revoked(one)).code).toBe('session_ended');
    expect((await api(product, two)).status).toBe(200);
  });

  it('after a time without use, and after the greatest age', async () => {
    for (const column of ['idle_expires_at', 'expires_at']) {
      const { token, grantId } = await plant();
      await product.context.pool.query(`UPDATE grants SET ${column} = now() - interval '1 second' WHERE id = $1`, [
        grantId,
      ]);
      expect((await revoked(token)).code).toBe('session_expired');
    }
  });

  it('when only the token has expired: to refresh it', async () => {
    const { token, grantId } = await plant();
    await product.context.pool.query(`UPDATE tokens SET expires_at = now() - interval '1 second' WHERE grant_id = $1`, [
      grantId,
    ]);
    expect((await revoked(token)).code).toBe('invalid_token');
  });

  it('once the sweeper has removed everything', async () => {
    const { token, grantId } = await plant();
    await product.context.pool.query('DELETE FROM grants WHERE id = $1', [grantId]);
    expect((await revoked(token)).code).toBe('invalid_token');
  });
});

describe('being seen', () => {
  const seenOf = async (id: string) => {
    const { rows } = await product.context.pool.query(
      `SELECT last_seen_at, idle_expires_at, expires_at FROM grants WHERE id = $1`,
      [id],
    );
    return rows[0] as { last_seen_at: Date; idle_expires_at: Date; expires_at: Date };
  };

  it('is noted once a minute, moves the idle time on, and never beyond the greatest age', async () => {
    const { token, grantId } = await plant();
    const before = await seenOf(grantId);
    await api(product, token);
    expect((await seenOf(grantId)).last_seen_at).toEqual(before.last_seen_at);
    await product.context.pool.query(
      `UPDATE grants SET last_seen_at = now() - interval '61 seconds', expires_at = now() + interval '3 days' WHERE id = $1`,
      [grantId],
    );
    await Promise.all([api(product, token), api(product, token), api(product, token)]);
    await expect.poll(async () => Date.now() - (await seenOf(grantId)).last_seen_at.getTime()).toBeLessThan(30_000);
    const after = await seenOf(grantId);
    expect(after.idle_expires_at).toEqual(after.expires_at);
  });

  it('gives a grant without a refresh token no more time', async () => {
    const { access_token } = await tokensOf(product, { scope: 'openid' });
    const id = (await grantsOf(product)).at(-1)?.id as string;
    const before = await seenOf(id);
    await product.context.pool.query(`UPDATE grants SET last_seen_at = now() - interval '2 minutes' WHERE id = $1`, [
      id,
    ]);
    expect((await api(product, access_token)).status).toBe(200);
    await expect.poll(async () => Date.now() - (await seenOf(id)).last_seen_at.getTime()).toBeLessThan(30_000);
    expect((await seenOf(id)).idle_expires_at).toEqual(before.idle_expires_at);
  });
});
