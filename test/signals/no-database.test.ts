import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { startTestPostgres } from '../support/database.ts';
import { startProduct } from '../support/product.ts';
import { eventUris, logoutEvent, now } from './support.ts';

test('without its database nothing is promised, and the same token works afterwards', async () => {
  const postgres = await startTestPostgres();
  const product = await startProduct({ databaseUrl: postgres.url });
  try {
    const tenant = product.idp.tenant('whiterabbit');
    const receiver = `${product.url}/ssf/events/${product.orgs.whiterabbit.connectionId}`;
    const common = () => ({ iss: tenant.issuer, aud: 'whiterabbit-app', iat: now(), jti: randomUUID() });
    const sub_id = { format: 'iss_sub', iss: tenant.issuer, sub: 'whiterabbit-trinity' };
    const logout = await tenant.sign(
      { ...common(), exp: now() + 300, sub: 'whiterabbit-trinity', events: { [logoutEvent]: {} } },
      { typ: 'logout+jwt' },
    );
    const event = await tenant.sign(
      { ...common(), sub_id, events: { [eventUris['session-revoked']]: {} } },
      { typ: 'secevent+jwt' },
    );
    const postLogout = () =>
      fetch(`${product.url}/openid/backchannel-logout/whiterabbit`, {
        method: 'POST',
        body: new URLSearchParams({ logout_token: logout }),
      });
    const pushEvent = () =>
      fetch(receiver, { method: 'POST', headers: { 'content-type': 'application/secevent+jwt' }, body: event });

    const browser = await product.signIn();
    await postgres.kill();
    const [first, second] = [await postLogout(), await pushEvent()];
    expect([first.status, first.headers.get('retry-after'), await first.json()]).toEqual([
      ...[503, '5', { error: 'temporarily_unavailable', error_description: expect.any(String) }],
    ]);
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '5']);
    const framed = await fetch(`${product.url}/openid/frontchannel-logout/whiterabbit?iss=${tenant.issuer}&sid=a`);
    expect([framed.status, framed.headers.get('retry-after')]).toEqual([503, '5']);
    await postgres.restart();
    expect((await browser.get('/api/users/me')).status).toBe(200);
    expect((await postLogout()).status).toBe(200);
    expect((await browser.get('/api/users/me')).status).toBe(401);
    const again = await product.signIn();
    expect((await pushEvent()).status).toBe(202);
    expect((await again.get('/api/users/me')).status).toBe(401);
  } finally {
    await product.stop();
    await postgres.stop();
  }
});
