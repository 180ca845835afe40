import type { z } from 'zod';
import type { revocation, revocationsTogether } from '../admin/revocations.ts';
import type { told } from '../admin/told-of-revocation.ts';
import { html, type Value } from '../html.ts';
import { formatMilliseconds, formatNumber, renderCopyable, renderMoment } from './parts.ts';
import { sayPassedOn } from './passed-on.ts';
import type { Visit } from './screen.ts';

type Revocation = z.output<typeof revocation>;
type Together = z.output<typeof revocationsTogether>;
type Told = z.output<typeof told>;

/** A line of a receipt: as the page shows it, and as a ticket says it. What is unknown is null. */
export type ReceiptFact = readonly [label: string, shown: Value, said: string | null];

const same = (label: string, text: string | null): ReceiptFact => [label, text, text];

/** What the receipt of one revocation says. */
export function receiptFacts(visit: Visit, found: Revocation, toldOf: Told): readonly ReceiptFact[] {
  const words = visit.texts.console.receipt;
  const { id, user } = found;
  const name = user && [user.name, user.email ?? user.id].filter(Boolean).join(', ');
  const byWebhooks = toldWords(visit, toldOf);
  return [
    [words.who, renderWhose(visit, user), name ?? words.everyone],
    ...sharedFacts(visit, found),
    [words.told, html`${words.toldText}<span class="sub">${byWebhooks}</span>`, `${words.toldText} ${byWebhooks}`],
    toldApps(visit, toldOf),
    [words.id, renderCopyable(visit.texts, id, words.id), id],
    requestFact(visit, found),
  ];
}

/** What the receipt of a list says above its people; `found` is the revocation of any of them. */
export function togetherFacts(visit: Visit, found: Revocation, all: Together, toldOf: Told): readonly ReceiptFact[] {
  const { receipt, groups } = visit.texts.console;
  const { sessionsEnded, grantsEnded } = all;
  return [
    same(receipt.who, groups.people(all.revocations)),
    ...sharedFacts(visit, { ...found, sessionsEnded, grantsEnded, more: false, durationMs: null }),
    toldApps(visit, toldOf),
    requestFact(visit, found),
  ];
}

/** On the page it has a part of its own. */
const toldApps = ({ texts }: Visit, toldOf: Told): ReceiptFact => [
  texts.console.forwards.passedOn,
  null,
  toldOf.apps.length > 0 ? sayPassedOn(texts, toldOf) : null,
];

function sharedFacts(visit: Visit, found: Revocation): readonly ReceiptFact[] {
  const { texts } = visit;
  const words = texts.console.receipt;
  const { createdAt, durationMs, initiator, actor, caller, reason, reasonForPerson } = found;
  return [
    [words.at, renderMoment(texts, createdAt), createdAt],
    same(words.ended, endedWords(visit, found)),
    same(words.took, durationMs === null ? null : words.milliseconds({ n: formatMilliseconds(texts, durationMs) })),
    same(words.how, texts.console.revocations.initiators[initiator]),
    same(words.by, actor?.name ?? caller?.name ?? null),
    same(words.reason, reason),
    same(words.words, reasonForPerson),
  ];
}

function requestFact({ texts }: Visit, { requestId }: Revocation): ReceiptFact {
  const words = texts.console.receipt;
  return [words.request, requestId && renderCopyable(texts, requestId, words.request), requestId];
}

type Counts = Pick<Revocation, 'sessionsEnded' | 'grantsEnded'> & Partial<Pick<Revocation, 'more'>>;

export function endedWords({ texts }: Visit, { sessionsEnded, grantsEnded, more }: Counts): string | null {
  if (sessionsEnded === null) return null;
  const { people, receipt } = texts.console;
  const counts = [sessionsEnded > 0 && people.sessions(sessionsEnded), grantsEnded && people.apps(grantsEnded)];
  const ended = counts.filter(Boolean).join(', ') || receipt.nothing;
  return more ? receipt.counting({ ended }) : ended;
}

export function renderWhose({ texts }: Visit, user: Revocation['user']): Value {
  const words = texts.console.receipt;
  if (user === null) return words.everyone;
  if (user.name === null) return words.removed;
  return html`<a href="/admin/people/${user.id}">${user.name || user.email}</a><span class="sub">${user.email}</span>`;
}

function toldWords({ texts }: Visit, { webhooks, waiting }: Told): string {
  const words = texts.console.receipt;
  if (webhooks.length === 0) return waiting ? words.webhooksWaiting : words.noWebhooks;
  const parts = webhooks.map(
    ({ status, deliveries }) => `${formatNumber(texts, deliveries)} ${words.webhookStatuses[status]}`,
  );
  return `${words.toldWebhooks}: ${parts.join(', ')}`;
}
