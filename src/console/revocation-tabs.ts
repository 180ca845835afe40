import type { Html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { renderTabs } from './parts.ts';

const tabs = [
  ['revocations', '/admin/revocations'],
  ['refused', '/admin/revocations/refused'],
] as const;

/** What ended access, and what was to end it in vain. */
export function renderRevocationTabs(texts: Texts, current: (typeof tabs)[number][0]): Html {
  const words = texts.console;
  return renderTabs(
    words.revocations.tabs,
    tabs.map(([name, href]) => ({ label: words[name].title, href, isCurrent: name === current })),
  );
}
