import { expect, it } from 'vitest';
import { startTestPostgres } from '../support/database.ts';
import { startProduct } from '../support/product.ts';
import { api, beginDevice, codeOf, exchange, heading, newBrowser, refresh, startOf, tokensOf } from './support.ts';

it('answers 503 with Retry-After while the database is away, loses nothing, and recovers by itself', async () => {
  const postgres = await startTestPostgres();
  const product = await startProduct({ databaseUrl: postgres.url });
  try {
    const { paths } = (await (await fetch(`${product.url}/openapi.json`)).json()) as { paths: Paths };
    expect(paths['/oauth/jwks']?.get.responses[503]?.content).toHaveProperty(['application/json']);
    const cold = await postgres.kill().then(() => fetch(`${product.url}/oauth/jwks`));
    expect([cold.status, await cold.json()]).toMatchObject([503, { error: 'temporarily_unavailable' }]);
    await postgres.restart();
    await ready(product.url);

    const browser = await product.signIn();
    const tokens = await tokensOf(product, {}, browser);
    const started = startOf(product);
    const code = await codeOf(product, browser, started);
    const interaction = (await browser.get(startOf(product).url)).headers.get('location') as string;
    await browser.get('/oauth/device');
    await postgres.kill();

    for (const answer of [await exchange(product, started, code), await refresh(product, tokens.refresh_token)]) {
      expect([answer.status, answer.body.error]).toEqual([503, 'temporarily_unavailable']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(JSON.stringify(answer.body)).not.toMatch(/ECONN|postgres|127\.0\.0\.1|stack/i);
    }
    const form = { token: tokens.access_token, client_id: 'mobile-app' };
    for (const path of ['/oauth/revoke', '/oauth/introspect', '/oauth/device/code']) {
      const answer = await fetch(`${product.url}${path}`, {
        method: 'POST',
        body: new URLSearchParams({ ...form, ...(path.endsWith('code') ? { client_id: 'cli', scope: 'openid' } : {}) }),
      });
      expect([path, answer.status]).toEqual([path, 503]);
    }
    const call = await api(product, tokens.access_token);
    expect([call.status, call.body.code]).toEqual([503, 'unavailable']);
    for (const url of [startOf(product).url, interaction, '/oauth/device']) {
      const page = await browser.get(url, { headers: { accept: 'text/html' } });
      expect([url, page.status, heading(page)]).toEqual([url, 503, 'Temporarily unavailable']);
      expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    // Without a cookie the library fails only when it saves what it made.
    const first = await newBrowser(product).get('/oauth/device', { headers: { accept: 'text/html' } });
    expect([first.status, heading(first)]).toEqual([503, 'Temporarily unavailable']);
    expect(Number(first.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await fetch(`${product.url}/healthz`)).status).toBe(200);

    await postgres.restart();
    await ready(product.url);
    expect((await exchange(product, started, code)).status).toBe(200);
    expect((await refresh(product, tokens.refresh_token)).status).toBe(200);
    expect((await beginDevice(product)).user_code).toBeTruthy();
    expect((await newBrowser(product).get('/oauth/device')).status).toBe(200);
  } finally {
    await product.stop();
    await postgres.stop();
  }
});

type Paths = Record<string, { get: { responses: Record<string, { content: object }> } }>;

async function ready(url: string): Promise<void> {
  for (let tries = 0; tries < 200 && (await fetch(`${url}/readyz`)).status !== 200; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
}
