import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { findingsOf } from './axe.ts';
import { consolePaths, filledWith, plantOrgWithEverything } from './world.ts';

/** `PICTURES=<folder> npx vitest run test/console/look.test.ts` keeps a picture of each page there. */
const pictures = process.env.PICTURES;

/**
 * Between them: both widths, both colours, without a script, in another language, forced colours,
 * large text.
 */
const ways: readonly Readonly<{ name: string; options: BrowserContextOptions; textSize?: string }>[] = [
  { name: 'desktop-light', options: { viewport: { width: 1280, height: 860 }, colorScheme: 'light' } },
  { name: 'phone-dark', options: { viewport: { width: 320, height: 720 }, colorScheme: 'dark', locale: 'de-CH' } },
  {
    name: 'desktop-dark',
    options: { viewport: { width: 1280, height: 860 }, colorScheme: 'dark', javaScriptEnabled: false },
  },
  { name: 'phone-forced', options: { viewport: { width: 390, height: 844 }, forcedColors: 'active' } },
  { name: 'desktop-large-text', options: { viewport: { width: 1280, height: 860 } }, textSize: '200%' },
];

/**
 * Links and buttons that a finger misses, for they are less than 24 px high or wide, and those that
 * are called the same though they lead elsewhere. A link within a sentence may be both, and people and
 * their devices may have one name.
 */
const unfit = `(() => {
  const goals = new Map();
  const found = [];
  for (const control of document.querySelectorAll('main a[href], main button')) {
    const { width, height } = control.getBoundingClientRect();
    const isInSentence = control.matches('p:not(.actions) a, dd a') && control.parentElement.textContent !== control.textContent;
    if (width <= 1 || isInSentence) continue;
    const names = control.getAttribute('aria-labelledby')?.split(' ').map((id) => document.getElementById(id));
    const nameOf = (part) => part.getAttribute('aria-label') ?? part.textContent;
    const name = (names ?? [control]).map(nameOf).join(' ').trim();
    if (width < 24 || height < 24) found.push({ name, width, height });
    if (!control.href || /[/](people|administrators)[/]./.test(control.href)) continue;
    const goal = goals.get(name) ?? control.href;
    if (goal !== control.href) found.push({ name, goals: [goal, control.href] });
    goals.set(name, goal);
  }
  return found;
})()`;

describeInChromium('every page of the console', () => {
  let product: Product;
  let browser: Browser;
  let ids: Readonly<Record<string, string>>;
  let cookie: string;

  beforeAll(async () => {
    product = await startProduct();
    ids = await plantOrgWithEverything(product, 'whiterabbit');
    cookie = (await plantAdministrator(product, 'owner')).cookie;
    browser = await launchChromium();
    if (pictures) mkdirSync(pictures, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });

  it.each(ways)('is right and fits ($name)', async ({ name, options, textSize = '' }) => {
    const { context, page, close } = await openPage(browser, { reducedMotion: 'reduce', ...options });
    const [cookieName, value] = cookie.split('=') as [string, string];
    await context.addCookies([{ name: cookieName, value, url: product.url }]);
    const wrong: unknown[] = [];
    for (const pattern of await consolePaths(product)) {
      const answer = await page.goto(product.url + filledWith(pattern, ids));
      await page.evaluate(`document.documentElement.style.fontSize = '${textSize}'`);
      const tooWide = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      const findings = [
        // The size of text changes nothing of what it looks at.
        ...(options.javaScriptEnabled === false || textSize ? [] : await findingsOf(page)),
        ...(await page.evaluate<unknown[]>(unfit)),
      ];
      if (answer?.status() !== 200 || tooWide !== 0 || findings.length > 0)
        wrong.push({ pattern, status: answer?.status(), tooWide, findings });
      const file = `${pattern.replaceAll(/[^\w]+/g, '-').replaceAll(/^-|-$/g, '')}-${name}.png`;
      if (pictures) await page.screenshot({ path: path.join(pictures, file), fullPage: true });
    }
    await close();
    expect(wrong).toEqual([]);
  });
});
