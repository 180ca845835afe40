import { mostSearched, reference } from '../admin/forms.ts';
import type { groupNames } from '../admin/groups.ts';
import { type Html, html } from '../html.ts';
import type { Ask } from './operations.ts';
import { renderEmpty } from './parts.ts';
import { isSearch } from './people-query.ts';
import type { Visit } from './screen.ts';

type Group = Readonly<{ id: string; displayName: string }>;

/** The group whose members the list of people is to show. */
export type MeantGroup = Readonly<
  | { kind: 'any' }
  | { kind: 'group'; group: Group }
  /** What is typed is in the names of several, or of none. */
  | { kind: 'unclear'; groups: readonly Group[]; more: boolean }
>;

/** Groups that are offered where a name is typed in part. */
const mostOffered = 8;

/**
 * Finds the group by `group`, its id, or by `in`, what is typed into the field: a name, or a part
 * that only one name has.
 */
export async function findMeantGroup(visit: Visit, listGroupNames: Ask<typeof groupNames>): Promise<MeantGroup> {
  const { group: id = '', in: typed } = visit.query;
  const name = typed?.trim() ?? '';
  if (name === '' && (typed !== undefined || id === '')) return { kind: 'any' };
  const [known] = !reference.safeParse(id).success ? [] : (await listGroupNames(visit, { query: { id } })).groups;
  if (known && (typed === undefined || known.displayName.trim() === name)) return { kind: 'group', group: known };
  if (typed === undefined || !isSearch(name)) return { kind: 'unclear', groups: [], more: false };
  const { groups, more } = await listGroupNames(visit, { query: { search: name, limit: String(mostOffered) } });
  const exact = groups.filter(({ displayName }) => displayName.toLowerCase() === name.toLowerCase());
  const [only] = exact.length === 1 ? exact : groups;
  if (only && (exact.length === 1 || groups.length === 1)) return { kind: 'group', group: only };
  return { kind: 'unclear', groups, more };
}

/** A field that takes a group's name, with names to choose from. */
export function renderGroupField(
  { texts, query }: Visit,
  meant: MeantGroup,
  { groups }: Readonly<{ groups: readonly Group[] }>,
): Html {
  const words = texts.console.people;
  const group = meant.kind === 'group' ? meant.group : null;
  return html`<div class="field"><label for="in">${words.group}</label><input id="in" name="in" type="search" list="groups" value="${group?.displayName ?? query.in ?? ''}" placeholder="${words.anyGroup}" maxlength="${mostSearched}" autocomplete="off">
<datalist id="groups">${groups.map(({ displayName }) => html`<option value="${displayName}"></option>`)}</datalist></div>
${group && html`<input type="hidden" name="group" value="${group.id}">`}`;
}

/** Asks which of several groups is meant, or says that there is none. */
export function renderUnclearGroup(
  { texts, query }: Visit,
  { groups, more }: Extract<MeantGroup, { kind: 'unclear' }>,
): Html {
  const words = texts.console.people;
  if (groups.length === 0) return renderEmpty(words.noGroup, { label: words.allGroups, href: '/admin/groups' });
  const { cursor: _cursor, in: _in, ...others } = query;
  const hrefOf = (id: string) => `?${new URLSearchParams({ ...others, group: id }).toString()}`;
  return html`<div class="several"><p>${words.severalGroups}</p><ul>${groups.map(
    ({ id, displayName }) => html`<li><a href="${hrefOf(id)}">${displayName}</a></li>`,
  )}</ul>${more && html`<p>${words.moreGroups}</p>`}</div>`;
}
