import { auditEvent } from '../admin/audit-events.ts';
import { html } from '../html.ts';
import { renderJson } from './event-list.ts';
import type { Use } from './operations.ts';
import { renderCopyable, renderFacts, renderMoment } from './parts.ts';
import type { Screen } from './screen.ts';
import { sentenceOf } from './sentences.ts';

export function eventScreen(use: Use): Screen {
  const getAuditEvent = use('getAuditEvent', auditEvent);
  return {
    path: '/admin/record/{id}',
    id: 'showEvent',
    summary: 'One event of the record',
    area: 'record',
    permission: 'record.read',
    async show(visit) {
      const { texts, params } = visit;
      const words = texts.console.record;
      const event = await getAuditEvent(visit, { params });
      const alike = [
        [words.sameAction, { action: event.action }],
        [words.aboutTarget, event.target?.id ? { person: event.target.id } : null],
        [words.byActor, event.actor.id && event.actor.type !== 'system' ? { actor: event.actor.id } : null],
      ] as const;
      return {
        title: words.event,
        trail: [{ label: texts.console.areas.record, href: '/admin/record' }],
        body: html`<h1>${words.event}</h1>
<p class="sentence">${sentenceOf(texts, event, visit.principal.role)}</p>
${renderFacts([
  [words.at, renderMoment(texts, event.at)],
  [words.actionName, html`<code>${event.action}</code>`],
  [words.ip, event.ip],
  [words.request, event.requestId && html`<code>${event.requestId}</code>`],
  [words.id, renderCopyable(texts, event.id, words.id)],
])}
<h2>${words.alike}</h2>
<ul>${alike.map(([label, filter]) => filter && html`<li><a href="/admin/record?${new URLSearchParams(filter).toString()}">${label}</a></li>`)}</ul>
<h2>${words.json}</h2>
${renderJson(event)}`,
      };
    },
  };
}
