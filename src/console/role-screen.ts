import { person } from '../admin/people.ts';
import { html } from '../html.ts';
import { createChangeRole, roleAct, roleInForm, rolesToGive } from './changing-role.ts';
import type { Use } from './operations.ts';
import { renderBadge, renderChoices, renderFacts, renderForm } from './parts.ts';
import type { Screen } from './screen.ts';
import { settingsTrail } from './settings-parts.ts';

const listPath = '/admin/settings/administrators';

/** Settings › Administrators: gives a person a role, with what each may. */
export function roleScreen(use: Use): Screen {
  const getUser = use('getUser', person);
  const changeRole = createChangeRole(use);
  return {
    path: `${listPath}/{id}`,
    id: 'showRole',
    summary: 'Settings: a person’s role',
    area: 'settings',
    permission: 'people.change',
    recent: true,
    async show(visit) {
      const { texts, params, principal } = visit;
      const words = texts.console.administrators;
      const who = await getUser(visit, { params });
      const name = who.name || who.email;
      const options = rolesToGive(visit, who).map((value) => ({
        value,
        label: texts.console.roles[value],
        hint: words.is[value],
      }));
      const { value, hidden, theirs } = roleInForm(visit, who);
      return {
        title: words.roleTitle,
        trail: [...settingsTrail(visit), { label: words.title, href: listPath }],
        body: html`<div class="narrow"><h1>${words.roleOf({ name })}</h1>
${renderFacts([
  [words.person, html`<a href="/admin/people/${who.id}">${name}</a> <span class="sub">${who.email}</span>`],
  [words.role, html`${texts.console.roles[who.role]}${!who.active && html` ${renderBadge(words.inactive, 'bad')}`}`],
])}
${who.id === principal.userId && html`<p class="note">${words.yourself}</p>`}
${
  options.length > 0
    ? renderForm(visit, {
        do: roleAct,
        button: texts.console.save,
        hidden,
        content: html`${renderChoices({ name: 'role', legend: words.role, value, options: options.toReversed() })}${theirs}
<p class="hint">${words.notYours} ${words.byIdp}</p>`,
        beside: html` <a class="button quiet" href="${listPath}">${texts.console.cancel}</a>`,
      })
    : html`<p>${words.notYours}</p>`
}</div>`,
      };
    },
    acts: {
      [roleAct]: changeRole(() => listPath),
    },
  };
}
