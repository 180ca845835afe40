import { type Html, html } from '../html.ts';
import { type RefusedDetail, whyRefused } from '../notifications/why-refused.ts';
import { en } from '../texts/en.ts';
import type { Texts } from '../texts/texts.ts';

/** Why a call was refused; below it, to a reader of another language, what the caller was told. */
export function renderWhyRefused(texts: Texts, detail: RefusedDetail): Html {
  const why = whyRefused(texts, detail);
  if (why === null) return html`<code>${String(detail.reason ?? detail.code ?? '')}</code>`;
  const { explanation } = detail;
  if (texts.language === en.language || typeof explanation !== 'string' || explanation === why) return html`${why}`;
  return html`${why}<span class="sub">${texts.console.problems.details} <span lang="en">${explanation}</span></span>`;
}
