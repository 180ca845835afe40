import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { describe, expect } from 'vitest';

// Debian's package of Chromium without its own windows: the same pages at half the CPU.
const executablePath = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(existsSync);
const flags =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --in-process-gpu';

export const hasChromium = executablePath !== undefined;

/** Tests in a real browser; skipped, with the reason in their name, where it isn't installed. */
export function describeInChromium(name: string, tests: () => void): void {
  describe.skipIf(!hasChromium)(`${name} (needs Chromium)`, tests);
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ ...(executablePath && { executablePath }), args: flags.split(' ') });
}

/** Opens the menu of whoever is signed in, by the keyboard: the button “Sign out” is in it. */
export async function openAccount(page: Page): Promise<void> {
  await page.locator('.account-button').press('Enter');
  await page.locator('#sign-out').waitFor();
}

/**
 * A page in a context of its own. `close` holds it to having thrown nothing, and to have kept to
 * its content security policy.
 */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const broken: string[] = [];
  page.on('pageerror', (error) => broken.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted/.test(message.text())) broken.push(message.text());
  });
  return {
    context,
    page,
    async close() {
      await context.close();
      expect(broken).toEqual([]);
    },
  };
}
