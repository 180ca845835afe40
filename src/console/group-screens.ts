import { endedOfMany } from '../admin/ending-access.ts';
import { group, groupPage } from '../admin/groups.ts';
import { personPage } from '../admin/people.ts';
import { may } from '../api/permissions.ts';
import { html } from '../html.ts';
import { askFirst, reasonOf, renderEnding } from './endings.ts';
import type { Use } from './operations.ts';
import { formatNumber, renderEmpty, renderMoment, renderPager, renderTable } from './parts.ts';
import { renderPeople } from './people-table.ts';
import { receiptOf } from './receipt.ts';
import { type Screen, textOf, type Visit } from './screen.ts';

/** Groups, which provisioning brings: who is in them, and signing out all of them. */
export function groupScreens(use: Use): readonly Screen[] {
  const listGroups = use('listGroups', groupPage);
  const getGroup = use('getGroup', group);
  const listGroupMembers = use('listGroupMembers', personPage);
  const revokeMany = use('revokeMany', endedOfMany);
  const trail = ({ texts }: Visit) => [{ label: texts.console.areas.groups, href: '/admin/groups' }];
  return [
    {
      path: '/admin/groups',
      id: 'showGroups',
      summary: 'The groups of the organisation',
      area: 'groups',
      async show(visit) {
        const { texts, query, principal } = visit;
        const words = texts.console.groups;
        const { search = '', cursor } = query;
        const asked = { ...(search && { search }), ...(cursor && { cursor }) };
        const { items, next } = await listGroups(visit, { query: asked });
        const rows = items.map(({ id, displayName, members, createdAt }) => [
          html`<a href="/admin/groups/${id}">${displayName}</a>`,
          formatNumber(texts, members),
          renderMoment(texts, createdAt),
        ]);
        return {
          title: words.title,
          body: html`<div class="heading"><h1>${words.title}</h1>${may(principal.role, 'access.end_everyone') && html`<p class="actions"><a class="button quiet alarming" href="/admin/everyone">${texts.console.everyone.title}</a></p>`}</div>
<form method="get" class="filters" role="search" data-live="results">
<div class="field grow"><label for="search">${words.search}</label><input id="search" name="search" type="search" value="${search}" autocomplete="off"></div>
<button class="quiet">${texts.console.search}</button>
</form>
<div id="results">${
            rows.length > 0
              ? renderTable({ caption: words.list, columns: [words.group, words.members, words.since], rows })
              : search
                ? renderEmpty(words.noneFound)
                : renderEmpty(words.none, { label: words.settings, href: '/admin/settings' })
          }${renderPager(visit, next)}</div>`,
        };
      },
    },
    {
      path: '/admin/groups/{id}',
      id: 'showGroup',
      summary: 'One group',
      area: 'groups',
      async show(visit) {
        const { texts, params, query } = visit;
        const words = texts.console.groups;
        const [found, { items, next }] = await Promise.all([
          getGroup(visit, { params }),
          listGroupMembers(visit, { params, query: query.cursor ? { cursor: query.cursor } : {} }),
        ]);
        return {
          title: words.one,
          trail: trail(visit),
          body: html`<div class="heading"><h1>${found.displayName}</h1>
<p class="actions"><a class="button alarming" data-dialog href="/admin/groups/${found.id}/sign-out">${words.signOut}</a></p></div>
<p class="soft">${words.people(found.members)} · <a href="/admin/people?group=${found.id}">${words.filter}</a></p>
<h2>${words.listMembers}</h2>
${items.length > 0 ? renderPeople(visit, items, { caption: words.listMembers }) : renderEmpty(words.nobody)}${renderPager(visit, next)}`,
          scripts: ['people.js'],
        };
      },
    },
    {
      path: '/admin/groups/{id}/sign-out',
      id: 'showGroupSignOut',
      summary: 'Sign out a group',
      area: 'groups',
      permission: 'access.end',
      recent: true,
      // The operation takes a turn itself.
      turn: false,
      async show(visit) {
        const { texts, params } = visit;
        const words = texts.console.signOut;
        const found = await getGroup(visit, { params });
        const asked = await askFirst(() => revokeMany(visit, { body: { group: params.id } }));
        return {
          title: words.title,
          trail: [...trail(visit), { label: found.displayName, href: `/admin/groups/${found.id}` }],
          body: renderEnding(visit, {
            title: words.askGroup({ group: found.displayName }),
            text: `${texts.console.groups.people(asked.effects.people)}. ${words.again}`,
            asked,
            do: 'sign-out',
            cancel: `/admin/groups/${found.id}`,
          }),
        };
      },
      acts: {
        'sign-out': async (visit) => {
          const body = { ...reasonOf(visit.given), confirmation: textOf(visit.given, 'confirmation') };
          const { results } = await revokeMany(visit, { body: { ...body, group: visit.params.id } });
          return { to: receiptOf(results), notice: 'signedOut' };
        },
      },
    },
  ];
}
