import { appList } from '../admin/app-forms.ts';
import { webhookList } from '../admin/webhooks.ts';
import { may } from '../api/permissions.ts';
import { type Html, html } from '../html.ts';
import { hostOf, renderAppState, renderAppTabs, renderCount, type ShownApp, wayOf } from './app-view.ts';
import type { Use } from './operations.ts';
import { formatNumber, renderBadge, renderEmpty, renderMoment, renderTable } from './parts.ts';
import type { Screen, Visit } from './screen.ts';
import { receiverOf } from './webhook-form.ts';

/** The apps behind the organisation, and its webhooks beside them. */
export function appScreens(use: Use): readonly Screen[] {
  const listApps = use('listApps', appList);
  const listWebhooks = use('listWebhooks', webhookList);
  return [
    {
      path: '/admin/apps',
      id: 'showApps',
      summary: 'The apps behind',
      area: 'apps',
      async show(visit) {
        const { texts, principal } = visit;
        const words = texts.console.apps;
        const { items } = await listApps(visit);
        const webhooks = may(principal.role, 'settings.change') ? (await listWebhooks(visit)).items : null;
        const mayAdd = may(principal.role, 'apps.change');
        const add = { label: words.add, href: '/admin/apps/new' };
        return {
          title: words.title,
          body: html`<div class="heading"><h1>${words.title}</h1>${mayAdd && items.length > 0 && html`<p class="actions"><a class="button" href="${add.href}">${add.label}</a></p>`}</div>
${renderAppTabs(texts, 'apps')}
<p>${words.text}</p>
${items.length > 0 ? renderApps(visit, items) : renderEmpty(words.none, mayAdd ? add : undefined)}
${webhooks && renderWebhooks(visit, webhooks)}`,
        };
      },
    },
  ];
}

function renderApps({ texts }: Visit, apps: readonly ShownApp[]): Html {
  const words = texts.console.apps;
  return renderTable({
    caption: words.list,
    columns: [words.name, words.kind, words.where, words.state, words.waiting, words.dead, words.last],
    rows: apps
      .toSorted((a, b) => a.name.localeCompare(b.name, texts.language))
      .map((app) => [
        html`<a href="/admin/apps/${app.id}">${app.name}</a>`,
        words.kinds[wayOf(app) === 'oidc' ? 'oidc' : app.kind],
        hostOf(app),
        renderAppState(texts, app),
        renderCount(texts, app, 'pending', app.waiting),
        renderCount(texts, app, 'dead', app.dead),
        app.lastReceivedAt === null
          ? html`<span class="soft">${words.notYet}</span>`
          : renderMoment(texts, app.lastReceivedAt),
      ]),
  });
}

type Webhook = Readonly<{
  id: string;
  url: string;
  active: boolean;
  lastDeliveredAt: string | null;
  dead: number;
}>;

function renderWebhooks({ texts }: Visit, webhooks: readonly Webhook[]): Html {
  const words = texts.console.apps;
  return html`<section aria-labelledby="webhooks"><h2 id="webhooks">${words.webhooks}</h2>
<p>${words.webhooksText}</p>${
    webhooks.length > 0
      ? renderTable({
          caption: words.webhooks,
          columns: [words.webhook, words.state, words.dead, words.last],
          rows: webhooks.map((webhook) => [
            html`<a href="/admin/webhooks/${webhook.id}">${receiverOf(webhook)}</a>`,
            webhook.active ? renderBadge(words.on, 'good') : renderBadge(words.off, 'bad'),
            formatNumber(texts, webhook.dead),
            webhook.lastDeliveredAt === null
              ? html`<span class="soft">${words.notYet}</span>`
              : renderMoment(texts, webhook.lastDeliveredAt),
          ]),
        })
      : html`<p class="soft">${words.noWebhooks} <a href="/admin/webhooks">${words.addWebhook}</a></p>`
  }</section>`;
}
