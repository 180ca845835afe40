import { may } from '../api/permissions.ts';
import { type Html, html } from '../html.ts';
import type { Principal } from '../sessions/principal.ts';
import type { Texts } from '../texts/texts.ts';

type Place = '/todos' | '/devices' | '/accounts' | '/admin';

/** The right of a signed-in person's header: the pages, where there is room, and the account. */
export function renderPerson(texts: Texts, person: Principal, here: Place | null): Html {
  return html`<div class="tools">
<nav class="pages" aria-label="${texts.frame.pages}">${renderLinks(texts, person, here)}</nav>
${renderAccount(texts, person, here)}
</div>`;
}

/** Who is signed in, and a menu: the ways to the pages, and out. A popover needs no script. */
export function renderAccount(texts: Texts, person: Principal, here: Place | null): Html {
  const name = person.name || person.email;
  return html`<button type="button" class="tool account-button" popovertarget="account" aria-label="${texts.frame.account({ name })}"><svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="M12 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.6-4 3.4-6 7.5-6s6.9 2 7.5 6"/></svg><span>${name}</span></button>
<div id="account" class="account" popover>
<p><strong>${name}</strong> <span>${person.email}</span> <span>${person.orgName}</span></p>
${renderLinks(texts, person, here)}
<form method="post" action="/signout"><button id="sign-out" class="quiet wide">${texts.frame.signOut}</button></form>
</div>`;
}

function renderLinks(texts: Texts, person: Principal, here: Place | null): Html {
  const links: readonly (readonly [Place, string])[] = [
    ['/todos', texts.todos.link],
    ['/devices', texts.devices.link],
    ['/accounts', texts.accounts.link],
    ...(may(person.role, 'org.read') ? ([['/admin', texts.frame.administration]] as const) : []),
  ];
  return html`<ul>${links.map(
    ([href, label]) => html`<li><a href="${href}"${href === here && html` aria-current="page"`}>${label}</a></li>`,
  )}</ul>`;
}
