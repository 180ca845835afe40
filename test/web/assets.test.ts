import { readdirSync } from 'node:fs';
import supertest from 'supertest';
import { describe, expect, it } from 'vitest';
import { createWebApp, trinity } from './web-app.ts';

const visitor = supertest(createWebApp(null));
const files = readdirSync(new URL('../../src/web/assets/', import.meta.url));

describe('/assets', () => {
  it.each(files)('serves %s, to be kept and asked about', async (file) => {
    const first = await visitor.get(`/assets/${file}`);
    expect(first.status).toBe(200);
    expect(first.type).toMatch(/^(text\/(css|javascript)|image\/svg\+xml)$/);
    expect(first.headers['cache-control']).toBe('public, no-cache');
    expect(first.headers['x-content-type-options']).toBe('nosniff');
    const again = await visitor.get(`/assets/${file}`).set('If-None-Match', String(first.headers.etag));
    expect(again.status).toBe(304);
  });

  it('holds every file that a page or a script asks for', async () => {
    const pages = [
      await visitor.get('/'),
      await visitor.get('/signed-out'),
      await visitor.get('/docs'),
      await supertest(createWebApp(trinity)).get('/todos'),
      await supertest(createWebApp(trinity)).get('/devices'),
    ];
    const asked = pages.flatMap(({ text }) => [...text.matchAll(/"\/assets\/([^"]+)"/g)].map((match) => match[1]));
    const scripts = files.filter((file) => file.endsWith('.js'));
    for (const file of scripts) {
      const { text } = await visitor.get(`/assets/${file}`);
      asked.push(...[...text.matchAll(/from '\.\/([^']+)'/g)].map((match) => match[1]));
    }
    expect([...new Set(asked)].sort()).toEqual([...files].sort());
  });

  it('serves nothing else', async () => {
    for (const path of ['/assets/', '/assets/routes.ts', '/assets/../routes.ts', '/assets/%2e%2e/routes.ts'])
      expect((await visitor.get(path)).status, path).toBe(404);
  });
});
