import Bowser from 'bowser';
import type { Texts } from '../texts/texts.ts';

const greatestLength = 60;

/**
 * Names the sender of a User-Agent header in a few words: "Firefox on Linux", "Safari on iPhone",
 * or the header's first product, such as "curl". The header is the client's own claim.
 */
export function deviceName(userAgent: string | null, words: Texts['devices']): string {
  if (!userAgent?.trim()) return words.unknown;
  const { browser, os, platform } = Bowser.parse(userAgent);
  const on = platform.vendor === 'Apple' ? (platform.model ?? os.name) : os.name;
  const product = browser.name || /^[^\s/()]+/.exec(userAgent.trim())?.[0];
  const name = product && on ? words.browserOn({ browser: product, system: on }) : product || on || words.unknown;
  return name.length > greatestLength ? `${name.slice(0, greatestLength - 1)}…` : name;
}
