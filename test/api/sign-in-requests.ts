import { trinity } from '../support/product.ts';
import type { Requests } from './requests.ts';

export const signInRequests: Requests = {
  async startSignIn({ ask, newBrowser }) {
    await ask('startSignIn', { as: newBrowser(), params: { org: 'whiterabbit' }, query: { returnTo: '/todos' } });
    await ask('startSignIn', { as: newBrowser(), params: { org: 'nobody' } });
  },
  startSignInByForm: ({ ask }) =>
    ask('startSignInByForm', { params: { org: 'whiterabbit' }, body: { login_hint: trinity.email } }),
  async completeSignIn({ ask, newBrowser, product }) {
    const browser = newBrowser();
    const step = await browser.beginSignIn({ appUrl: product.url, org: 'whiterabbit' });
    const url = new URL(await browser.submitLogin(step, trinity));
    const query = Object.fromEntries(url.searchParams);
    await ask('completeSignIn', { as: browser, params: { org: 'whiterabbit' }, query });
    await ask('completeSignIn', { as: browser, params: { org: 'whiterabbit' }, query });
    await ask('completeSignIn', { params: { org: 'whiterabbit' }, query: { state: 'none' } });
  },
  async findOrg({ ask }) {
    await ask('findOrg', { body: { username: trinity.email } });
    await ask('findOrg', { body: { username: 'nobody@nowhere.example' } });
    await ask('findOrg', { body: 'neither' });
  },
};
