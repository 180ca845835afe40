import { deliveryPage } from '../admin/deliveries.ts';
import { webhook, webhookTest, webhookWithSecret } from '../admin/webhooks.ts';
import { html } from '../html.ts';
import { kinds } from '../notifications/kinds.ts';
import { compose } from '../web/compose.ts';
import { changesOf, formOf, renderTheirs, shownFields } from './changed-fields.ts';
import { renderState } from './delivery-state.ts';
import { renderKinds } from './kind-choices.ts';
import type { Use } from './operations.ts';
import {
  renderBadge,
  renderEmpty,
  renderFacts,
  renderForm,
  renderMoment,
  renderPager,
  renderQuestion,
  renderTable,
} from './parts.ts';
import { type Given, type Screen, textOf, textsOf } from './screen.ts';
import { chosenKinds, receiverOf, renderUrlField } from './webhook-form.ts';
import { viewOfSecret } from './webhook-secret.ts';
import { withoutFieldProblem } from './wrong-fields.ts';

type Settings = Readonly<{ url: string; kinds: readonly string[] }>;

/** The settings as texts, to be compared; the order in which kinds were chosen says nothing. */
const toTexts = (settings: Settings) => ({
  url: settings.url,
  kinds: kinds.filter((kind) => settings.kinds.includes(kind)).join(' '),
});
const typedIn = (given: Given): Settings => ({ url: textOf(given, 'url'), kinds: textsOf(given, 'kinds') });

