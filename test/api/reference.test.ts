import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problems } from '../../src/errors.ts';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { type Product, startProduct } from '../support/product.ts';
import type { OpenApi } from './world.ts';

const run = promisify(execFile);

let product: Product;
let text: string;
let document: OpenApi;
beforeAll(async () => {
  product = await startProduct();
  text = await (await fetch(`${product.url}/docs`)).text();
  document = (await (await fetch(`${product.url}/openapi.json`)).json()) as OpenApi;
});
afterAll(() => product?.stop());

describe('/docs', () => {
  it('shows every operation and every schema', () => {
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((one) => one.operationId),
    );
    expect(ids.filter((id) => !text.includes(`<section class="operation" id="${id}">`))).toEqual([]);
    expect(Object.keys(document.paths).filter((path) => !text.includes(`<code>${path}</code>`))).toEqual([]);
  });

  it('shows every format of a subject identifier, those within a choice too', () => {
    const [shown = ''] = /<section class="operation" id="schema-SubjectIdentifier">.*?<\/section>/s.exec(text) ?? [];
    for (const format of ['email', 'account', 'opaque', 'iss_sub', 'aliases'])
      expect(shown).toContain(`<code>&quot;${format}&quot;</code>`);
  });

  it('has no link in a summary, and no code in code', () => {
    const summaries = [...text.matchAll(/<summary>(.*?)<\/summary>/gs)].map(([, inner]) => inner as string);
    expect(summaries.length).toBeGreaterThan(100);
    expect(summaries.filter((inner) => inner.includes('<a '))).toEqual([]);
    expect(text.match(/<code>(?:(?!<\/code>).)*<code>/s)).toBeNull();
  });

  it('names the session’s cookie', () => {
    const name = document.components.securitySchemes.session?.name;
    expect(text).toContain(`<code>session</code> <span>cookie <code>${name}</code></span>`);
  });

  it('has no link that leads nowhere, and none to another site', () => {
    const links = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map((match) => match[1] as string);
    const anchors = links.filter((link) => link.startsWith('#')).map((link) => link.slice(1));
    expect(anchors.length).toBeGreaterThan(100);
    expect([...new Set(anchors)].filter((id) => !text.includes(`id="${id}"`))).toEqual([]);
    const codes = links.flatMap((link) => /^\/problems\/(.+)$/.exec(link)?.[1] ?? []);
    expect(codes.length).toBeGreaterThan(100);
    expect(codes.filter((code) => !(code in problems))).toEqual([]);
    expect(links.filter((link) => !/^[/#]/.test(link))).toEqual([]);
  });
});

describe('the commands of /docs', () => {
  const toText = (markup: string) =>
    markup.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] as string);
  const commandOf = (id: string) =>
    toText(new RegExp(`<section class="operation" id="${id}">.*?data-copy>([^<]*)</pre>`, 's').exec(text)?.[1] ?? '');
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  /** What a shell makes of commands: curl's arguments of each, without running it. */
  const argumentsOf = async (...commands: string[]) => {
    const curl = `curl() { for part; do printf '%s\\0' "$part"; done; printf '\\1\\0'; }`;
    const { stdout } = await run('sh', ['-euc', [curl, ...commands].join('\n')], {
      env: { API_KEY: 'a-key', ACCESS_TOKEN: 'a-token', METRICS_TOKEN: 'numbers', COOKIE: 'sid=1' },
    });
    return stdout.split('\x01\0').map((given) => given.split('\0').slice(0, -1));
  };

  it('are there for every operation, and say to a shell what the document says', async () => {
    const all = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, described]) => ({ ...described, path, method })),
    );
    const commands = await argumentsOf(...all.map(({ operationId }) => commandOf(operationId)));
    for (const [index, { operationId, path, method, requestBody }] of all.entries()) {
      const given = commands[index] ?? [];
      const url = given.find((part) => part.startsWith(product.url)) ?? '';
      expect(url.split('?')[0], operationId).toMatch(
        new RegExp(`^${product.url}${path.replaceAll(/\{\w+\}/g, '[^/{}]+')}$`),
      );
      expect(given.includes('-X') ? given[given.indexOf('-X') + 1] : 'GET', operationId).toBe(method.toUpperCase());
      const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
      if (!type?.endsWith('json')) continue;
      expect(given, operationId).toContain(`Content-Type: ${type}`);
      expect(JSON.parse(given[given.indexOf('-d') + 1] ?? ''), operationId).toEqual(content?.example);
    }
  });

  it('begin with a first call that signs somebody out', async () => {
    const [, first = ''] =
      /<section class="first".*?<\/section>/s.exec(text)?.[0].match(/data-copy>(curl[^<]*)<\/pre>/) ?? [];
    expect(toText(first)).toBe(commandOf('revokeGlobally'));
    const [given = []] = await argumentsOf(toText(first));
    const browser = await product.signIn();
    const { status } = await fetch(given.find((part) => part.startsWith('http')) ?? '', {
      method: 'POST',
      headers: { authorization: `Bearer ${product.orgs.whiterabbit.apiKey}`, 'content-type': 'application/json' },
      body: given[given.indexOf('-d') + 1] ?? null,
    });
    expect(status).toBe(204);
    expect((await browser.get('/api/users/me')).status).toBe(401);
  });
});

