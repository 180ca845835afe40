import type { z } from 'zod';
import { revocation, revocationsTogether } from '../admin/revocations.ts';
import { told } from '../admin/told-of-revocation.ts';
import type { Config } from '../config.ts';
import { type Html, html } from '../html.ts';
import { createJoined } from './joined.ts';
import type { Use } from './operations.ts';
import { formatNumber, renderFacts, renderPager, renderTable } from './parts.ts';
import { renderLive, renderPassedOn } from './passed-on.ts';
import { endedWords, type ReceiptFact, receiptFacts, renderWhose, togetherFacts } from './receipt-facts.ts';
import { type CausedRotations, createCausedRotations, renderCaused, sayCaused } from './receipt-rotations.ts';
import type { Screen, Visit } from './screen.ts';
import type { SealedSearches } from './sealed-search.ts';

type Revocation = z.output<typeof revocation>;

/** The receipts of what ended: of one revocation, and of those of a list. */
export function revocationScreens(
  use: Use,
  { publicUrl }: Pick<Config, 'publicUrl'>,
  searches: SealedSearches,
): readonly Screen[] {
  const renderJoined = createJoined(use, searches);
  const getRevocation = use('getRevocation', revocation);
  const listTogether = use('listRevocationsTogether', revocationsTogether);
  const getTold = use('getToldOfRevocation', told);
  const causedRotations = createCausedRotations(use);
  const trail = ({ texts }: Visit) => [{ label: texts.console.areas.revocations, href: '/admin/revocations' }];
  return [
    {
      path: '/admin/revocations/{id}',
      id: 'showRevocation',
      summary: 'One revocation: the receipt',
      area: 'revocations',
      async show(visit) {
        const { texts, params } = visit;
        const words = texts.console.receipt;
        // One after another: a page leaves the connections to others.
        const found = await getRevocation(visit, { params });
        const together = await listTogether(visit, { params, query: { limit: '1' } });
        const toldOf = await getTold(visit, { params });
        const caused = await causedRotations(visit, found);
        const joined = await renderJoined(visit);
        const rest = together.revocations;
        const facts = [...receiptFacts(visit, found, toldOf), factOfCaused(visit, caused)];
        return {
          title: words.title,
          trail: trail(visit),
          scripts: ['people.js'],
          body: html`<h1 data-receipt>${titleOf(visit, found)}</h1>
${joined}
${renderLive(
  visit,
  { toldOf, since: found.createdAt, beside: { again: caused.again, said: sayCaused(visit, caused) } },
  html`${renderReceipt(facts)}
${rest > 1 && html`<p><a href="/admin/revocations/${found.id}/together">${words.together(rest)}</a></p>`}
${renderPassedOn(visit, toldOf, found.id)}
${renderCaused(visit, caused)}
<p class="actions">${found.user?.name && html`<a class="button quiet" href="/admin/people/${found.user.id}">${words.back}</a> `}<a class="button quiet" href="/admin/people">${words.next}</a></p>
${renderTicket(visit, linesOf(facts))}`,
)}`,
        };
      },
    },
    {
      path: '/admin/revocations/{id}/together',
      id: 'showRevocationsTogether',
      summary: 'What one request ended: the receipt of a list',
      area: 'revocations',
      async show(visit) {
        const { texts, params, query } = visit;
        const { receipt: words, groups } = texts.console;
        const [found, all] = await Promise.all([
          getRevocation(visit, { params }),
          listTogether(visit, { params, query: { limit: '200', ...(query.cursor && { cursor: query.cursor }) } }),
        ]);
        const toldOf = await getTold(visit, { params, query: { together: 'true' } });
        const caused = await causedRotations(visit, found, { together: true });
        const joined = await renderJoined(visit);
        const facts = [...togetherFacts(visit, found, all, toldOf), factOfCaused(visit, caused)];
        return {
          title: words.togetherTitle,
          trail: trail(visit),
          scripts: ['people.js'],
          body: html`<div class="heading"><h1 data-receipt>${words.togetherTitle}</h1><p class="actions"><a class="button quiet small" download href="/api/orgs/current/revocations/${found.id}/together/export">${words.file}</a></p></div>${joined}${renderLive(
            visit,
            { toldOf, since: found.createdAt, beside: { again: caused.again, said: sayCaused(visit, caused) } },
            html`${renderReceipt(facts)}${renderPassedOn(visit, toldOf, null)}${renderCaused(visit, caused)}`,
          )}
${renderTable({
  caption: words.togetherTitle,
  columns: [words.person, words.sessions, words.apps, words.id],
  rows: all.items.map(({ id, user, sessionsEnded, grantsEnded }) => [
    renderWhose(visit, user),
    formatNumber(texts, sessionsEnded ?? 0),
    formatNumber(texts, grantsEnded ?? 0),
    html`<a href="/admin/revocations/${id}"><code>${id}</code></a>`,
  ]),
})}${renderPager(visit, all.next)}
<p class="actions"><a class="button quiet" href="/admin/people">${words.next}</a></p>
${renderTicket(visit, [
  words.togetherTitle,
  ...linesOf(facts),
  ...all.items.map(
    ({ id, user, sessionsEnded, grantsEnded }) =>
      `${user?.email ?? user?.id ?? ''}: ${endedWords(visit, { sessionsEnded, grantsEnded })} (${id})`,
  ),
  ...(all.items.length === all.revocations
    ? []
    : [
        words.andMore({
          people: groups.people(all.revocations - all.items.length),
          address: `${publicUrl}/admin/revocations/${found.id}/together`,
        }),
      ]),
])}`,
        };
      },
    },
  ];
}

function titleOf({ texts, principal }: Visit, { user }: Revocation): string {
  const words = texts.console.receipt;
  if (user === null) return words.ofEveryone({ org: principal.orgName });
  return words.of({ name: user.name ?? user.email ?? words.removed });
}

/** On the page it has a part of its own. */
const factOfCaused = (visit: Visit, caused: CausedRotations): ReceiptFact => [
  visit.texts.console.accounts.onReceipt,
  null,
  sayCaused(visit, caused) || null,
];

const renderReceipt = (facts: readonly ReceiptFact[]): Html =>
  renderFacts(facts.map(([label, shown]) => [label, shown]));

/** What stands on the receipt as plain lines, without what is unknown. */
const linesOf = (facts: readonly ReceiptFact[]): string[] =>
  facts.flatMap(([label, _shown, said]) => (said ? [`${label}: ${said}`] : []));

/** The receipt as a text, with a button that copies it. */
function renderTicket({ texts }: Visit, lines: readonly string[]): Html {
  const words = texts.console.receipt;
  const text = lines.join('\n');
  return html`<section aria-labelledby="ticket"><h2 id="ticket">${words.ticket}</h2>
<pre class="ticket" tabindex="0" aria-labelledby="ticket">${text}</pre>
<p class="actions"><button type="button" class="quiet copy" data-copy="${text}" aria-label="${words.copy}" hidden><span>${words.copy}</span></button></p></section>`;
}
