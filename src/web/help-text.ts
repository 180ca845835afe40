import { type Html, html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';

/** An organisation's words about whom to turn to: plain text, so an address in it is no link. */
export function renderHelpText(texts: Texts, helpText: string | null | undefined): Html | false {
  return helpText ? renderWords(texts.frame.turnTo, helpText) : false;
}

/** What an organisation says, set apart from our own words. Line breaks are kept. */
export function renderWords(heading: string, words: string): Html {
  return html`<p class="eyebrow">${heading}</p>
<p class="words">${words}</p>
`;
}
