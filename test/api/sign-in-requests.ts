import { expect } from 'vitest';
import { trinity, twin } from '../support/product.ts';
import type { Requests } from './requests.ts';
import type { World } from './world.ts';

/** What the IdP of metacortex sends a browser back with. */
async function backFromIdp({ newBrowser, product }: World) {
  const browser = newBrowser();
  const step = await browser.beginSignIn({ appUrl: product.url, org: 'metacortex' });
  const { searchParams } = new URL(await browser.submitLogin(step, twin));
  return { as: browser, params: { org: 'metacortex' }, query: Object.fromEntries(searchParams) };
}

export const signInRequests: Requests = {
  async startSignIn({ ask, newBrowser }) {
    await ask('startSignIn', { as: newBrowser(), params: { org: 'whiterabbit' }, query: { returnTo: '/todos' } });
    await ask('startSignIn', { as: newBrowser(), params: { org: 'nobody' } });
  },
  async startSignInByForm({ ask }) {
    const params = { org: 'whiterabbit' };
    await ask('startSignInByForm', { params, body: { login_hint: trinity.email } });
    const tooLong = await ask('startSignInByForm', { params, body: { login_hint: 'x'.repeat(20_000) } });
    expect(tooLong.status).toBe(400);
  },
  showSignInAgain: ({ ask, newBrowser }) => ask('showSignInAgain', { as: newBrowser() }),
  async startSignInByPage({ ask }) {
    await ask('startSignInByPage', { body: { username: trinity.email } });
    await ask('startSignInByPage', { body: { username: 'nobody@nowhere.example' } });
    await ask('startSignInByPage', { body: { organisation: 'not a name' } });
  },
  async completeSignIn(world) {
    const { ask, newBrowser, product } = world;
    const browser = newBrowser();
    const step = await browser.beginSignIn({ appUrl: product.url, org: 'whiterabbit' });
    const url = new URL(await browser.submitLogin(step, trinity));
    const query = Object.fromEntries(url.searchParams);
    await ask('completeSignIn', { as: browser, params: { org: 'whiterabbit' }, query });
    await ask('completeSignIn', { as: browser, params: { org: 'whiterabbit' }, query });
    await ask('completeSignIn', { params: { org: 'whiterabbit' }, query: { state: 'none' } });

    const { id: orgId, connectionId, apiKey } = product.orgs.metacortex;
    const overtaken = await backFromIdp(world);
    await product.revoke(undefined, { apiKey });
    expect((await ask('completeSignIn', overtaken)).status).toBe(302);

    const { connection } = product.context.prisma;
    const where = { orgId_id: { orgId, id: connectionId } };
    const { tokenEndpoint } = await connection.findUniqueOrThrow({ where });
    const unanswered = await backFromIdp(world);
    await connection.update({ where, data: { tokenEndpoint: 'http://localhost:1/token' } });
    expect((await ask('completeSignIn', unanswered)).status).toBe(504);
    await connection.update({ where, data: { tokenEndpoint } });
  },
  async tryConnection({ ask, owner, newBrowser, product }) {
    const params = { id: product.orgs.whiterabbit.connectionId };
    await ask('tryConnection', { as: owner, params, query: { anew: '1' } });
    await ask('tryConnection', { as: owner, params: { id: 'con_nobody' } });
    await ask('tryConnection', { as: newBrowser(), params });
  },
  async findOrg({ ask }) {
    await ask('findOrg', { body: { username: trinity.email } });
    await ask('findOrg', { body: { username: 'nobody@nowhere.example' } });
    await ask('findOrg', { body: 'neither' });
  },
};
