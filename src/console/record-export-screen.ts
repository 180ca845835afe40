import { html } from '../html.ts';
import { daysOf } from './days.ts';
import { knownValue } from './known-value.ts';
import { renderFacts } from './parts.ts';
import type { Screen } from './screen.ts';

/**
 * The way to the export, which needs a recent authentication: this page asks for one when it is
 * opened, and its links are the API's own.
 */
export function exportScreen(): Screen {
  return {
    path: '/admin/record/export',
    id: 'showExport',
    summary: 'The export of the record',
    area: 'record',
    permission: 'record.export',
    recent: true,
    async show(visit) {
      const { texts, query } = visit;
      const words = texts.console.record;
      const names = ['search', 'person', 'target', 'email', 'actor', 'action', 'by'];
      const asked = Object.fromEntries(names.flatMap((name) => (query[name] ? [[name, query[name]]] : [])));
      const filter = new URLSearchParams({ ...asked, ...daysOf(visit) } as Record<string, string>);
      const href = (format: string) =>
        `/api/orgs/current/audit-events/export?${new URLSearchParams([['format', format], ...filter])}`;
      const families: Readonly<Record<string, string>> = { ...words.families, ...words.actions };
      const facts = [
        [words.search, query.search],
        [words.person, query.person ?? query.target ?? query.email],
        [words.actor, query.actor],
        [words.actor, query.by === 'provisioning' && words.families['provisioning.']],
        [words.action, query.action && (knownValue(families, query.action) ?? query.action)],
        [words.from, query.from],
        [words.to, query.to],
      ] as const;
      return {
        title: words.exporting,
        trail: [{ label: texts.console.areas.record, href: '/admin/record' }],
        body: html`<div class="narrow"><h1>${words.exporting}</h1>
<p>${words.exportText}</p>
<h2>${words.exportOf}</h2>
${filter.size === 0 ? html`<p>${words.exportEverything}</p>` : renderFacts(facts)}
<ul class="ways">
<li><a class="button" href="${href('csv')}" download>${words.exportCsv}</a> <span class="hint">${words.exportCsvText}</span></li>
<li><a class="button quiet" href="${href('ndjson')}" download>${words.exportNdjson}</a> <span class="hint">${words.exportNdjsonText}</span></li>
</ul></div>`,
      };
    },
  };
}
