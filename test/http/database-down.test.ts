import { pino } from 'pino';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createContext } from '../../src/context.ts';
import { startServer } from '../../src/server.ts';
import { startTestPostgres } from '../support/database.ts';
import { plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { startProduct } from '../support/product.ts';

it('answers 503 with Retry-After while the database is away, stays alive, and recovers by itself', async () => {
  const postgres = await startTestPostgres();
  const product = await startProduct({ databaseUrl: postgres.url });
  try {
    const cookie = (await plantUsers(product, 1))[0]?.cookies[0] as string;
    const me = () => fetch(`${product.url}/api/users/me`, { headers: { cookie } });
    expect((await me()).status).toBe(200);
    await postgres.kill();

    for (const answer of [await me(), await product.revoke(), await fetch(`${product.url}/readyz`)]) {
      const body = (await answer.json()) as Record<string, unknown>;
      expect([answer.status, body.code]).toEqual([503, 'unavailable']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(JSON.stringify(body)).not.toMatch(/ECONN|postgres|127\.0\.0\.1|stack/i);
    }
    const start = await fetch(`${product.url}/openid/start/whiterabbit`, {
      headers: { accept: 'text/html' },
      redirect: 'manual',
    });
    expect([start.status, start.headers.get('content-type')]).toEqual([503, 'text/html; charset=utf-8']);
    expect((await fetch(`${product.url}/healthz`)).status).toBe(200);

    await postgres.restart();
    for (let tries = 0; tries < 200 && (await fetch(`${product.url}/readyz`)).status !== 200; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await me()).status).toBe(200);
    expect((await product.revoke()).status).toBe(204);
  } finally {
    await product.stop();
    await postgres.stop();
  }
});

it('answers 503, and not 401, when the Unix socket of the database is gone', async () => {
  const product = await startProduct();
  const env = { ...product.env, DATABASE_URL: 'postgresql:///none?host=/nowhere', PORT: '0' };
  const node = await startServer(createContext(loadConfig(env, 'development'), pino({ level: 'silent' })));
  try {
    const cookie = (await plantUsers(product, 1))[0]?.cookies[0] as string;
    const url = `http://localhost:${node.port}`;
    expect(await statusOfMe(url, cookie)).toBe(503);
    expect((await product.revoke(undefined, { at: url })).status).toBe(503);
  } finally {
    await node.stop();
    await product.stop();
  }
});
