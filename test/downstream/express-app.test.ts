import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import oidc from 'express-openid-connect';
import session from 'express-session';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from '../support/browser.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type PlantedApp, plantApp } from '../tokens/planted-apps.ts';
import { newBrowser, walk } from '../tokens/support.ts';
import { sendLogout } from './support.ts';

let product: Product;
let server: Server;
let appUrl: string;
let app: PlantedApp;
let settings: { redirectUris: string[]; backchannelLogoutUri: string };

beforeAll(async () => {
  product = await startProduct();
  const web = express();
  server = createServer(web);
  await new Promise<void>((resolve) => server.listen(0, resolve));
  appUrl = `http://localhost:${(server.address() as AddressInfo).port}`;
  settings = { redirectUris: [`${appUrl}/callback`], backchannelLogoutUri: `${appUrl}/backchannel-logout` };
  app = await plantApp(product, product.orgs.whiterabbit, { kind: 'oidc', ...settings });
  // The test tells the app by itself: of the product nothing comes meanwhile.
  await product.context.prisma.app.update({
    where: { orgId_id: { orgId: app.orgId, id: app.id } },
    data: { state: 'paused' },
  });
  web.use(
    oidc.auth({
      issuerBaseURL: `${product.url}/orgs/${app.orgId}`,
      baseURL: appUrl,
      clientID: app.id,
      clientSecret: app.secret,
      secret: 'a secret of the web app, as long as it has to be',
      authRequired: false,
      authorizationParams: { response_type: 'code', scope: 'openid email profile' },
      backchannelLogout: { store: new session.MemoryStore() as never },
    }),
  );
  web.get('/who', (req, res) => void res.json({ sub: req.oidc.isAuthenticated() ? req.oidc.user?.sub : null }));
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await product.stop();
});

async function signInThere(browser: Browser): Promise<Browser> {
  const { page, next } = await walk(product, browser, await browser.get(`${appUrl}/login`));
  if (!next?.href.startsWith(`${appUrl}/callback`)) throw new Error(`${page.status} ${next?.href}\n${page.text}`);
  await browser.get(next.href, { crossSite: true });
  return browser;
}
const whoAt = async (browser: Browser) => (await browser.get(`${appUrl}/who`)).json() as { sub: string | null };

it('ends the sessions of an Express app that knows nothing of us, and they stay dead after the next sign-in', async () => {
  const { userId } = product.orgs.whiterabbit;
  const first = await signInThere(await product.signIn());
  const second = await signInThere(await product.signIn());
  expect([await whoAt(first), await whoAt(second)]).toEqual([{ sub: userId }, { sub: userId }]);
  expect(await whoAt(newBrowser(product))).toEqual({ sub: null });

  expect((await product.revoke()).status).toBe(204);
  // The app's own cookie outlives ours until it is told.
  expect(await whoAt(first)).toEqual({ sub: userId });
  expect((await sendLogout(product, app, settings)).result).toBe('delivered');
  expect([await whoAt(first), await whoAt(second)]).toEqual([{ sub: null }, { sub: null }]);

  const cookies = [first, second];
  const fresh = await signInThere(await product.signIn());
  expect(await whoAt(fresh)).toEqual({ sub: userId });
  for (const browser of cookies) expect(await whoAt(browser)).toEqual({ sub: null });
  // A late forward of the old logout leaves the new sign-in alone.
  expect((await sendLogout(product, app, settings)).result).toBe('left_out');
  expect(await whoAt(fresh)).toEqual({ sub: userId });
});
