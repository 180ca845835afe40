import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** What axe-core finds wrong, for people who don't see or use a mouse, with the page as it is now. */
export async function findingsOf(page: Page, but: readonly string[] = []): Promise<readonly unknown[]> {
  // The protocol's own evaluation isn't bound by the page's content security policy.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run()');
  return violations
    .filter(({ id }) => !but.includes(id))
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => ({ id, target, failureSummary })));
}

/** Holds a page, as it is now, to none; `but`: rules that it may break. */
export async function expectNoFindings(
  page: Page,
  { where = page.url(), but = [] as readonly string[] } = {},
): Promise<void> {
  expect({ where, findings: await findingsOf(page, but) }).toEqual({ where, findings: [] });
}
