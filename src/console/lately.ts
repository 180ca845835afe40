import type { z } from 'zod';
import type { auditEvent } from '../admin/audit-events.ts';
import type { refusedCallPage } from '../admin/refused-calls.ts';
import { type Html, html, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { formatNumber, renderMoment, renderTable } from './parts.ts';
import { renderWhyRefused } from './why-refused.ts';

type Event = z.output<typeof auditEvent>;
type Call = z.output<typeof refusedCallPage>['items'][number];

export function renderRefusedSignIns(texts: Texts, events: readonly Event[]): Html {
  const words = texts.console.connection;
  if (events.length === 0) return html`<p class="soft">${words.refusedSignInsNone}</p>`;
  return renderTable({
    caption: words.refusedSignIns,
    columns: [words.when, words.why, words.whom, words.from],
    rows: events.map(({ id, at, detail, target, ip }) => [
      renderEventMoment(texts, id, at),
      html`${titleOf(texts, detail.reason)}${saidBy(texts, detail)}`,
      nameOf(target) ?? html`<span class="soft">${words.nobodyKnown}</span>`,
      ip,
    ]),
  });
}

export function renderRefusedCalls(texts: Texts, calls: readonly Call[]): Html {
  const words = texts.console.connection;
  if (calls.length === 0) return html`<p class="soft">${words.refusedCallsNone}</p>`;
  return renderTable({
    caption: words.refusedCalls,
    columns: [words.when, words.why, words.from],
    rows: calls.map((call) => [
      html`${renderEventMoment(texts, call.id, call.at)}<span class="sub">${words.calledAt[call.endpoint]}</span>`,
      html`${renderWhyRefused(texts, call)}${call.repeats > 0 && html`<span class="sub">${words.again({ n: formatNumber(texts, call.repeats) })}</span>`}`,
      call.network,
    ]),
  });
}

/** When it was, which leads to all that is on record of it. */
export const renderEventMoment = (texts: Texts, id: string, at: string): Html =>
  html`<a href="/admin/record/${id}">${renderMoment(texts, at)}</a>`;

/** Who or what an event is about, as it was called then. */
export function nameOf(target: Event['target']): string | null {
  if (!target) return null;
  if (target.name && target.email && target.name !== target.email) return `${target.name} (${target.email})`;
  return target.name || target.email;
}

function titleOf(texts: Texts, reason: unknown): string {
  const known: Readonly<Record<string, { title: string } | undefined>> = texts.refusals;
  return known[String(reason)]?.title ?? String(reason);
}

/** What the identity provider said itself. */
function saidBy(texts: Texts, { idpError, idpErrorDescription }: Event['detail']): Value {
  const said = [idpError, idpErrorDescription].filter(Boolean).join(': ');
  return said !== '' && html`<span class="sub">${texts.console.connection.said({ words: said })}</span>`;
}
