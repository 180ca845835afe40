import { afterAll, beforeAll, expect, it } from 'vitest';
import { logoutEvent, now } from '../signals/support.ts';
import { startTestPostgres, type TestPostgres } from '../support/database.ts';
import { plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

/** Milliseconds until the driver gives up by itself on a statement that was sent. */
const driversOwn = 35_000;

let postgres: TestPostgres;
let product: Product;
let jwt: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
  product = await startProduct({ databaseUrl: postgres.url });
  const tenant = product.idp.tenant('whiterabbit');
  jwt = await tenant.sign(
    {
      iss: tenant.issuer,
      aud: 'whiterabbit-app',
      iat: now(),
      exp: now() + 300,
      jti: 'j',
      sub: 'x',
      events: { [logoutEvent]: {} },
    },
    { typ: 'logout+jwt' },
  );
});
afterAll(async () => {
  await product?.stop();
  await postgres?.stop();
});

const logOut = () =>
  fetch(`${product.url}/openid/backchannel-logout/whiterabbit`, {
    method: 'POST',
    body: new URLSearchParams({ logout_token: jwt }),
  });
const withJwt = () =>
  fetch(`${product.url}/global-token-revocation`, { method: 'POST', headers: { authorization: `Bearer ${jwt}` } });

it.each([
  ['a revocation', async () => (await product.revoke()).status, 503],
  ['a JWT for somebody else', async () => (await withJwt()).status, 401],
  ['a logout token', async () => (await logOut()).status, 503],
  ['a session', async () => statusOfMe(product.url, (await cookie) ?? ''), 503],
])('answers %s in time while the database stands still, the first one too', async (_what, ask, status) => {
  cookie = plantUsers(product, 1).then(([person]) => person?.cookies[0]);
  await cookie;
  // A connection that is open and free takes the statement: a new one would fail sooner.
  await ask();
  const thaw = postgres.freeze();
  const since = performance.now();
  try {
    expect(await ask()).toBe(status);
    expect(performance.now() - since).toBeLessThan(driversOwn * 0.8);
  } finally {
    thaw();
  }
  await expect
    .poll(() => fetch(`${product.url}/readyz`).then((answer) => answer.status), { timeout: 60_000 })
    .toBe(200);
});
let cookie: Promise<string | undefined>;
