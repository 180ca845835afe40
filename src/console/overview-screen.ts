import type { z } from 'zod';
import { auditEventPage } from '../admin/audit-events.ts';
import { overview } from '../admin/overview.ts';
import { mostCounted } from '../database/most-counted.ts';
import { type Html, html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { renderAttention } from './attention.ts';
import { renderEvents } from './event-list.ts';
import type { Use } from './operations.ts';
import { formatNumber, icon, renderEmpty } from './parts.ts';
import { renderWeek } from './revocation-chart.ts';
import type { Screen } from './screen.ts';

const newest = 8;

export function overviewScreens(use: Use): readonly Screen[] {
  const getOverview = use('getOverview', overview);
  const listAuditEvents = use('listAuditEvents', auditEventPage);
  return [
    {
      path: '/admin',
      id: 'showConsole',
      summary: 'The console',
      area: 'overview',
      async show(visit) {
        const { texts, principal } = visit;
        const words = texts.console.overview;
        // One after another: a page leaves the connections to others.
        const found = await getOverview(visit);
        const events = await listAuditEvents(visit, { query: { limit: newest } });
        return {
          title: texts.console.areas.overview,
          body: html`<h1>${principal.orgName}</h1>
<form method="get" action="/admin/people" class="filters find" role="search">
<div class="field grow"><label for="search">${words.findPerson}</label><input id="search" name="search" type="search" placeholder="${words.findHint}" autofocus autocomplete="off"></div>
<button>${icon('search')}<span>${texts.console.search}</span></button></form>
<section aria-labelledby="figures"><h2 id="figures" class="unseen">${words.figures}</h2>${renderFigures(texts, found)}</section>
<section aria-labelledby="attention"><h2 id="attention">${words.attention}</h2>${renderAttention(texts, found.attention)}</section>
<section aria-labelledby="newest"><h2 id="newest">${words.newest}</h2>${
            events.items.length > 0
              ? html`${renderEvents(visit, events.items)}<p><a href="/admin/record">${words.whole}</a></p>`
              : renderEmpty(words.noEvents)
          }</section>`,
        };
      },
    },
  ];
}

function renderFigures(texts: Texts, found: z.output<typeof overview>): Html {
  const words = texts.console.overview;
  const { peopleSignedIn, peopleSignedInIsExact, revocations, refusedCalls } = found;
  const bounded = (value: number, isExact = value < mostCounted) =>
    isExact ? formatNumber(texts, value) : words.orMore({ n: formatNumber(texts, value) });
  const isWeekExact = revocations.days.every(({ count }) => count < mostCounted);
  return html`<div class="figures">
<div class="figure"><h3><a href="/admin/people?status=live">${words.signedIn}</a></h3>
<p class="big">${bounded(peopleSignedIn, peopleSignedInIsExact)}</p><p class="hint">${words.signedInHint}</p></div>
<div class="figure wide"><div><h3><a href="/admin/revocations">${words.revocations}</a></h3>
<p class="big">${words.today({ n: bounded(revocations.today) })}</p><p class="hint">${words.week({ n: bounded(revocations.week, isWeekExact) })}</p><p class="hint">${words.utc}</p></div>
${renderWeek(texts, revocations.days)}</div>
<div class="figure"><h3><a href="/admin/revocations/refused">${words.refusedCalls}</a></h3>
<p class="big">${words.today({ n: bounded(refusedCalls.today) })}</p><p class="hint">${words.week({ n: bounded(refusedCalls.week) })}</p>
<p class="hint">${words.refusedHint}</p></div>
</div>`;
}
