import { policies } from '../admin/policies.ts';
import { may, type Permission } from '../api/permissions.ts';
import { html } from '../html.ts';
import type { Use } from './operations.ts';
import { renderBadge } from './parts.ts';
import type { Screen } from './screen.ts';

const groups = [
  { name: 'security', cards: [['authentication', '/admin/settings/authentication']] },
  {
    name: 'identityProvider',
    cards: [
      ['connections', '/admin/settings/connections'],
      ['domains', '/admin/settings/domains'],
      ['provisioning', '/admin/settings/provisioning'],
    ],
  },
  {
    name: 'programs',
    cards: [
      ['apiKeys', '/admin/settings/api-keys'],
      ['webhooks', '/admin/webhooks'],
    ],
  },
  {
    name: 'organisation',
    cards: [
      ['administrators', '/admin/settings/administrators'],
      ['organisation', '/admin/settings/organisation'],
    ],
  },
] as const;

/** Pages that not every administrator may see. */
const needed: Readonly<Record<string, Permission>> = { webhooks: 'settings.change' };

export function settingsScreens(use: Use): readonly Screen[] {
  const listPolicies = use('listPolicies', policies);
  return [
    {
      path: '/admin/settings',
      id: 'showSettings',
      summary: 'The settings',
      area: 'settings',
      async show(visit) {
        const words = visit.texts.console.settings;
        const { items } = await listPolicies(visit);
        const isOn = items.find(({ name }) => name === 'globalLogout')?.value === true;
        const states = {
          authentication: renderBadge(words.globalLogout[isOn ? 'on' : 'off'], isOn ? 'good' : 'plain'),
        };
        return {
          title: words.title,
          body: html`<h1>${words.title}</h1>${groups.map(
            ({
              name,
              cards,
            }) => html`<section id="${name}" aria-labelledby="group-${name}"><h2 id="group-${name}">${words[name]}</h2>
<ul class="cards">${cards
              .filter(([card]) => may(visit.principal.role, needed[card] ?? 'org.read'))
              .map(
                ([card, href]) =>
                  html`<li><a href="${href}">${words.cards[card].title}</a><p>${words.cards[card].text}</p>${card in states && html`<p>${states[card as keyof typeof states]}</p>`}</li>`,
              )}</ul></section>`,
          )}`,
        };
      },
    },
  ];
}
