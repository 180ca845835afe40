import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, createBrowser } from './support/browser.ts';
import { type Product, startProduct, trinity } from './support/product.ts';

// The workshop's React client is served elsewhere and passes /api on: the browser sees one origin,
// which is not ours.
const client = 'http://localhost:3000';
const asItsPage = { headers: { origin: client, 'sec-fetch-site': 'same-origin' } };

let product: Product;
beforeAll(async () => {
  product = await startProduct({ env: { APP_URL: client } });
});
afterAll(() => product.stop());

/** Up to the redirect that leads back to the client, where nothing listens in this test. */
async function signIn(browser: Browser, org: string) {
  const step = await browser.beginSignIn({ appUrl: product.url, org });
  return browser.get(step.callbackUrl ?? (await browser.submitLogin(step, trinity)));
}

describe("the workshop's client behind its own origin", () => {
  it('finds the organisation, signs in, and is led back to the client', async () => {
    const browser = createBrowser({ baseUrl: product.url });
    const check = (username: unknown) => browser.post('/api/openid/check', { json: { username }, ...asItsPage });
    const { org_id } = (await check(trinity.email)).json();
    expect(org_id).toBe('whiterabbit');
    expect((await check('nobody@elsewhere.example')).json()).toEqual({ org_id: null });

    const back = await signIn(browser, String(org_id));
    expect([back.status, back.headers.get('location')]).toEqual([303, `${client}/`]);
  });

  it('keeps the list through its proxy, and signs out', async () => {
    const browser = createBrowser({ baseUrl: product.url });
    await signIn(browser, 'whiterabbit');
    const added = await browser.post('/api/todos', { json: { task: 'Wake up' }, ...asItsPage });
    expect(added.status).toBe(201);
    const todo = added.json();
    const done = await browser.put(`/api/todos/${todo.id}`, { json: { ...todo, completed: true }, ...asItsPage });
    expect(done.json()).toMatchObject({ id: todo.id, completed: true });
    expect((await browser.get('/api/todos')).json()).toEqual({ todos: [done.json()] });
    expect((await browser.delete(`/api/todos/${todo.id}`, asItsPage)).status).toBe(204);
    expect((await browser.post('/api/signout', asItsPage)).status).toBe(204);
    expect((await browser.get('/api/users/me')).status).toBe(401);
  });
});
