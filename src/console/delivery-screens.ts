import { deadLettersReplayed, delivery, deliveryPage, deliveryWithLog } from '../admin/deliveries.ts';
import { may } from '../api/permissions.ts';
import { html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { errorIn, renderState } from './delivery-state.ts';
import { renderNotificationTabs } from './notification-tabs.ts';
import type { Use } from './operations.ts';
import {
  formatNumber,
  renderCopyable,
  renderEmpty,
  renderFacts,
  renderForm,
  renderMoment,
  renderPager,
  renderTable,
  unseenColumn,
} from './parts.ts';
import { type Screen, textOf } from './screen.ts';

/** Messages to webhooks and e-mails: each with its tries, and those that never arrived. */
export function deliveryScreens(use: Use): readonly Screen[] {
  const getDelivery = use('getDelivery', deliveryWithLog);
  const replayDelivery = use('replayDelivery', delivery);
  const listDeadLetters = use('listDeadLetters', deliveryPage);
  const replayDeadLetter = use('replayDeadLetter', delivery);
  const replayDeadLetters = use('replayDeadLetters', deadLettersReplayed);
  return [
    {
      path: '/admin/notifications/undelivered',
      id: 'showUndelivered',
      summary: 'What could not be delivered',
      area: 'notifications',
      async show(visit) {
        const { texts, query, principal } = visit;
        const words = texts.console.deliveries;
        const mayReplay = may(principal.role, 'settings.change');
        const { items, next } = await listDeadLetters(visit, { query: query.cursor ? { cursor: query.cursor } : {} });
        const rows = items.map((item) => {
          const message = kindsIn(texts, item.kinds);
          return [
            mayReplay ? html`<a href="/admin/deliveries/${item.id}">${message}</a>` : message,
            renderTo(texts, item, mayReplay),
            html`${item.error && errorIn(texts, item.error)}`,
            renderMoment(texts, item.finishedAt ?? item.createdAt),
            mayReplay &&
              renderForm(visit, {
                do: 'again',
                button: words.again,
                label: words.againLabel({ message }),
                quiet: true,
                inline: true,
                hidden: { delivery: item.id },
                toldBy: 'delivery',
              }),
          ];
        });
        return {
          title: words.deadTitle,
          body: html`<h1>${words.deadTitle}</h1>
${renderNotificationTabs(visit, 'undelivered')}
<p>${words.deadText}</p>
${mayReplay && rows.length > 1 && renderForm(visit, { do: 'all-again', button: words.allAgain, quiet: true })}
${
  rows.length > 0
    ? renderTable({
        caption: words.deadList,
        columns: [
          texts.console.webhooks.message,
          words.to,
          words.failed,
          words.at,
          ...(mayReplay ? [unseenColumn(words.again)] : []),
        ],
        rows: rows.map((row) => (mayReplay ? row : row.slice(0, -1))),
      })
    : renderEmpty(words.noDead)
}${renderPager(visit, next)}`,
        };
      },
      acts: {
        again: async (visit) => {
          await replayDeadLetter(visit, { params: { id: textOf(visit.given, 'delivery') } });
          return { to: visit.req.path, notice: 'sentAgain' };
        },
        'all-again': async (visit) => {
          const { replayed } = await replayDeadLetters(visit);
          return { to: visit.req.path, notice: replayed > 0 ? 'sentAllAgain' : 'nothingSent' };
        },
      },
    },
    {
      path: '/admin/deliveries/{id}',
      id: 'showDelivery',
      summary: 'One message, with its tries',
      area: 'notifications',
      permission: 'settings.change',
      async show(visit) {
        const { texts, params } = visit;
        const words = texts.console.deliveries;
        const found = await getDelivery(visit, { params });
        const isPending = found.status === 'pending';
        const rows = found.log.map((attempt) => [
          formatNumber(texts, attempt.number),
          renderMoment(texts, attempt.at),
          html`${attempt.status === null ? words.noAnswer : words.status({ status: attempt.status })}${attempt.error && html`<span class="sub">${errorIn(texts, attempt.error)}</span>`}`,
          words.milliseconds({ n: formatNumber(texts, attempt.durationMs) }),
        ]);
        return {
          title: words.title,
          trail: found.webhook
            ? [
                { label: texts.console.webhooks.title, href: '/admin/webhooks' },
                { label: texts.console.webhooks.oneTitle, href: `/admin/webhooks/${found.webhook}` },
              ]
            : [{ label: words.deadTitle, href: '/admin/notifications/undelivered' }],
          body: html`<h1>${words.heading({ kinds: kindsIn(texts, found.kinds) })}</h1>
<div id="delivery"${isPending && html` data-again="${found.attempts === 0 ? 1_500 : 10_000}"`}>${renderFacts([
            [words.state, renderState(texts, found)],
            [words.to, renderTo(texts, found, true)],
            [words.made, renderMoment(texts, found.createdAt)],
            [words.finished, found.finishedAt && renderMoment(texts, found.finishedAt)],
            [words.id, renderCopyable(texts, found.id, words.id)],
          ])}
<h2>${words.attempts}</h2>${
            rows.length > 0
              ? renderTable({
                  caption: words.attempts,
                  columns: [words.attempt, words.at, words.answer, words.took],
                  rows,
                })
              : renderEmpty(words.noAttempts)
          }
${
  isPending
    ? html`<p class="actions"><a class="button quiet" href="/admin/deliveries/${found.id}">${words.lookAgain}</a></p>`
    : html`<p class="soft">${words.againText}</p>${renderForm(visit, { do: 'again', button: words.again, quiet: true })}`
}</div>`,
        };
      },
      acts: {
        again: async (visit) => {
          await replayDelivery(visit, { params: visit.params });
          return { to: visit.req.path, notice: 'sentAgain' };
        },
      },
    },
  ];
}

const kindsIn = (texts: Texts, kinds: readonly (keyof Texts['console']['notifications']['kinds'])[]) =>
  kinds.map((kind) => texts.console.notifications.kinds[kind]).join(', ');

function renderTo(texts: Texts, to: Readonly<{ webhook: string | null; user: string | null }>, linked: boolean) {
  const words = texts.console.deliveries;
  if (to.user) return html`<a href="/admin/people/${to.user}">${words.byMailTo}</a>`;
  return to.webhook && linked ? html`<a href="/admin/webhooks/${to.webhook}">${words.toWebhook}</a>` : words.toWebhook;
}
