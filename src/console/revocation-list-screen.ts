import type { z } from 'zod';
import { personPage } from '../admin/people.ts';
import { type revocation, revocationPage } from '../admin/revocations.ts';
import { Initiator } from '../database/generated/client.ts';
import { type Html, html, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { breakAtSign, renderAsked, renderChosen } from './asked-subject.ts';
import { daysOf, renderDays } from './days.ts';
import { createFindPerson, type Found, renderPersonFound, renderSeveral } from './find-person.ts';
import type { Use } from './operations.ts';
import {
  formatMilliseconds,
  renderEmpty,
  renderField,
  renderMoment,
  renderPager,
  renderSelect,
  renderTable,
} from './parts.ts';
import { refusedCallScreen } from './refused-call-screen.ts';
import { renderRevocationTabs } from './revocation-tabs.ts';
import type { Screen, Visit } from './screen.ts';

type Listed = z.output<typeof revocation>;

export function revocationListScreens(use: Use): readonly Screen[] {
  const listRevocations = use('listRevocations', revocationPage);
  const findPerson = createFindPerson(use, use('listUsers', personPage));
  return [
    {
      path: '/admin/revocations',
      id: 'showRevocations',
      summary: 'What has ended access',
      area: 'revocations',
      async show(visit) {
        const { texts, query } = visit;
        const words = texts.console.revocations;
        const whom = await findPerson(visit, query.person);
        const asked = filterOf(visit, whom);
        const { items, next } = asked ? await listRevocations(visit, { query: asked }) : { items: [], next: null };
        const isFiltered = ['person', 'initiator', 'from', 'to'].some((name) => query[name]);
        const empty = isFiltered
          ? renderEmpty(words.none)
          : renderEmpty(words.empty, { label: words.toPeople, href: '/admin/people' });
        return {
          title: words.title,
          body: html`<h1>${words.title}</h1>
${renderRevocationTabs(texts, 'revocations')}
${renderFilters(visit, isFiltered)}
<div id="results">${renderMeant(visit, whom)}${
            items.length > 0
              ? renderTable({
                  caption: words.list,
                  columns: [words.when, words.whom, words.ended, words.who, words.asked, words.took],
                  rows: items.map((item) => renderRow(texts, item)),
                })
              : asked && empty
          }${renderPager(visit, next)}</div>`,
        };
      },
    },
    refusedCallScreen(use),
  ];
}

function filterOf(visit: Visit, whom: Found | null): Record<string, string> | null {
  const { initiator, cursor } = visit.query;
  if (whom && !('id' in whom)) return null;
  return {
    ...(initiator && { initiator }),
    ...(cursor && { cursor }),
    ...(whom && { user: whom.id }),
    ...daysOf(visit),
  };
}

function renderMeant(visit: Visit, whom: Found | null): Html | null {
  const words = visit.texts.console.record;
  if (whom === null) return null;
  if ('id' in whom) return renderPersonFound(words.about, whom);
  if ('several' in whom) return renderSeveral(visit, 'person', whom);
  return renderEmpty(words.nobody({ typed: visit.query.person ?? '' }));
}

function renderFilters(visit: Visit, isFiltered: boolean): Html {
  const { texts, query } = visit;
  const { record, revocations: words } = texts.console;
  return html`<form method="get" class="filters many" role="search">
${renderField({ name: 'person', label: words.whom, value: query.person ?? '', placeholder: record.personHint })}
${renderSelect({
  name: 'initiator',
  label: words.initiator,
  value: query.initiator ?? '',
  options: [
    { value: '', label: words.anyInitiator },
    ...Object.values(Initiator).map((value) => ({ value, label: words.initiators[value] })),
  ],
})}
${renderDays(visit)}
<p class="actions"><button>${texts.console.filter}</button>${isFiltered && html`<a href="/admin/revocations">${record.clear}</a>`}</p>
</form>`;
}

function renderRow(texts: Texts, item: Listed): readonly Value[] {
  const words = texts.console.revocations;
  return [
    html`<a class="at" id="at-${item.id}" href="/admin/revocations/${item.id}" aria-labelledby="at-${item.id} whom-${item.id}">${renderMoment(texts, item.createdAt)}</a>`,
    html`<span id="whom-${item.id}">${renderWhom(texts, item)}</span>`,
    renderEnded(texts, item),
    renderWho(texts, item),
    renderSubject(texts, item),
    item.durationMs !== null &&
      html`<span class="whole">${words.milliseconds({ n: formatMilliseconds(texts, item.durationMs) })}</span>`,
  ];
}

function renderSubject(texts: Texts, { initiator, subject }: Listed): Value {
  if (initiator === 'admin')
    return html`${renderChosen(texts, subject)}<span class="sub">${texts.console.revocations.inConsole}</span>`;
  return initiator === 'operator' ? renderChosen(texts, subject) : renderAsked(subject);
}

function renderWhom(texts: Texts, { user }: Listed): Html {
  const words = texts.console.revocations;
  if (user === null) return html`${words.everyone}`;
  const called = user.name || user.email;
  if (called === null) return html`<a href="/admin/record?person=${user.id}">${words.removed}</a>`;
  return html`<a href="/admin/people/${user.id}">${called}</a>${user.name && user.email && html`<span class="sub">${breakAtSign(user.email)}</span>`}`;
}

function renderEnded(texts: Texts, { sessionsEnded, grantsEnded }: Listed): Value {
  const words = texts.console.revocations;
  const { sentences } = texts.console;
  if (sessionsEnded === null) return html`<span class="soft">${words.notCounted}</span>`;
  const parts = [
    sessionsEnded > 0 && sentences.browsers(sessionsEnded),
    grantsEnded !== null && grantsEnded > 0 && sentences.apps(grantsEnded),
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(', ') : html`<span class="soft">${words.nothing}</span>`;
}

function renderWho(texts: Texts, { actor, caller, initiator }: Listed): Html {
  const words = texts.console.revocations;
  return html`${renderActor(texts, caller ?? actor)}<span class="sub">${words.initiators[initiator]}</span>`;
}

function renderActor(texts: Texts, actor: Listed['actor'] | Listed['caller']): Value {
  const words = texts.console.revocations;
  if (actor === null) return null;
  const name = actor.name || actor.id;
  if (actor.type === 'operator' || actor.type === 'system') return words[actor.type];
  if (actor.type === 'api_key') return words.apiKey({ name: name ?? '' });
  if (actor.type === 'connection') return html`<a href="/admin/settings/connections/${actor.id}">${name}</a>`;
  if (actor.name === null) return words.removed;
  return html`<a href="/admin/people/${actor.id}">${name}</a>`;
}