/** One webhook: its state, what was sent to it, its settings and its end. */
export function webhookScreen(use: Use): readonly Screen[] {
  const getWebhook = use('getWebhook', webhook);
  const listDeliveries = use('listDeliveries', deliveryPage);
  const changeWebhook = use('changeWebhook', webhook);
  const testWebhook = use('testWebhook', webhookTest);
  const rotateWebhookSecret = use('rotateWebhookSecret', webhookWithSecret);
  const removeWebhook = use('removeWebhook', null);
  return [
    {
      path: '/admin/webhooks/{id}',
      id: 'showWebhook',
      summary: 'One webhook',
      area: 'notifications',
      permission: 'settings.change',
      async show(visit) {
        const { texts, params, query, given } = visit;
        const words = texts.console.webhooks;
        const [found, sent] = await Promise.all([
          getWebhook(visit, { params }),
          listDeliveries(visit, { params, query: query.cursor ? { cursor: query.cursor } : {} }),
        ]);
        const rows = sent.items.map((delivery) => [
          html`<a id="sent-${delivery.id}" href="/admin/deliveries/${delivery.id}" aria-labelledby="sent-${delivery.id} made-${delivery.id}">${delivery.kinds.map((kind) => texts.console.notifications.kinds[kind]).join(', ')}</a>`,
          renderState(texts, delivery),
          delivery.attempts,
          html`<span id="made-${delivery.id}">${renderMoment(texts, delivery.createdAt)}</span>`,
        ]);
        const button = (act: string, label: string) =>
          renderForm(visit, { do: act, button: label, quiet: true, inline: true });
        const { values, theirs } = formOf(visit, 'change', toTexts(typedIn(given)), toTexts(found));
        const kindNames = found.kinds.map((kind) => texts.console.notifications.kinds[kind]).join(', ');
        return {
          title: words.oneTitle,
          trail: [{ label: words.title, href: '/admin/webhooks' }],
          body: html`<div class="heading"><h1>${receiverOf(found)}</h1>
<div class="actions">${found.active && button('test', words.test)}${found.active ? button('pause', words.pause) : button('resume', words.resume)}<a class="button quiet alarming" href="/admin/webhooks/${found.id}/remove">${words.remove}</a></div></div>
${!found.active && html`<p class="notice">${words.pausedText}</p>`}
<section aria-labelledby="facts"><h2 id="facts" class="unseen">${words.facts}</h2>${renderFacts([
            [words.state, found.active ? renderBadge(words.on, 'good') : renderBadge(words.paused, 'bad')],
            [words.gets, kindNames],
            [words.added, renderMoment(texts, found.createdAt)],
            [words.changed, found.updatedAt !== found.createdAt && renderMoment(texts, found.updatedAt)],
            [
              words.oldSecret,
              found.previousSecretUntil &&
                compose(words.oldSecretUntil, { until: renderMoment(texts, found.previousSecretUntil) }),
            ],
          ])}</section>
<section aria-labelledby="sent"><h2 id="sent">${words.sent}</h2>${
            rows.length > 0
              ? renderTable({
                  caption: words.sent,
                  columns: [words.message, words.result, words.tries, words.when],
                  rows,
                })
              : renderEmpty(words.nothingSent)
          }${renderPager(visit, sent.next)}</section>
<section aria-labelledby="change" class="narrow"><h2 id="change">${words.change}</h2>${renderForm(
            withoutFieldProblem(visit, ['url']),
            {
              do: 'change',
              button: texts.console.save,
              hidden: shownFields(toTexts(found)),
              content: html`${renderUrlField(visit, 'change', values.url ?? '')}${renderTheirs(texts, theirs.url)}
${renderKinds(texts, words.kinds, kinds, values.kinds?.split(' ') ?? [])}${renderTheirs(texts, theirs.kinds && kindNames)}`,
            },
          )}</section>
<section aria-labelledby="secret" class="narrow"><h2 id="secret">${words.secret}</h2><p>${words.secretText}</p>${renderForm(visit, { do: 'rotate', button: words.rotate, quiet: true })}</section>`,
        };
      },
      acts: {
        test: async (visit) => {
          const { delivery } = await testWebhook(visit, { params: visit.params });
          return { to: `/admin/deliveries/${delivery}`, notice: 'sentTest' };
        },
        pause: async (visit) => {
          await changeWebhook(visit, { params: visit.params, body: { active: false } });
          return { to: visit.req.path, notice: 'saved' };
        },
        resume: async (visit) => {
          await changeWebhook(visit, { params: visit.params, body: { active: true } });
          return { to: visit.req.path, notice: 'saved' };
        },
        change: async (visit) => {
          const { texts, params, given } = visit;
          const typed = { ...typedIn(given), kinds: chosenKinds(texts, given) };
          const now = toTexts(await getWebhook(visit, { params }));
          const changes = changesOf(visit, toTexts(typed), now);
          const body = Object.fromEntries(Object.entries(typed).filter(([name]) => name in changes));
          if (Object.keys(body).length > 0) await changeWebhook(visit, { params, body });
          return { to: visit.req.path, notice: 'saved' };
        },
        rotate: async (visit) => {
          const rotated = await rotateWebhookSecret(visit, { params: visit.params });
          return viewOfSecret(visit.texts, rotated, 'rotated');
        },
      },
      shownOnce: ['rotate'],
    },
    {
      path: '/admin/webhooks/{id}/remove',
      id: 'showWebhookRemoval',
      summary: 'Remove a webhook',
      area: 'notifications',
      permission: 'settings.change',
      recent: true,
      async show(visit) {
        const { texts, params } = visit;
        const words = texts.console.webhooks;
        const found = await getWebhook(visit, { params });
        const receiver = receiverOf(found);
        const back = `/admin/webhooks/${found.id}`;
        return {
          title: words.removeTitle,
          trail: [
            { label: words.title, href: '/admin/webhooks' },
            { label: receiver, href: back },
          ],
          body: renderQuestion(visit, {
            ask: words.removeAsk({ receiver }),
            text: words.removeText,
            do: 'remove',
            button: words.removeButton,
            back,
          }),
        };
      },
      acts: {
        remove: async (visit) => {
          await removeWebhook(visit, { params: visit.params });
          return { to: '/admin/webhooks', notice: 'removed' };
        },
      },
    },
  ];
}
