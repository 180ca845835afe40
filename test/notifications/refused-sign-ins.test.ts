import { afterAll, beforeAll, expect, test } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { createConnections } from '../../src/connections/connections.ts';
import { discover } from '../../src/connections/discovery.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { type HostileIdp, startHostileIdp } from '../support/hostile-idp.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { feedOf, relayed, signInAs } from './support.ts';

let product: Product;
let guest: HostileIdp;
let admin: Browser;
let twin: Browser;
let connectionId: string;
beforeAll(async () => {
  product = await startProduct();
  admin = await signInAs(product, 'admin');
  twin = await signInAs(product, 'owner', 'metacortex');
  guest = await startHostileIdp({ clientId: 'guest' });
  const { guardedFetch } = product.context;
  const { clientId, clientSecret } = guest;
  const input = { ...(await discover(guardedFetch, guest.issuer)), clientId, clientSecret, name: 'Guests' };
  const { id: orgId } = product.orgs.whiterabbit;
  connectionId = (await createConnections(product.context).addConnection(orgId, input, byOperator)).id;
});
afterAll(async () => {
  await guest.stop();
  await product.stop();
});

async function asGuest(email: string): Promise<number> {
  guest.setIdToken({ claims: { sub: `guest-${email}`, email, email_verified: true } });
  const browser = createBrowser({ baseUrl: product.url });
  const query = { connection: connectionId };
  await browser.signIn({ appUrl: product.url, org: 'whiterabbit', query, email: '', password: '' });
  return (await browser.get('/api/users/me')).status;
}

test('administrators are told of sign-ins that the connection may not decide, together, and no other organisation is', async () => {
  const { prisma } = product.context;
  const { id: orgId, userId } = product.orgs.whiterabbit;
  // In a domain that another connection speaks for: nobody is named. Elsewhere an administrator is.
  expect(await asGuest(trinity.email)).toBe(401);
  expect(await asGuest(trinity.email)).toBe(401);
  await prisma.user.updateMany({
    where: { orgId, id: userId },
    data: { email: 'trinity@nobodys.fake', emailKey: 'trinity@nobodys.fake' },
  });
  expect(await asGuest('trinity@nobodys.fake')).toBe(401);
  await relayed(product);
  const told = (await feedOf(admin)).items.filter(({ kind }) => kind === 'refused_sign_in');
  expect(told.map(({ target, count, text }) => [target?.type, target?.id, count, text])).toEqual([
    ['user', userId, 1, 'A sign-in as Trinity was refused: its identity provider may not decide whose that address is'],
    [
      'connection',
      connectionId,
      2,
      'A sign-in by the identity provider Guests was refused: it may not speak for the address’s domain (2 times)',
    ],
  ]);
  expect((await feedOf(twin)).items.map(({ kind }) => kind)).not.toContain('refused_sign_in');
});
