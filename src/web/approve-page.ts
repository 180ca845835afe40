import { html } from '../html.ts';
import type { Look } from '../orgs/looks.ts';
import type { Principal } from '../sessions/principal.ts';
import type { Texts } from '../texts/texts.ts';
import { compose } from './compose.ts';
import { renderPage } from './page.ts';

/** Shows the person and the rights that the app gets, with the one button that grants them. */
export function renderApprove(
  texts: Texts,
  page: {
    person: Pick<Principal, 'name' | 'email' | 'orgName'>;
    clientName: string;
    /** The app gets a refresh token. */
    lasting: boolean;
    action: string;
    /** Names the person to whom this page was shown. */
    seal: string;
    look: Look | null;
  },
): string {
  const words = texts.apps;
  const { name, email, orgName } = page.person;
  const strong = html`<strong>${name || email}</strong>`;
  const person = name ? compose(words.nameAndEmail, { name: strong, email }) : strong;
  return renderPage({
    texts,
    title: words.title,
    look: page.look,
    body: html`<div class="card">
<h1>${words.ask({ app: page.clientName })}</h1>
<p>${compose(words.signedInAs, { person, org: orgName })}</p>
<p>${page.lasting ? words.lasting : words.brief} ${words.onlyIfYou}</p>
<form method="post" action="${page.action}">
<input type="hidden" name="seal" value="${page.seal}">
<p class="actions"><button type="submit">${words.yes}</button></p>
</form>
</div>`,
  });
}
