import { expect } from 'vitest';
import { beginDevice, codeOf, poll, startOf, tokensOf, walk } from '../tokens/support.ts';
import type { Requests } from './requests.ts';

const client = { client_id: 'mobile-app' };

export const oauthRequests: Requests = {
  getOpenIdConfiguration: ({ ask }) => ask('getOpenIdConfiguration'),
  getAuthorizationServerMetadata: ({ ask }) => ask('getAuthorizationServerMetadata'),
  getKeys: ({ ask }) => ask('getKeys'),
  async authorize({ ask, owner, product }) {
    const query = Object.fromEntries(new URL(startOf(product).url).searchParams);
    await ask('authorize', { as: owner, query });
    for (const accept of ['text/html', 'application/json']) {
      const refused = await ask('authorize', { as: owner, query: { client_id: 'nobody' }, headers: { accept } });
      expect([refused.status, refused.headers.get('content-type')]).toEqual([400, expect.stringContaining(accept)]);
    }
    const unsent = await ask('authorize', { as: owner, query: { ...query, response_mode: 'query' } });
    expect(unsent.status).toBe(303);
  },
  async approve({ ask, owner, product }) {
    const begun = await owner.get(startOf(product).url);
    const uid = new URL(begun.headers.get('location') as string, product.url).pathname.split('/').at(-1) as string;
    await ask('approve', { as: owner, params: { uid } });
    await ask('approve', { as: owner, params: { uid: 'none' } });
  },
  async confirmApproval({ ask, owner, product }) {
    const begun = await owner.get(startOf(product).url);
    const url = new URL(begun.headers.get('location') as string, product.url);
    const uid = url.pathname.split('/').at(-1) as string;
    const seal = /name="seal" value="([^"]+)"/.exec((await owner.get(url.href)).text)?.[1] as string;
    const origin = { origin: product.url };
    await ask('confirmApproval', { as: owner, params: { uid }, body: { seal: 'none' }, headers: origin });
    const large = { seal: 'x'.repeat(5_000) };
    const refused = await ask('confirmApproval', { as: owner, params: { uid }, body: large, headers: origin });
    expect(refused.status).toBe(413);
    const foreign = { origin: 'https://evil.example' };
    await ask('confirmApproval', { as: owner, params: { uid }, body: { seal }, headers: foreign });
    await ask('confirmApproval', { as: owner, params: { uid }, body: { seal }, headers: origin });
  },
  async resumeAuthorization({ ask, owner, product }) {
    const isResume = (url: URL) => url.pathname.startsWith('/oauth/authorize/');
    const { next } = await walk(product, owner, await owner.get(startOf(product).url), isResume);
    const uid = next?.pathname.split('/').at(-1) as string;
    await ask('resumeAuthorization', { as: owner, params: { uid } });
    await ask('resumeAuthorization', { as: owner, params: { uid: 'none' }, headers: { accept: 'text/html' } });
  },
  async getToken({ ask, owner, product }) {
    const started = startOf(product);
    const code = await codeOf(product, owner, started);
    const body = {
      ...client,
      grant_type: 'authorization_code',
      code,
      redirect_uri: started.redirectUri,
      code_verifier: started.verifier,
    };
    const { json } = await ask('getToken', { body });
    const refresh = { ...client, grant_type: 'refresh_token' };
    const next = await ask('getToken', { body: { ...refresh, refresh_token: json.refresh_token } });
    const less = { ...refresh, refresh_token: next.json.refresh_token, scope: 'openid' };
    expect((await ask('getToken', { body: less })).json.scope).toBe('openid');
    await ask('getToken', { body: { ...client, grant_type: 'refresh_token', refresh_token: 'none' } });
  },
  async revokeToken({ ask, product, owner }) {
    const { refresh_token } = await tokensOf(product, {}, owner);
    await ask('revokeToken', { body: { ...client, token: String(refresh_token) } });
    await ask('revokeToken', { body: { client_id: 'nobody', token: 'none' } });
  },
  async introspectToken({ ask, product, owner }) {
    const { access_token } = await tokensOf(product, {}, owner);
    await ask('introspectToken', { body: { ...client, token: access_token } });
    await ask('introspectToken', { body: { ...client, token: 'none' } });
  },
  async getUserInfo({ ask, product, owner }) {
    const { access_token } = await tokensOf(product, {}, owner);
    await ask('getUserInfo', { as: access_token });
    const { json } = await ask('getUserInfo', { as: access_token, query: { scope: 'openid' } });
    expect(Object.keys(json)).toEqual(['sub']);
    await ask('getUserInfo', { as: 'none' });
  },
  async postUserInfo({ ask, product, owner }) {
    const { access_token } = await tokensOf(product, {}, owner);
    await ask('postUserInfo', { as: access_token });
    const byForm = await fetch(`${product.url}/oauth/userinfo`, {
      method: 'POST',
      body: new URLSearchParams({ access_token }),
    });
    expect(byForm.status).toBe(200);
  },
  async beginDeviceFlow({ ask }) {
    await ask('beginDeviceFlow', { body: { client_id: 'cli', scope: 'openid offline_access' } });
    await ask('beginDeviceFlow', { body: { client_id: 'nobody' } });
  },
  async showDeviceForm({ ask, owner }) {
    await ask('showDeviceForm', { as: owner, query: { user_code: 'ABCD-EFGH' } });
  },
  async answerDevice({ ask, owner, product }) {
    const { user_code } = await beginDevice(product);
    const form = await owner.get('/oauth/device');
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(form.text)?.[1] as string;
    const origin = { origin: product.url };
    const confirm = await ask('answerDevice', { as: owner, body: { xsrf, user_code }, headers: origin });
    const again = /name="xsrf" value="([^"]+)"/.exec(confirm.text)?.[1] as string;
    await ask('answerDevice', { as: owner, body: { xsrf: again, user_code, confirm: 'yes' }, headers: origin });
    await ask('answerDevice', { as: owner, body: { xsrf, user_code }, headers: { origin: 'https://evil.example' } });
    const stale = await ask('answerDevice', { as: owner, body: { xsrf: 'none', user_code }, headers: origin });
    expect(stale.status).toBe(400);
    const elsewhere = { ...origin, 'x-forwarded-for': '203.0.113.9' };
    let { text } = await owner.get('/oauth/device');
    for (let guesses = 0; guesses <= 100; guesses += 1) {
      const body = { xsrf: /name="xsrf" value="([^"]+)"/.exec(text)?.[1] as string, user_code: 'BBBB-BBBB' };
      const answer = await ask('answerDevice', { as: owner, body, headers: elsewhere });
      expect(answer.status).toBe(guesses < 100 ? 200 : 429);
      text = answer.text;
    }
  },
  async resumeDevice({ ask, owner, product }) {
    const { user_code, device_code } = await beginDevice(product);
    const form = await owner.get('/oauth/device');
    const confirm = await owner.submitForm(form, { user_code }, 'user_code');
    const approved = await owner.submitForm(confirm, { confirm: 'yes' }, 'user_code');
    const isResume = (url: URL) => /^\/oauth\/device\/[^/]+$/.test(url.pathname);
    const { next } = await walk(product, owner, approved, isResume);
    await ask('resumeDevice', { as: owner, params: { uid: next?.pathname.split('/').at(-1) as string } });
    const { status } = await poll(product, device_code);
    if (status !== 200) throw new Error('the device got no tokens');
    await ask('resumeDevice', { as: owner, params: { uid: 'none' }, headers: { accept: 'text/html' } });
  },
};
