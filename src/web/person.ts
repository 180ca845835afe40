import { type Html, html } from '../html.ts';
import type { Principal } from '../sessions/principal.ts';
import type { Texts } from '../texts/texts.ts';

/** The right of a signed-in person's header: the name, the way to another page, the way out. */
export function renderPerson(texts: Texts, person: Principal, link: { href: string; label: string }): Html {
  return html`<div class="person">
<p><strong>${person.name || person.email}</strong> <span>${person.orgName}</span></p>
<a href="${link.href}">${link.label}</a>
<form method="post" action="/signout"><button id="sign-out" class="quiet small">${texts.frame.signOut}</button></form>
</div>`;
}
