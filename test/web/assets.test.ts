import { readdirSync, readFileSync, statSync } from 'node:fs';
import supertest from 'supertest';
import { describe, expect, it } from 'vitest';
import { createWebApp, trinity } from './web-app.ts';

const visitor = supertest(createWebApp(null));
const all = readdirSync(new URL('../../src/web/assets/', import.meta.url), { recursive: true, encoding: 'utf8' });
const fonts = all.filter((file) => file.endsWith('.woff2'));
const files = all.filter((file) => !file.startsWith('fonts'));

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

  it.each(fonts)('serves %s, which never changes', async (file) => {
    const { status, type, headers, body } = await visitor.get(`/assets/${file}`).responseType('blob');
    expect([status, type]).toEqual([200, 'font/woff2']);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(body.subarray(0, 4).toString()).toBe('wOF2');
    expect(file).toMatch(/-\d+\.\d+\.\d+\.woff2$/);
    expect((await visitor.get('/assets/style.css')).text).toContain(`url("${file}")`);
  });

  it('serves fonts of 350 kB at most, with their licence', async () => {
    const sizes = fonts.map((file) => statSync(new URL(`../../src/web/assets/${file}`, import.meta.url)).size);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(350_000);
    expect((await visitor.get('/assets/fonts/OFL.txt')).text).toContain('SIL Open Font License, Version 1.1');
  });

  it('has the fonts that every page asks for first', async () => {
    const first = [...(await visitor.get('/')).text.matchAll(/rel="preload" href="\/assets\/([^"]+)"/g)];
    expect(first.map(([, file]) => file)).toEqual(fonts.filter((file) => !file.includes('-ext-')));
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
    // The console's pages need a session with a database behind it: their sources name the files.
    const screens = new URL('../../src/console/', import.meta.url);
    for (const screen of readdirSync(screens))
      for (const [, file] of readFileSync(new URL(screen, screens), 'utf8').matchAll(/'([\w-]+\.(?:css|js))'/g))
        asked.push(file);
    expect([...new Set(asked)].filter((file) => !fonts.includes(String(file))).sort()).toEqual([...files].sort());
  });

  it('serves nothing else', async () => {
    for (const path of ['/assets/', '/assets/routes.ts', '/assets/../routes.ts', '/assets/%2e%2e/routes.ts'])
      expect((await visitor.get(path)).status, path).toBe(404);
  });
});
