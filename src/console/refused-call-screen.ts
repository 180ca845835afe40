import { refusedCallPage } from '../admin/refused-calls.ts';
import { calledEndpoints } from '../audit/actions.ts';
import { type Html, html, type Value } from '../html.ts';
import { parseJson } from '../http/parse-json.ts';
import type { Texts } from '../texts/texts.ts';
import { compose } from '../web/compose.ts';
import { type Advised, adviceOn, type RefusedCall } from './advice.ts';
import { renderAsked } from './asked-subject.ts';
import { daysOf, renderDays } from './days.ts';
import type { Use } from './operations.ts';
import { renderBadge, renderEmpty, renderMoment, renderPager, renderSelect, renderTable } from './parts.ts';
import { renderRevocationTabs } from './revocation-tabs.ts';
import type { Screen } from './screen.ts';
import { renderWhyRefused } from './why-refused.ts';

export function refusedCallScreen(use: Use): Screen {
  const listRefusedCalls = use('listRefusedCalls', refusedCallPage);
  return {
    path: '/admin/revocations/refused',
    id: 'showRefusedCalls',
    summary: 'Calls that asked to end access and were refused',
    area: 'revocations',
    async show(visit) {
      const { texts, query } = visit;
      const { refused: words, record } = texts.console;
      const { endpoint, caller, cursor } = query;
      const { items, next } = await listRefusedCalls(visit, {
        query: {
          ...(endpoint && { endpoint }),
          ...(caller && { caller }),
          ...(cursor && { cursor }),
          ...daysOf(visit),
        },
      });
      const isFiltered = ['endpoint', 'caller', 'from', 'to'].some((name) => query[name]);
      return {
        title: words.title,
        body: html`<h1>${words.title}</h1>
${renderRevocationTabs(texts, 'refused')}
<p class="hint intro">${words.intro}</p>
<form method="get" class="filters" role="search">
${caller && html`<input type="hidden" name="caller" value="${caller}">`}
${renderSelect({
  name: 'endpoint',
  label: words.endpoint,
  value: endpoint ?? '',
  options: [
    { value: '', label: words.anyEndpoint },
    ...calledEndpoints.map((value) => ({ value, label: words.endpoints[value] })),
  ],
})}
${renderDays(visit)}
<p class="actions"><button>${texts.console.filter}</button>${isFiltered && html`<a href="/admin/revocations/refused">${record.clear}</a>`}</p>
</form>
<div id="results">${
          items.length > 0
            ? renderTable({
                caption: words.list,
                columns: [record.at, words.caller, words.why, words.whatToDo],
                rows: items.map((call) => [
                  html`<a class="at" id="at-${call.id}" href="/admin/record/${call.id}" aria-labelledby="at-${call.id} by-${call.id}">${renderMoment(texts, call.at)}</a><span class="sub">${words.endpoints[call.endpoint]}</span>`,
                  html`<span id="by-${call.id}">${renderCaller(texts, call)}</span>`,
                  renderWhy(texts, call),
                  renderAdvice(texts, adviceOn(call)),
                ]),
              })
            : renderEmpty(isFiltered ? words.none : words.empty)
        }${renderPager(visit, next)}</div>`,
      };
    },
  };
}

function renderCaller(texts: Texts, call: RefusedCall): Html {
  const words = texts.console.refused;
  const { caller, authenticated, network, ip } = call;
  const address = ip ?? network;
  const place =
    network === 'various' ? words.manyNetworks : address && compose(words.from, { address: renderAddress(address) });
  const called = caller && (caller.name || caller.id);
  const name =
    caller?.type === 'connection' && caller.id
      ? html`<a href="/admin/settings/connections/${caller.id}">${called}</a>`
      : html`${called}`;
  const who = called
    ? html`${!authenticated && html`${renderBadge(words.unproven)} `}${name}`
    : html`${words.stranger}`;
  return html`${who}<span class="sub">${place}</span>`;
}

/** A long address (IPv6) is wider than a phone: only short ones stay on one line. */
const renderAddress = (address: string): Value =>
  address.includes(':') ? address : html`<span class="whole">${address}</span>`;

function renderWhy(texts: Texts, call: RefusedCall): Html {
  const words = texts.console.refused;
  return html`${renderWhyRefused(texts, call)}${call.repeats > 0 && html`<span class="sub">${words.times(call.repeats)}</span>`}${call.subject && html`<span class="sub">${words.asked}: ${renderAsked(parseJson(call.subject) ?? { subject: call.subject })}</span>`}`;
}

function renderAdvice(texts: Texts, { advice, link }: Advised): Html {
  const words = texts.console.refused;
  return html`${words.advice[advice]}${link && html` <a href="${link.href}">${words.links[link.label]}</a>`}`;
}
