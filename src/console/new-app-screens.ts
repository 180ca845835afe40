import { appWithSecret } from '../admin/app-forms.ts';
import { connectionPage } from '../admin/connections.ts';
import { groupNames } from '../admin/groups.ts';
import { may } from '../api/permissions.ts';
import type { Config } from '../config.ts';
import { html } from '../html.ts';
import { credentialIn, fieldsOf, settingsOf, startValues, typedIn } from './app-fields.ts';
import { renderAppFields, wrongField } from './app-form.ts';
import { viewOfAppSecret } from './app-secret.ts';
import { kindOf, trailOfApps, type Way, ways } from './app-view.ts';
import type { Use } from './operations.ts';
import { renderForm } from './parts.ts';
import { type Screen, textOf } from './screen.ts';

const path = '/admin/apps/new';
const mostGroups = 200;
const act = 'add';
const noGroups = { groups: [], more: false };

/** An app is added in two steps: how it takes a logout, and what that needs. */
export function newAppScreens(use: Use, config: Pick<Config, 'publicUrl'>): readonly Screen[] {
  const addApp = use('addApp', appWithSecret);
  const listGroupNames = use('listGroupNames', groupNames);
  const listConnections = use('listConnections', connectionPage);
  return [
    {
      path,
      id: 'showNewApp',
      summary: 'Add an app: how it takes a logout',
      area: 'apps',
      permission: 'apps.change',
      async show({ texts, principal }) {
        const words = texts.console.apps;
        const isOwner = may(principal.role, 'identity.change');
        return {
          title: words.add,
          trail: trailOfApps(texts),
          body: html`<h1>${words.add}</h1>
<h2>${words.chooseWay}</h2>
<p>${words.chooseText}</p>
<ul class="cards">${ways.map((way) =>
            way === 'oidc' && !isOwner
              ? html`<li class="closed"><strong>${words.ways[way]}</strong><p>${words.forOwners}</p></li>`
              : html`<li><a href="${path}/${way}">${words.ways[way]}</a><p>${words.wayHints[way]}</p></li>`,
          )}</ul>`,
        };
      },
    },
    ...ways.map(
      (way): Screen => ({
        path: `${path}/${way}`,
        id: `showNewApp${way.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
        summary: `Add an app: ${way}`,
        area: 'apps',
        permission: way === 'oidc' ? 'identity.change' : 'apps.change',
        recent: true,
        secrets: ['credential'],
        async show(visit) {
          const { texts, given } = visit;
          const words = texts.console.apps;
          const { groups, more: moreGroups } =
            kindOf(way) === 'oidc' ? noGroups : await listGroupNames(visit, { query: { limit: mostGroups } });
          const connections = way === 'ssf' ? (await listConnections(visit, { query: { limit: 100 } })).items : [];
          const isBack = textOf(given, 'do') === act;
          const wrong = wrongField(visit, act, way);
          const title = words.addTitle({ way: words.ways[way] });
          return {
            title,
            trail: [...trailOfApps(texts), { label: words.add, href: path }],
            body: html`<div class="narrow"><h1>${title}</h1>
<p>${words.wayHints[way]}</p>
${renderForm(wrong ? { ...visit, problem: null } : visit, {
  do: act,
  button: words.add,
  content: renderAppFields(visit, {
    way,
    values: isBack ? typedIn(way, given) : startValuesOf(way),
    groups,
    moreGroups,
    connections,
    problemOf: (name) => (wrong?.name === name ? wrong.why : null),
    renderTheirs: () => null,
    hasCredential: false,
  }),
  beside: html` <a class="button quiet" href="${path}">${words.otherWay}</a>`,
})}</div>`,
          };
        },
        acts: {
          [act]: async (visit) => {
            const { given } = visit;
            const values = typedIn(way, given);
            const body = {
              kind: kindOf(way),
              name: values.name,
              settings: settingsOf(way, values),
              ...credentialIn(way, given),
            };
            const added = await addApp(visit, { body });
            if (added.clientSecret === null) return { to: `/admin/apps/${added.id}`, notice: 'added' };
            return viewOfAppSecret(visit, config, added, 'added');
          },
        },
        shownOnce: [act],
      }),
    ),
  ];
}

const startValuesOf = (way: Way) => Object.fromEntries(fieldsOf(way).map((field) => [field, startValues[field] ?? '']));