describeInChromium('/docs in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  it.each([1280, 375])('is readable %i pixels wide, under the policy of all pages', async (width) => {
    const { page, close } = await openPage(browser, { viewport: { width, height: 800 } });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).origin));
    await page.goto(`${product.url}/docs`);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    await page.getByText('Ending access', { exact: true }).first().click();
    await page.getByRole('link', { name: 'End every session and grant of a person' }).first().click();
    expect(new URL(page.url()).hash).toBe('#revokeUser');
    expect(await page.locator('#revokeUser h3').isVisible()).toBe(true);
    expect(new Set(asked)).toEqual(new Set([product.url]));
    await close();
  });

  it('finds operations by words, by the keyboard alone', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${product.url}/docs`);
    const shown = () => page.locator('.operation[id]:visible').evaluateAll((all) => all.map(({ id }) => id));
    const all = (await shown()).length;
    // No single key is a shortcut: whoever speaks to their browser would press it (WCAG 2.1.4).
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.id')).toBe('');
    const toField = async () => {
      while ((await page.evaluate('document.activeElement.id')) !== 'search') await page.keyboard.press('Tab');
    };
    await toField();
    await page.keyboard.type('Patch USER');
    expect(await shown()).toEqual(['changeUser', 'patchScimUser', 'changeMe', 'schema-PatchScimUserBody']);
    expect(await page.locator('#found').textContent()).toBe('3 operations');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).hash).toBe('#patchScimUser');
    // A link to what is hidden shows it.
    await page.evaluate(`location.hash = '#signOut'`);
    await page.locator('#signOut').waitFor();
    expect((await shown()).length).toBe(all);
    await page.locator('#search').focus();
    await page.keyboard.type('no such thing');
    await page.getByText('Nothing here fits.').waitFor();
    await page.keyboard.press('Escape');
    expect((await shown()).length).toBe(all);
    await page.keyboard.type('post /api/orgs/current/api-keys');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/docs#createApiKey');
    await close();
  });

  it('copies a command by a button that says which, and says that it did', async () => {
    const { page, context, close } = await openPage(browser);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`${product.url}/docs`);
    const names = await page.locator('.copy').evaluateAll((all) => all.map(({ ariaLabel }) => ariaLabel));
    expect(names.length).toBeGreaterThan(100);
    expect(names).not.toContain(null);
    expect(new Set(names).size).toBe(names.length);
    await page.getByRole('button', { name: 'Copy: Sign out, POST /api/signout', exact: true }).click();
    await page.locator('#copied', { hasText: 'Copied: Sign out' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toContain('/api/signout');
    await close();
  });

  it('has nothing to search with, and everything to read, without its script', async () => {
    const { page, close } = await openPage(browser, { javaScriptEnabled: false });
    await page.goto(`${product.url}/docs`);
    expect(await page.getByRole('search').isVisible()).toBe(false);
    expect(await page.locator('#revokeGlobally pre').isVisible()).toBe(true);
    await close();
  });
});
