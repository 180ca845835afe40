import type { z } from 'zod';
import { type person, personPage } from '../admin/people.ts';
import { may, mayChangeRole, type Permission, permissions, roles } from '../api/permissions.ts';
import { type Html, html } from '../html.ts';
import type { Use } from './operations.ts';
import { renderBadge, renderEmpty, renderMoment, renderTable, unseenColumn } from './parts.ts';
import { roleScreen } from './role-screen.ts';
import type { Screen, Visit } from './screen.ts';
import { settingsTrail } from './settings-parts.ts';

type Person = z.output<typeof person>;

const path = '/admin/settings/administrators';
const administrating = roles.filter((role) => may(role, 'org.read')).reverse();

/** Who administers, what each role may do, and the way to give a role. */
export function administratorScreens(use: Use): readonly Screen[] {
  const listUsers = use('listUsers', personPage);
  return [
    {
      path,
      id: 'showAdministrators',
      summary: 'Settings: the administrators',
      area: 'settings',
      async show(visit) {
        const { texts, query, principal } = visit;
        const words = texts.console.administrators;
        const search = query.search?.trim() ?? '';
        const found = search === '' ? null : await listUsers(visit, { query: { search, limit: '20' } });
        // One after another: a page leaves the connections to others.
        const pages: z.output<typeof personPage>[] = [];
        for (const role of administrating) pages.push(await listUsers(visit, { query: { role, limit: '100' } }));
        const people = pages.flatMap(({ items }) => items);
        const isAllowed = may(principal.role, 'people.change');
        return {
          title: words.title,
          trail: settingsTrail(visit),
          body: html`<h1>${words.title}</h1>
${renderOwnerNote(visit, people)}
<section aria-labelledby="who"><h2 id="who" class="unseen">${words.list}</h2>${renderTable({
            caption: words.list,
            columns: [words.person, words.role, words.lastSeen, ...(isAllowed ? [unseenColumn(words.change)] : [])],
            rows: people.map((who) => rowOf(visit, who, isAllowed)),
          })}${pages.some(({ next }) => next !== null) && html`<p class="hint">${words.more}</p>`}</section>
${isAllowed ? renderAdding(visit, search, found?.items ?? null, found?.next ?? null) : html`<p class="hint">${texts.console.settings.ownersAndSuperAdmins}</p>`}
<section aria-labelledby="roles"><h2 id="roles">${words.roles}</h2>${renderRights(visit)}</section>`,
        };
      },
    },
    roleScreen(use),
  ];
}

function rowOf({ texts, principal }: Visit, who: Person, isAllowed: boolean) {
  const words = texts.console.administrators;
  const name = who.name || who.email;
  return [
    html`<a href="/admin/people/${who.id}">${name}</a>${who.id === principal.userId && html` ${renderBadge(words.you)}`}${who.name && html`<span class="sub">${who.email}</span>`}`,
    html`${texts.console.roles[who.role]}${!who.active && html` ${renderBadge(words.inactive, 'bad')}`}`,
    who.lastSeenAt && renderMoment(texts, who.lastSeenAt),
    ...(isAllowed ? [renderChange(words.changeOf({ name }), words.change, principal.role, who)] : []),
  ];
}

function renderChange(label: string, text: string, own: Person['role'], who: Person): Html | null {
  if (!mayChangeRole(own, who.role, who.role)) return null;
  return html`<a class="whole" href="${path}/${who.id}" aria-label="${label}">${text}</a>`;
}

/** Without a second owner nobody helps where the first one can't sign in. */
function renderOwnerNote({ texts }: Visit, people: readonly Person[]): Html | false {
  const owners = people.filter(({ role, active }) => role === 'owner' && active).length;
  const words = texts.console.administrators;
  return owners < 2 && html`<p class="note warning">${owners === 1 ? words.oneOwner : words.noOwner}</p>`;
}

function renderAdding(visit: Visit, search: string, found: readonly Person[] | null, next: string | null): Html {
  const { texts, principal } = visit;
  const words = texts.console.administrators;
  const rows = (found ?? []).map((who) => {
    const name = who.name || who.email;
    return [
      html`${name}${who.name && html`<span class="sub">${who.email}</span>`}`,
      html`${texts.console.roles[who.role]}${!who.active && html` ${renderBadge(words.inactive, 'bad')}`}`,
      renderChange(words.giveTo({ name }), words.give, principal.role, who),
    ];
  });
  return html`<section aria-labelledby="add"><h2 id="add">${words.add}</h2><p>${words.addText}</p>
<form method="get" class="filters" role="search" data-live="found">
<div class="field grow"><label for="search">${words.search}</label><input id="search" name="search" type="search" value="${search}" autocomplete="off"></div>
<button class="quiet">${texts.console.search}</button></form>
<div id="found">${
    found !== null &&
    (rows.length > 0
      ? renderTable({ caption: words.found, columns: [words.person, words.role, unseenColumn(words.give)], rows })
      : renderEmpty(words.nobody))
  }${next !== null && html`<p class="hint">${words.more}</p>`}</div></section>`;
}

/** The table of permissions, in words. */
function renderRights({ texts }: Visit): Html {
  const words = texts.console.administrators;
  const mark = (is: boolean) =>
    is ? html`<span class="may">${words.mayIt}</span>` : html`<span class="soft">${words.mayNot}</span>`;
  return renderTable({
    caption: words.roles,
    columns: [words.right, ...administrating.map((role) => texts.console.roles[role])],
    rows: (Object.keys(permissions) as Permission[]).map((right) => [
      words.may[right],
      ...administrating.map((role) => mark(may(role, right))),
    ]),
  });
}
