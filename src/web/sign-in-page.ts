import { html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { renderPage } from './page.ts';
import { renderScriptWords } from './script-words.ts';

/** Sign-in by work e-mail; by the organisation's short name for guests with other addresses. */
export function renderSignIn(texts: Texts): string {
  const words = texts.signIn;
  return renderPage({
    texts,
    title: words.title,
    scripts: ['words.js', 'sign-in.js'],
    body: html`<div class="card">
<h1>${words.title}</h1>
<p>${words.how}</p>
<noscript><p class="note">${words.withoutScript}</p></noscript>
<form id="by-email" novalidate>
<label for="username">${words.email}</label>
<input id="username" name="username" type="email" autocomplete="username" inputmode="email" spellcheck="false" autocapitalize="none" maxlength="254" required aria-describedby="email-problem">
<p id="email-problem" class="problem" role="alert"></p>
<button type="submit">${words.continue}</button>
</form>
<details>
<summary>${words.otherWay}</summary>
<form id="by-organisation" novalidate>
<label for="organisation">${words.organisation}</label>
<input id="organisation" name="organisation" type="text" autocomplete="organization" spellcheck="false" autocapitalize="none" maxlength="300" required aria-describedby="organisation-problem">
<p id="organisation-problem" class="problem" role="alert"></p>
<button type="submit" class="quiet">${words.toOrganisation}</button>
</form>
</details>
<p id="status" class="status" role="status"></p>
${renderScriptWords({ noAnswer: texts.script.noAnswer }, words.script)}
</div>`,
  });
}
