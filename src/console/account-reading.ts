import { html } from '../html.ts';
import { formatNumber, renderCopyable } from './parts.ts';
import type { View, Visit } from './screen.ts';

/** Seconds for which a password stands on a page. */
const shownFor = 60;
/** Where no script has led on until then, the browser does: the script may not have come. */
const leadsAfter = 65;

/**
 * A password that was just read: masked at first, and away after a minute, also without a script.
 * With one it goes when the page is left, so that the way back doesn't show it.
 */
export function viewOfPassword(
  { texts }: Visit,
  revealed: Readonly<{
    name: string;
    userName: string;
    place: string;
    version: number;
    isCurrent: boolean;
    password: string;
  }>,
  { back, trail }: Readonly<{ back: string; trail: NonNullable<View['trail']> }>,
): View {
  const words = texts.accounts;
  const { name, userName, place, version, isCurrent, password } = revealed;
  return {
    title: words.passwordTitle,
    trail,
    leadsTo: { href: back, after: leadsAfter },
    scripts: ['accounts.js'],
    words: { hide: words.hide },
    body: html`<div class="narrow"><h1>${name}</h1>
<p class="soft">${place && html`${place} · `}${words.version({ n: formatNumber(texts, version) })}</p>
${!isCurrent && html`<p class="warning">${words.former}</p>`}
<dl class="facts once"><div><dt>${words.userName}</dt><dd>${renderCopyable(texts, userName, words.userName)}</dd></div>
<div id="password" data-back="${back}" data-until="${shownFor}"><dt>${words.password}</dt><dd><details class="secret"><summary><span class="to-show">${words.reveal}</span><span class="to-hide">${words.hide}</span></summary><code>${password}</code></details>
<button type="button" class="quiet small copy" data-copy data-what="${words.password}" aria-label="${texts.console.copyWhat({ what: words.password })}" hidden><span>${texts.console.copy}</span></button></dd></div></dl>
<p class="hint">${words.onRecord}</p>
<p class="actions"><a class="button" href="${back}">${words.done}</a></p></div>`,
  };
}
