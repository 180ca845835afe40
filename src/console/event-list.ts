import type { z } from 'zod';
import type { auditEvent } from '../admin/audit-events.ts';
import { type Html, html } from '../html.ts';
import { renderMoment } from './parts.ts';
import type { Visit } from './screen.ts';
import { sentenceOf } from './sentences.ts';

type ListedEvent = z.output<typeof auditEvent> & Readonly<{ owner?: string }>;

/**
 * Events as sentences, each with the way to its own page; `json`: and with what it is made of. Both
 * are named by the sentence too: many happen in one minute.
 */
export function renderEvents({ texts, principal }: Visit, events: readonly ListedEvent[], { json = false } = {}): Html {
  return html`<ol class="events">${events.map(
    (event) =>
      html`<li><a class="at" id="at-${event.id}" href="/admin/record/${event.id}" aria-labelledby="at-${event.id} said-${event.id}">${renderMoment(texts, event.at)}</a><p id="said-${event.id}">${sentenceOf(texts, event, principal.role)}</p>${json && html`<details><summary id="json-${event.id}" aria-labelledby="json-${event.id} said-${event.id}">${texts.console.record.json}</summary>${renderJson(withoutOwner(event))}</details>`}</li>`,
  )}</ol>`;
}

/** As the API shows it. */
const withoutOwner = ({ owner: _, ...event }: ListedEvent) => event;

export const renderJson = (value: object): Html =>
  html`<pre class="json" tabindex="0"><code>${JSON.stringify(value, null, 2)}</code></pre>`;
