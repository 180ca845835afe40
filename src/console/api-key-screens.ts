import type { z } from 'zod';
import { type apiKey, apiKeyPage } from '../admin/api-keys.ts';
import { may } from '../api/permissions.ts';
import { type Html, html } from '../html.ts';
import { endApiKeyScreen } from './end-api-key-screen.ts';
import { newApiKeyScreen } from './new-api-key-screen.ts';
import type { Use } from './operations.ts';
import { renderBadge, renderEmpty, renderMoment, renderPager, renderTable, unseenColumn } from './parts.ts';
import type { Screen, Visit } from './screen.ts';
import { settingsTrail } from './settings-parts.ts';

type ApiKey = z.output<typeof apiKey>;

export function apiKeyScreens(use: Use): readonly Screen[] {
  const listApiKeys = use('listApiKeys', apiKeyPage);
  return [
    {
      path: '/admin/settings/api-keys',
      id: 'showApiKeys',
      summary: 'Settings: the API keys',
      area: 'settings',
      async show(visit) {
        const { texts, query, principal } = visit;
        const words = texts.console.apiKeys;
        const { items, next } = await listApiKeys(visit, { query: query.cursor ? { cursor: query.cursor } : {} });
        const isAllowed = may(principal.role, 'settings.change');
        const add = { label: words.make, href: '/admin/settings/api-keys/new' };
        const state = unseenColumn(words.state);
        const columns = [words.name, words.scopes, words.expires, words.lastUsed, words.created, state];
        return {
          title: words.title,
          trail: settingsTrail(visit),
          body: html`<div class="heading"><h1>${words.title}</h1>${isAllowed && items.length > 0 && html`<p class="actions"><a class="button" href="${add.href}">${add.label}</a></p>`}</div>
<p class="lead">${words.text}</p>
${
  items.length > 0
    ? renderTable({ caption: words.list, columns, rows: items.map((key) => rowOf(visit, key)) })
    : renderEmpty(words.none, isAllowed ? add : undefined)
}${renderPager(visit, next)}
${!isAllowed && html`<p class="hint">${texts.console.settings.ownersAndSuperAdmins}</p>`}`,
        };
      },
    },
    newApiKeyScreen(use),
    endApiKeyScreen(use),
  ];
}

function rowOf({ texts, principal }: Visit, key: ApiKey) {
  const words = texts.console.apiKeys;
  const isExpired = key.expiresAt !== null && Date.parse(key.expiresAt) <= Date.now();
  const right = key.scopes.includes('scim') ? 'identity.change' : 'settings.change';
  const state: Html | string =
    key.revokedAt !== null
      ? html`${renderBadge(words.ended, 'bad')} ${renderMoment(texts, key.revokedAt)}`
      : isExpired
        ? renderBadge(words.expired, 'bad')
        : may(principal.role, right)
          ? html`<a class="whole" href="/admin/settings/api-keys/${key.id}/end" aria-label="${words.endKey({ name: key.name })}">${words.end}</a>`
          : words.current;
  return [
    html`${key.name}<span class="sub">${words.begins({ hint: key.hint })}</span>`,
    key.scopes.map((scope) => words.scope[scope]).join(', '),
    key.expiresAt === null ? texts.console.never : renderMoment(texts, key.expiresAt),
    key.lastUsedAt === null ? html`<span class="soft">${words.neverUsed}</span>` : renderMoment(texts, key.lastUsedAt),
    renderMoment(texts, key.createdAt),
    state,
  ];
}
