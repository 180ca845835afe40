import { expect, test } from 'vitest';
import { createBrowser } from '../support/browser.ts';
import { startTestPostgres } from '../support/database.ts';
import { startProduct, trinity } from '../support/product.ts';
import { heading } from './support.ts';

test('without its database a sign-in is a page that says so, and works again by itself', async () => {
  const postgres = await startTestPostgres();
  const product = await startProduct({ databaseUrl: postgres.url });
  try {
    const browser = createBrowser({ baseUrl: product.url });
    const start = { appUrl: product.url, org: 'whiterabbit' };
    const callback = await browser.submitLogin(await browser.beginSignIn(start), trinity);
    await postgres.kill();
    for (const path of ['/openid/start/whiterabbit', callback]) {
      const page = await browser.get(path);
      expect([page.status, heading(page)]).toEqual([503, 'Temporarily unavailable']);
      expect(page.headers.get('retry-after')).toBe('5');
    }
    await postgres.restart();
    // The state was not used up: the very same callback completes.
    expect((await browser.get(callback)).status).toBe(303);
  } finally {
    await product.stop();
    await postgres.stop();
  }
});
