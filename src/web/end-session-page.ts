import { html } from '../html.ts';
import type { Principal } from '../sessions/principal.ts';
import type { Texts } from '../texts/texts.ts';
import { compose } from './compose.ts';
import { renderPage } from './page.ts';

/** Asks a person whom an app sent here whether to sign out, with the one button that does it. */
export function renderEndSession(
  texts: Texts,
  page: {
    person: Pick<Principal, 'name' | 'email' | 'orgName'>;
    action: string;
    /** What the app asked for, which the button sends on. */
    fields: readonly (readonly [string, string])[];
  },
): string {
  const words = texts.apps;
  const { name, email, orgName } = page.person;
  const strong = html`<strong>${name || email}</strong>`;
  const person = name ? compose(words.nameAndEmail, { name: strong, email }) : strong;
  return renderPage({
    texts,
    title: texts.frame.signOut,
    body: html`<div class="card">
<h1>${texts.frame.signOut}</h1>
<p>${compose(words.signedInAs, { person, org: orgName })}</p>
<p>${words.appSignsOut}</p>
<form method="post" action="${page.action}">
${page.fields.map(([field, value]) => html`<input type="hidden" name="${field}" value="${value}">`)}
<p class="actions"><button type="submit">${texts.frame.signOut}</button></p>
</form>
</div>`,
  });
}
