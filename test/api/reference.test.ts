import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problems } from '../../src/errors.ts';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { type Product, startProduct } from '../support/product.ts';
import type { OpenApi } from './world.ts';

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
});
