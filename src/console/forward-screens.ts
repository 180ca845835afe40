import type { z } from 'zod';
import { app, appList } from '../admin/app-forms.ts';
import { forward, forwardPage, forwardsReplayed, forwardWithLog } from '../admin/forwards.ts';
import { may } from '../api/permissions.ts';
import { forwardStatuses } from '../downstream/forwards.ts';
import { type Html, html, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { compose } from '../web/compose.ts';
import { renderAppTabs, trailOfApps } from './app-view.ts';
import { forwardErrorIn, isOfAccount, isOfStream, renderForwardState, renderType, sayType } from './forward-state.ts';
import type { Use } from './operations.ts';
import {
  formatNumber,
  renderCopyable,
  renderEmpty,
  renderFacts,
  renderForm,
  renderMoment,
  renderPager,
  renderSelect,
  renderTable,
  unseenColumn,
} from './parts.ts';
import { lookAgainAfter } from './passed-on.ts';
import { type Screen, textOf, type Visit } from './screen.ts';
import { linkTo } from './sentence-parts.ts';

export type ShownForward = z.output<typeof forward>;

/** What was passed on to apps: each with its tries, and those that never arrived. */
export function forwardScreens(use: Use): readonly Screen[] {
  const listApps = use('listApps', appList);
  const getApp = use('getApp', app);
  const listForwards = use('listForwards', forwardPage);
  const getForward = use('getForward', forwardWithLog);
  const replayForward = use('replayForward', forward);
  const replayForwards = use('replayForwards', forwardsReplayed);
  return [
    {
      path: '/admin/forwards',
      id: 'showForwards',
      summary: 'What was passed on to apps',
      area: 'apps',
      async show(visit) {
        const { texts, query } = visit;
        const words = texts.console.forwards;
        const { items: apps } = await listApps(visit);
        const { items, next } = await listForwards(visit, { query: askedOf(visit) });
        const isFiltered = filters.some((name) => query[name]);
        return {
          title: words.title,
          body: html`<h1>${words.title}</h1>
${renderAppTabs(texts, 'forwards')}
<p>${words.text}</p>
<form method="get" class="filters" role="search">
${renderSelect({
  name: 'app',
  label: words.app,
  value: query.app ?? '',
  options: [{ value: '', label: words.anyApp }, ...apps.map(({ id, name }) => ({ value: id, label: name }))],
})}
${renderSelect({
  name: 'status',
  label: words.status,
  value: query.status ?? '',
  options: [
    { value: '', label: words.anyStatus },
    ...forwardStatuses.map((value) => ({ value, label: words.statuses[value] })),
  ],
})}
${(['user', 'revocation'] as const).map((name) => query[name] && html`<input type="hidden" name="${name}" value="${query[name]}">`)}
<p class="actions"><button class="quiet">${texts.console.filter}</button>${isFiltered && html`<a href="/admin/forwards">${texts.console.record.clear}</a>`}</p>
</form>
${renderAllAgain(visit, items)}
<div id="results">${renderAbout(visit, items)}${
            items.length > 0 ? renderForwards(visit, items) : renderEmpty(isFiltered ? words.noneFound : words.none)
          }${renderPager(visit, next)}</div>`,
        };
      },
      acts: {
        again: async (visit) => {
          await replayForward(visit, { params: { id: textOf(visit.given, 'forward') } });
          return { to: visit.req.originalUrl, notice: 'sentAgain' };
        },
        'all-again': async (visit) => {
          const { replayed, more } = await replayForwards(visit, { params: { id: visit.query.app ?? '' } });
          const notice = more ? 'firstPassedOnAgain' : replayed > 0 ? 'passedOnAgain' : 'nothingPassedOn';
          return { to: visit.req.originalUrl, notice };
        },
      },
    },
    {
      path: '/admin/forwards/{id}',
      id: 'showForward',
      summary: 'One sign-out on its way to an app, with its tries',
      area: 'apps',
      async show(visit) {
        const { texts, params } = visit;
        const words = texts.console.forwards;
        const found = await getForward(visit, { params });
        // What waits for a paused app goes nowhere.
        const isMoving =
          found.status === 'pending' && (await getApp(visit, { params: { id: found.app } })).state === 'enabled';
        return {
          title: words.one,
          trail: [...trailOfApps(texts, { id: found.app, name: found.appName })],
          body: html`<h1>${words.heading({ person: nameOf(texts, found), app: found.appName })}</h1>
${renderOne(visit, found, { isMoving })}`,
        };
      },
      acts: {
        again: async (visit) => {
          await replayForward(visit, { params: visit.params });
          return { to: visit.req.path, notice: 'sentAgain' };
        },
      },
    },
  ];
}

const filters = ['app', 'status', 'user', 'revocation'] as const;

function askedOf({ query }: Visit): Record<string, string> {
  const names = [...filters, 'cursor'] as const;
  return Object.fromEntries(names.flatMap((name) => (query[name] ? [[name, query[name]]] : [])));
}

/** Once an app is well again, what it could not be told is sent as a whole. */
function renderAllAgain(visit: Visit, items: readonly ShownForward[]): Html | null {
  const { query, principal, texts } = visit;
  const isOfOneApp = query.app && query.status === 'dead';
  const isWorthIt = items.length > 1 && items.some(({ replayable }) => replayable);
  if (!isOfOneApp || !isWorthIt || !may(principal.role, 'apps.change')) return null;
  return renderForm(visit, { do: 'all-again', button: texts.console.forwards.allAgain, quiet: true });
}

/** Whose, and of which sign-out, where another page leads here. */
function renderAbout({ texts, query }: Visit, items: readonly ShownForward[]): Html | null {
  const words = texts.console.forwards;
  const { user, revocation } = query;
  if (revocation) return html`<p class="about"><a href="/admin/revocations/${revocation}">${words.ofSignOut}</a></p>`;
  if (!user) return null;
  const called = items.find((item) => item.user === user)?.userName ?? user;
  return html`<p class="about">${compose(words.about, { person: html`<a href="/admin/people/${user}">${called}</a>` })}</p>`;
}

/** The list; without `withApp` it is of one app. */
export function renderForwards(
  visit: Visit,
  items: readonly ShownForward[],
  { withApp = true }: { withApp?: boolean } = {},
): Html {
  const { texts, principal } = visit;
  const words = texts.console.forwards;
  const mayReplay = may(principal.role, 'apps.change') && items.some(({ replayable }) => replayable);
  const rows = items.map((item): readonly Value[] => [
    html`<a id="to-${item.id}" href="/admin/forwards/${item.id}" aria-labelledby="to-${item.id}${withApp && ` app-${item.id}`} at-${item.id}">${nameOf(texts, item)}</a>`,
    ...(withApp ? [html`<span id="app-${item.id}">${item.appName}</span>`] : []),
    html`${renderForwardState(texts, item)}${!isOfStream(item) && renderType(texts, item, `type-${item.id}`)}`,
    formatNumber(texts, item.attempts),
    html`<span id="at-${item.id}">${renderMoment(texts, item.revokedAt)}</span>`,
    ...(mayReplay ? [item.replayable && renderAgain(visit, item)] : []),
  ]);
  return renderTable({
    caption: words.list,
    columns: [
      words.person,
      ...(withApp ? [words.app] : []),
      words.status,
      words.tries,
      words.ended,
      ...(mayReplay ? [unseenColumn(words.again)] : []),
    ],
    rows,
  });
}

const nameOf = (texts: Texts, forward: Pick<ShownForward, 'userName' | 'type'>): string =>
  forward.userName ?? (isOfStream(forward) ? sayType(texts, forward.type) : null) ?? texts.console.forwards.removed;

const renderAgain = (visit: Visit, item: ShownForward): Html => {
  const words = visit.texts.console.forwards;
  return renderForm(visit, {
    do: 'again',
    button: words.again,
    label: words.againLabel({ person: nameOf(visit.texts, item), app: item.appName }),
    quiet: true,
    inline: true,
    hidden: { forward: item.id },
    toldBy: 'forward',
  });
};

function renderOne(
  visit: Visit,
  found: z.output<typeof forwardWithLog>,
  { isMoving }: Readonly<{ isMoving: boolean }>,
): Html {
  const { texts, principal } = visit;
  const words = texts.console.forwards;
  const isPending = found.status === 'pending';
  const rows = found.log.map((attempt) => [
    formatNumber(texts, attempt.number),
    renderMoment(texts, attempt.at),
    html`${attempt.status === null ? words.noAnswer : words.answered({ status: String(attempt.status) })}${attempt.error && html`<span class="sub">${forwardErrorIn(texts, attempt.error)}</span>`}`,
    words.milliseconds({ n: formatNumber(texts, attempt.durationMs) }),
  ]);
  return html`<div id="forward"${isMoving && html` data-again="${lookAgainAfter(found.revokedAt)}"`}>${renderFacts([
    [words.status, renderForwardState(texts, found)],
    [
      isOfAccount(found) ? words.account : words.person,
      !isOfStream(found) &&
        (found.userName ? linkTo(isOfAccount(found) ? 'account' : 'user', found.user, found.userName) : words.removed),
    ],
    [words.app, html`<a href="/admin/apps/${found.app}">${found.appName}</a>`],
    [words.type, sayType(texts, found.type)],
    [words.ended, renderMoment(texts, found.revokedAt)],
    [words.next, found.dueAt && renderMoment(texts, found.dueAt)],
    [words.finished, found.finishedAt && renderMoment(texts, found.finishedAt)],
    [words.signOut, found.revocation && html`<a href="/admin/revocations/${found.revocation}">${words.receipt}</a>`],
    [words.id, renderCopyable(texts, found.id, words.id)],
  ])}
<h2>${words.attempts}</h2>${
    rows.length > 0
      ? renderTable({ caption: words.attempts, columns: [words.attempt, words.at, words.answer, words.took], rows })
      : renderEmpty(words.noAttempts)
  }
${isPending && html`<p class="actions"><a class="button quiet" href="/admin/forwards/${found.id}">${words.lookAgain}</a></p>`}
${
  found.replayable &&
  may(principal.role, 'apps.change') &&
  html`<p class="soft">${words.againText}</p>${renderForm(visit, { do: 'again', button: words.again, quiet: true })}`
}</div>`;
}
