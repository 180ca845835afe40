import { auditEventPage } from '../admin/audit-events.ts';
import { personPage } from '../admin/people.ts';
import { may } from '../api/permissions.ts';
import { actionFamilies, actions } from '../audit/actions.ts';
import { type Html, html } from '../html.ts';
import { daysOf, renderDays } from './days.ts';
import { renderEvents } from './event-list.ts';
import { eventScreen } from './event-screen.ts';
import { createFindPerson, type Found, renderPersonFound, renderSeveral } from './find-person.ts';
import { withOwner } from './named-owners.ts';
import type { Use } from './operations.ts';
import { renderEmpty, renderField, renderPager, renderSelect } from './parts.ts';
import { exportScreen } from './record-export-screen.ts';
import type { Screen, Visit } from './screen.ts';

const filters = ['search', 'person', 'actor', 'action', 'from', 'to', 'by'] as const;

export function recordScreens(use: Use): readonly Screen[] {
  const listAuditEvents = use('listAuditEvents', auditEventPage);
  const findPerson = createFindPerson(use, use('listUsers', personPage));
  return [
    {
      path: '/admin/record',
      id: 'showRecord',
      summary: 'The record: what has happened',
      area: 'record',
      permission: 'record.read',
      async show(visit) {
        const { texts, query, principal } = visit;
        const words = texts.console.record;
        const [about, by] = await Promise.all([findPerson(visit, query.person), findPerson(visit, query.actor)]);
        const asked = filterOf(visit, about, by);
        const { items, next } = asked ? await listAuditEvents(visit, { query: asked }) : { items: [], next: null };
        const isFiltered = filters.some((name) => query[name]);
        return {
          title: words.title,
          body: html`<div class="heading"><h1>${words.title}</h1>${
            may(principal.role, 'record.export')
              ? asked &&
                html`<p class="actions"><a class="button quiet" href="/admin/record/export${exportQuery(visit, asked)}">${words.export}</a></p>`
              : html`<p class="hint">${words.mayExport}</p>`
          }</div>
${renderFilters(visit, isFiltered)}
<div id="results">${renderMeant(visit, about, by)}${
            items.length > 0
              ? renderEvents(visit, about && 'id' in about ? withOwner(items, about.id, about.name) : items, {
                  json: true,
                })
              : asked && renderEmpty(isFiltered ? words.none : words.empty)
          }${renderPager(visit, next)}</div>
<p class="hint lasting">${words.lasting} <a href="/admin/settings/authentication">${words.lastingLink}</a></p>`,
        };
      },
    },
    exportScreen(),
    eventScreen(use),
  ];
}

/** The operation's filter; null where nobody knows yet, or nobody is, who is meant. */
function filterOf(visit: Visit, about: Found | null, by: Found | null): Record<string, string> | null {
  const { search, action, order, cursor } = visit.query;
  const unknown = (found: Found | null) => found !== null && ('several' in found || 'nobody' in found);
  if (unknown(about) || unknown(by) || (by && 'email' in by)) return null;
  return {
    ...(search && { search }),
    ...(action && { action }),
    ...(order && { order }),
    ...(cursor && { cursor }),
    ...(about && 'id' in about && (about.id.startsWith('usr_') ? { person: about.id } : { target: about.id })),
    ...(about && 'email' in about && { email: about.email }),
    ...(by && 'id' in by && { actor: by.id }),
    ...(isByProvisioning(visit) && { by: 'provisioning' }),
    ...daysOf(visit),
  };
}

/** Another page leads here with it; there is no field for it. */
const isByProvisioning = ({ query }: Visit) => query.by === 'provisioning';

function exportQuery({ query }: Visit, asked: Record<string, string>): string {
  const { order: _, cursor: __, ...filter } = asked;
  const days = Object.fromEntries(['from', 'to'].flatMap((name) => (query[name] ? [[name, query[name]]] : [])));
  const text = new URLSearchParams({ ...filter, ...days }).toString();
  return text && `?${text}`;
}

function renderMeant(visit: Visit, about: Found | null, by: Found | null): Html {
  const words = visit.texts.console.record;
  const meant = (name: 'person' | 'actor', found: Found | null) => {
    const typed = visit.query[name] ?? '';
    if (found === null) return null;
    if ('several' in found) return renderSeveral(visit, name, found);
    if ('id' in found) return renderPersonFound(name === 'person' ? words.about : words.by, found);
    if ('email' in found && name === 'person')
      return html`<p class="about">${words.byAddressOfThen({ address: found.email })}</p>`;
    return renderEmpty(words.nobody({ typed }));
  };
  return html`${isByProvisioning(visit) && html`<p class="about">${words.byProvisioning}</p>`}${meant('person', about)}${meant('actor', by)}`;
}

function renderFilters(visit: Visit, isFiltered: boolean): Html {
  const { texts, query } = visit;
  const words = texts.console.record;
  return html`<form method="get" class="filters many" role="search" aria-label="${words.filters}">
${isByProvisioning(visit) && html`<input type="hidden" name="by" value="provisioning">`}
<div class="field grow"><label for="search">${words.search}</label><input id="search" name="search" type="search" value="${query.search ?? ''}" maxlength="200" autocomplete="off" placeholder="${words.searchHint}"></div>
${renderField({ name: 'person', label: words.person, value: query.person ?? '', placeholder: words.personHint })}
${renderField({ name: 'actor', label: words.actor, value: query.actor ?? '', placeholder: words.personHint })}
${renderActions(visit)}
${renderDays(visit)}
${renderSelect({
  name: 'order',
  label: words.order,
  value: query.order ?? 'desc',
  options: [
    { value: 'desc', label: words.newest },
    { value: 'asc', label: words.oldest },
  ],
})}
<p class="actions"><button>${texts.console.search}</button>${isFiltered && html`<a href="/admin/record">${words.clear}</a>`}</p>
</form>`;
}

function renderActions({ texts, query }: Visit): Html {
  const { action, anyAction, allOf, ...words } = texts.console.record;
  const families: Readonly<Record<string, string>> = words.families;
  const option = (value: string, label: string) =>
    html`<option value="${value}"${value === query.action && html` selected`}>${label}</option>`;
  return html`<div class="field"><label for="field-action">${action}</label><select id="field-action" name="action">${option('', anyAction)}${actionFamilies.map(
    (name) => {
      const members = actions.filter((member) => member.startsWith(name));
      const family = families[name] ?? name;
      return html`<optgroup label="${family}">${members.length > 1 && option(name, allOf({ family }))}${members.map((member) => option(member, words.actions[member]))}</optgroup>`;
    },
  )}</select></div>`;
}
