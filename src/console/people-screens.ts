import { countedPeople } from '../admin/finding-people.ts';
import { groupNames } from '../admin/groups.ts';
import { personPage } from '../admin/people.ts';
import { may } from '../api/permissions.ts';
import { type Html, html } from '../html.ts';
import { isShort } from '../users/find-by-part.ts';
import type { Use } from './operations.ts';
import { renderEmpty, renderPager } from './parts.ts';
import { readChosen, renderChoice, renderTotal } from './people-choice.ts';
import { renderFilters } from './people-filters.ts';
import { findMeantGroup, type MeantGroup, renderGroupField, renderUnclearGroup } from './people-group.ts';
import { isSearch, readPeopleQuery, renderPeopleFile, sortOf } from './people-query.ts';
import type { Screen, View, Visit } from './screen.ts';

/** Names of groups that the field offers before anything is typed. */
const mostNames = '200';

/** The list of people, and the page that leads to it as a file. */
export function peopleScreens(use: Use): readonly Screen[] {
  const listUsers = use('listUsers', personPage);
  const countUsers = use('countUsers', countedPeople);
  const listGroupNames = use('listGroupNames', groupNames);

  async function show(asked: Visit): Promise<View> {
    const { texts, principal } = asked;
    const words = texts.console.people;
    const [names, meant] = [
      // A script that searches puts the list alone into its page.
      isScripted(asked) ? { groups: [] } : await listGroupNames(asked, { query: { limit: mostNames } }),
      await findMeantGroup(asked, listGroupNames),
    ];
    const visit = { ...asked, query: queryOf(asked.query, meant) };
    return {
      title: words.title,
      scripts: ['people.js'],
      words: words.script,
      body: html`<div class="heading"><h1>${words.title}</h1><p class="actions">
<a class="button quiet small" href="/admin/sign-out">${words.pasted}</a></p></div>
${renderFilters(visit, names.groups.length > 0 || meant.kind !== 'any' ? renderGroupField(asked, meant, names) : null)}
<div id="results" data-choose="${words.chooseAll}" data-whose="${principal.userId}">${meant.kind === 'unclear' ? renderUnclearGroup(asked, meant) : await renderList(visit, meant)}</div>
${may(principal.role, 'access.end_everyone') && html`<p class="actions"><a class="button quiet alarming small" href="/admin/everyone">${words.everyone}</a></p>`}`,
    };
  }

  async function renderList(visit: Visit, meant: MeantGroup): Promise<Html> {
    const { texts, query, principal } = visit;
    const words = texts.console.people;
    const filter = readPeopleQuery(query);
    const { cursor } = query;
    if (filter.search !== undefined && !isSearch(filter.search)) return renderNobody(visit, true, false);
    // One after another: a page leaves the connections to others.
    const { items, next } = await listUsers(visit, {
      query: { ...filter, sort: sortOf(query), ...(cursor && { cursor }) },
    });
    const isAll = cursor === undefined && next === null;
    const { people, stoppedBy } = isAll
      ? { people: items.length, stoppedBy: null }
      : await countUsers(visit, { query: filter });
    // Where counting stops early, the page may know of more.
    const total = { people: Math.max(people, items.length), more: stoppedBy !== null };
    const chosen = readChosen(visit.given);
    const caption = cursor ? words.list : next === null ? words.listed(items.length) : words.listedFirst(items.length);
    return html`${meant.kind === 'group' && html`<p><strong>${words.inGroup({ group: meant.group.displayName })}</strong> <a href="/admin/people">${words.leaveGroup}</a></p>`}
${filter.search !== undefined && isShort(filter.search) && html`<p class="hint">${words.short}</p>`}${stoppedBy === 'search' && html`<p class="hint">${words.common}</p>`}
${
  items.length > 0
    ? html`${renderTotal(visit, { total, filter })}${renderChoice(visit, { people: items, caption, chosen, next })}`
    : renderNobody(visit, Object.keys(filter).length > 0, next !== null)
}${renderPager(visit, next)}
${
  // It stands with the list: a search puts both in the place of those before.
  (items.length > 0 || next !== null) &&
  may(principal.role, 'record.export') &&
  html`<p class="actions"><a class="button quiet small" href="/admin/people/file${searchOf(query)}">${words.csv}</a></p>`
}`;
  }

  return [
    {
      path: '/admin/people',
      id: 'showPeople',
      summary: 'The people of the organisation',
      area: 'people',
      show,
      // The next page with the choice from those before.
      acts: { turn: show },
      looks: ['turn'],
    },
    {
      path: '/admin/people/file',
      id: 'showPeopleFile',
      summary: 'The list of people as a file',
      area: 'people',
      permission: 'record.export',
      recent: true,
      async show(visit) {
        const { group = '' } = visit.query;
        const { groups } = group ? await listGroupNames(visit, { query: { id: group } }) : { groups: [] };
        return renderPeopleFile(visit, readPeopleQuery(visit.query), groups[0]?.displayName ?? null);
      },
    },
  ];
}

const isScripted = ({ req }: Visit): boolean => req.get('sec-fetch-dest') === 'empty';

/** The address's query with the group that is meant, by its id alone. */
function queryOf({ in: _in, group: _group, ...others }: Visit['query'], meant: MeantGroup): Visit['query'] {
  return meant.kind === 'group' ? { ...others, group: meant.group.id } : others;
}

const searchOf = ({ cursor: _cursor, sort: _sort, ...query }: Visit['query']) =>
  Object.keys(query).length > 0 ? `?${new URLSearchParams(query).toString()}` : '';

function renderNobody({ texts }: Visit, isFiltered: boolean, goesOn: boolean): Html {
  const words = texts.console.people;
  if (goesOn) return renderEmpty(words.nobodyHere);
  return isFiltered
    ? renderEmpty(words.nobody, { label: words.clear, href: '/admin/people' })
    : renderEmpty(words.none);
}
