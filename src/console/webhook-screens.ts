import { webhookList, webhookWithSecret } from '../admin/webhooks.ts';
import { html } from '../html.ts';
import { kinds } from '../notifications/kinds.ts';
import { renderKinds } from './kind-choices.ts';
import { renderNotificationTabs } from './notification-tabs.ts';
import type { Use } from './operations.ts';
import { renderBadge, renderEmpty, renderForm, renderMoment, renderTable, valueIn } from './parts.ts';
import { type Screen, textOf, textsOf, type Visit } from './screen.ts';
import { chosenKinds, receiverOf, renderUrlField } from './webhook-form.ts';
import { webhookScreen } from './webhook-screen.ts';
import { viewOfSecret } from './webhook-secret.ts';
import { withoutFieldProblem } from './wrong-fields.ts';

export function webhookScreens(use: Use): readonly Screen[] {
  const listWebhooks = use('listWebhooks', webhookList);
  const addWebhook = use('addWebhook', webhookWithSecret);
  return [
    {
      path: '/admin/webhooks',
      id: 'showWebhooks',
      summary: 'The webhooks of the organisation',
      area: 'notifications',
      permission: 'settings.change',
      async show(visit) {
        const { texts } = visit;
        const words = texts.console.webhooks;
        const { items } = await listWebhooks(visit);
        const rows = items.map((webhook) => [
          html`<a href="/admin/webhooks/${webhook.id}">${receiverOf(webhook)}</a>`,
          webhook.kinds.map((kind) => texts.console.notifications.kinds[kind]).join(', '),
          html`${webhook.active ? renderBadge(words.on, 'good') : renderBadge(words.paused, 'bad')}${webhook.previousSecretUntil && html` ${renderBadge(words.twoSecrets)}`}`,
          renderMoment(texts, webhook.createdAt),
        ]);
        const isAdding = textOf(visit.given, 'do') === 'add';
        const form = renderAddForm(visit);
        return {
          title: words.title,
          body: html`<h1>${words.title}</h1>
${renderNotificationTabs(visit, 'webhooks')}
<p>${words.text}</p>
${
  rows.length > 0
    ? html`${renderTable({ caption: words.list, columns: [words.receiver, words.gets, words.state, words.added], rows })}
<details class="adding"${isAdding && html` open`}><summary>${words.add}</summary>${form}</details>`
    : html`${renderEmpty(words.none)}<section aria-labelledby="add"><h2 id="add">${words.add}</h2>${form}</section>`
}`,
        };
      },
      acts: {
        add: async (visit) => {
          const { texts, given } = visit;
          const body = { url: textOf(given, 'url'), kinds: chosenKinds(texts, given) };
          const added = await addWebhook(visit, { body });
          return viewOfSecret(texts, added, 'added');
        },
      },
      shownOnce: ['add'],
    },
    ...webhookScreen(use),
  ];
}

function renderAddForm(visit: Visit) {
  const words = visit.texts.console.webhooks;
  return html`<div class="narrow">${renderForm(withoutFieldProblem(visit, ['url']), {
    do: 'add',
    button: words.add,
    content: html`${renderUrlField(visit, 'add', valueIn(visit, 'add', 'url'))}
${renderKinds(visit.texts, words.kinds, kinds, textOf(visit.given, 'do') === 'add' ? textsOf(visit.given, 'kinds') : ['revocation'])}`,
  })}</div>`;
}
