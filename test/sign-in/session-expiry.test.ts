import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createBrowser } from '../support/browser.ts';
import { tokensOf } from '../tokens/support.ts';
import { heading, type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
beforeAll(async () => {
  bed = await startSignInBed();
});
afterAll(() => bed?.stop());
afterEach(() => bed.hostile.reset());

const day = 86_400;
const browserOf = (claims: Record<string, unknown>) => {
  bed.hostile.setIdToken({ claims });
  return bed.attempt(createBrowser({ baseUrl: bed.url }));
};

/** Seconds from the newest row's making to its end. */
async function lifetime(table: 'sessions' | 'grants'): Promise<number> {
  const { rows } = await bed.pool.query(
    `SELECT extract(epoch FROM expires_at - created_at)::float8 AS seconds FROM ${table}
     WHERE org_id = $1 ORDER BY created_at DESC LIMIT 1`,
    [bed.org.id],
  );
  return rows[0].seconds;
}

/** Moves the ends of sessions and grants so much nearer, as if the time had gone by. */
async function letPass(seconds: number): Promise<void> {
  for (const table of ['sessions', 'grants'])
    await bed.pool.query(`UPDATE ${table} SET expires_at = expires_at - make_interval(secs => $2) WHERE org_id = $1`, [
      bed.org.id,
      seconds,
    ]);
}

// OpenID IPSIE: the session here ends when the identity provider says, by its own clock.
test.each([-90, 0, 55])('session_expiry bounds the session (the IdP’s clock is %i s ahead)', async (offset) => {
  bed.hostile.setClock(offset);
  const { me } = await browserOf({ session_expiry: bed.hostile.now() + 600 });
  expect(me.status).toBe(200);
  expect(Math.abs((await lifetime('sessions')) - 600)).toBeLessThan(3);
});

test('the session is over then, and so are the tokens of apps that it approved', async () => {
  const { browser } = await browserOf({ session_expiry: bed.hostile.now() + 600 });
  const { access_token: token } = await tokensOf(bed.product, {}, browser);
  const asApp = () => fetch(`${bed.url}/api/users/me`, { headers: { authorization: `Bearer ${token}` } });
  const answers = async () => [(await browser.get('/api/users/me')).status, (await asApp()).status];
  expect(await answers()).toEqual([200, 200]);
  expect(await lifetime('grants')).toBeLessThan(603);
  await letPass(600);
  expect(await answers()).toEqual([401, 401]);
});

test.each([
  ['none', undefined],
  ['a later one than ours', Math.floor(Date.now() / 1000) + 400 * day],
  ['null', null],
  ['0', 0],
  ['milliseconds', Date.now() + 600_000],
  ['text', 'tomorrow'],
])('%s leaves the session its own length', async (_which, value) => {
  expect((await browserOf({ session_expiry: value })).me.status).toBe(200);
  expect(await lifetime('sessions')).toBeGreaterThanOrEqual(day / 4);
});

test('a session that is over at the identity provider begins none here', async () => {
  const before = await bed.countSessions();
  const { page, me } = await browserOf({ session_expiry: bed.hostile.now() - 1 });
  expect([page.status, me.status, heading(page)]).toEqual([403, 401, 'The proof of your identity did not hold']);
  expect([await bed.countSessions(), (await bed.refusals()).at(-1)]).toEqual([before, 'id_token_invalid']);
});
