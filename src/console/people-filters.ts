import { mostSearched } from '../admin/forms.ts';
import { roles } from '../api/permissions.ts';
import { type Html, html } from '../html.ts';
import { peopleOrders } from '../users/people-order.ts';
import { type Column, renderSelect } from './parts.ts';
import { sortOf } from './people-query.ts';
import type { Visit } from './screen.ts';

/** What the list can go by, each by a column of it. */
const columns = ['name', 'email', 'role', 'created'] as const;
export type SortColumn = (typeof columns)[number];

/** The heads of these columns: links that sort by them, then the other way round. */
export const renderHeads = (visit: Visit): Readonly<Record<SortColumn, Column>> => {
  const { people } = visit.texts.console;
  return {
    name: headOf(visit, 'name', people.person),
    email: headOf(visit, 'email', people.email),
    role: headOf(visit, 'role', people.role),
    created: headOf(visit, 'created', people.since),
  };
};

function headOf({ query, texts }: Visit, by: SortColumn, label: string): Column {
  const sort = sortOf(query);
  const { cursor: _cursor, ...others } = query;
  const next = sort === by ? `-${by}` : by;
  const sorted = sort === by ? 'ascending' : sort === `-${by}` ? 'descending' : undefined;
  const href = `?${new URLSearchParams({ ...others, sort: next }).toString()}`;
  const head = html`<a class="sort" href="${href}" title="${texts.console.people.sortBy({ column: label })}">${label}</a>`;
  return { label, head, sorted };
}

/** The form above the list. `group`: its field for a group, where there are groups. */
export function renderFilters({ texts, query }: Visit, group: Html | null): Html {
  const words = texts.console.people;
  const sort = sortOf(query);
  return html`<form method="get" class="filters" role="search" data-live="results">
<div class="field grow"><label for="search">${words.search}</label><input id="search" name="search" type="search" value="${query.search ?? ''}" maxlength="${mostSearched}" autocomplete="off"></div>
${renderSelect({
  name: 'status',
  label: words.status,
  value: query.status ?? '',
  options: Object.entries(words.statuses).map(([value, label]) => ({ value: value === 'any' ? '' : value, label })),
})}
${renderSelect({
  name: 'role',
  label: words.role,
  value: query.role ?? '',
  options: [
    { value: '', label: words.anyRole },
    ...roles.map((value) => ({ value, label: texts.console.roles[value] })),
  ],
})}
${group}
<div class="sort-choice">${renderSelect({
    name: 'sort',
    label: words.sort,
    value: sort === 'email' ? '' : sort,
    options: peopleOrders.map((order) => ({ value: order === 'email' ? '' : order, label: words.orders[order] })),
  })}</div>
<button class="quiet">${texts.console.search}</button>
</form>`;
}
