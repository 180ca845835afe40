import { apiKey } from '../admin/api-keys.ts';
import { html } from '../html.ts';
import type { Use } from './operations.ts';
import { renderFacts, renderForm, renderMoment } from './parts.ts';
import type { Screen } from './screen.ts';
import { settingsTrail } from './settings-parts.ts';
import { wayBackTo } from './way-back.ts';

const listPath = '/admin/settings/api-keys';

/** Says what stops working, and then ends the key for good. */
export function endApiKeyScreen(use: Use): Screen {
  const getApiKey = use('getApiKey', apiKey);
  const revokeApiKey = use('revokeApiKey', null);
  return {
    path: '/admin/settings/api-keys/{id}/end',
    id: 'showEndApiKey',
    summary: 'Settings: end an API key',
    area: 'settings',
    permission: 'settings.change',
    recent: true,
    async show(visit) {
      const { texts, params } = visit;
      const words = texts.console.apiKeys;
      const key = await getApiKey(visit, { params });
      const back = wayBackTo(visit, listPath);
      const isOver = key.revokedAt !== null;
      return {
        title: words.ending.title,
        trail: [...settingsTrail(visit), { label: words.title, href: listPath }],
        body: html`<div class="narrow"><h1>${words.ending.ask({ name: key.name })}</h1>
${renderFacts([
  [words.nameIs, html`${key.name} <span class="soft">${words.begins({ hint: key.hint })}</span>`],
  [words.ending.lastUsed, key.lastUsedAt === null ? words.ending.unused : renderMoment(texts, key.lastUsedAt)],
])}
${
  isOver
    ? html`<p>${words.ending.over}</p><p class="actions"><a class="button quiet" href="${back}">${texts.console.settings.back}</a></p>`
    : html`<h2>${words.ending.stops}</h2>
<ul class="ends">${key.scopes.map((scope) => html`<li>${words.ending[scope]}</li>`)}</ul>
<p>${words.ending.final}</p>
${renderForm(visit, {
  do: 'end',
  button: words.ending.button,
  alarming: true,
  beside: html` <a class="button quiet" href="${back}">${texts.console.cancel}</a>`,
})}`
}</div>`,
      };
    },
    acts: {
      end: async (visit) => {
        await revokeApiKey(visit, { params: visit.params });
        return { to: wayBackTo(visit, listPath), notice: 'keyEnded' };
      },
    },
  };
}
