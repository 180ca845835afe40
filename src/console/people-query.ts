import { searchText } from '../admin/forms.ts';
import { html } from '../html.ts';
import { type PeopleOrder, peopleOrders } from '../users/people-order.ts';
import { knownValue } from './known-value.ts';
import { renderFacts } from './parts.ts';
import type { View, Visit } from './screen.ts';

/** Whether a text can be searched for: nobody is found by what the API refuses. */
export const isSearch = (text: string): boolean => searchText.safeParse(text).success;

/**
 * What of the people the list's address asks for, as the API takes it. What an old address holds is
 * let go.
 */
export function readPeopleQuery({ search = '', role = '', status = '', group = '' }: Visit['query']) {
  return {
    ...(search.trim() && { search }),
    ...(role && { role }),
    ...knownValue(statuses, status),
    ...(group && { group }),
  } as Readonly<{ search?: string; role?: string; active?: string; live?: string; group?: string }>;
}

/** What the list goes by. */
export const sortOf = ({ sort }: Visit['query']): PeopleOrder =>
  peopleOrders.find((order) => order === sort) ?? 'email';

const statuses: Readonly<Record<string, object>> = {
  live: { live: 'true' },
  away: { live: 'false', active: 'true' },
  inactive: { active: 'false' },
};

/** Says what the file would hold, with the link to it. */
export function renderPeopleFile(
  { texts, query }: Visit,
  asked: Readonly<Record<string, string>>,
  group: string | null,
): View {
  const words = texts.console.peopleFile;
  const { people, roles } = texts.console;
  const parameters = new URLSearchParams(asked).toString();
  const { status = '', role = '', ...others } = query;
  const back = new URLSearchParams({ ...(status && { status }), ...(role && { role }), ...others }).toString();
  return {
    title: words.title,
    trail: [{ label: texts.console.areas.people, href: '/admin/people' }],
    body: html`<div class="narrow"><h1>${words.title}</h1>
<p>${words.text} ${words.recorded}</p>
<p>${parameters ? words.filtered : words.all}</p>
${renderFacts([
  [words.search, asked.search ?? null],
  [words.status, knownValue(people.statuses, status) || null],
  [people.role, knownValue(roles, role) || null],
  [words.group, group],
])}
<p class="actions"><a class="button" download href="/api/orgs/current/users/export${parameters && `?${parameters}`}">${words.go}</a>
<a class="button quiet" href="/admin/people${back && `?${back}`}">${words.back}</a></p></div>`,
  };
}
