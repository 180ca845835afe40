import { app, appWithSecret } from '../admin/app-forms.ts';
import { connectionPage } from '../admin/connections.ts';
import { groupNames } from '../admin/groups.ts';
import type { Config } from '../config.ts';
import { html } from '../html.ts';
import { credentialIn, fieldsOf, settingsWith, typedIn, valuesOf } from './app-fields.ts';
import { renderAppFields, wrongField } from './app-form.ts';
import { viewOfAppSecret } from './app-secret.ts';
import { requireMayChangeApp, type ShownApp, trailOfApps, wayOf } from './app-view.ts';
import { changesOf, formOf, renderTheirs, shownFields, type Values } from './changed-fields.ts';
import type { Use } from './operations.ts';
import { renderForm } from './parts.ts';
import type { Screen, Visit } from './screen.ts';

const act = 'save';
const mostGroups = 200;
const noGroups = { groups: [], more: false };

/** Changes an app: only what the person changed is sent; what somebody else changed is shown beside it. */
export function appSettingsScreen(use: Use, config: Pick<Config, 'publicUrl'>): Screen {
  const getApp = use('getApp', app);
  const changeApp = use('changeApp', appWithSecret);
  const listGroupNames = use('listGroupNames', groupNames);
  const listConnections = use('listConnections', connectionPage);

  /** Those to choose from, the chosen ones first of all. */
  async function groupsFor(visit: Visit, chosen: string) {
    const { groups, more } = await listGroupNames(visit, { query: { limit: mostGroups } });
    const missing = chosen.split(' ').filter((id) => id && !groups.some((group) => group.id === id));
    const named: typeof groups = [];
    for (const id of missing) {
      const found = await listGroupNames(visit, { query: { id, limit: 1 } });
      named.push(found.groups[0] ?? { id, displayName: visit.texts.console.apps.groupGone });
    }
    return { groups: [...named, ...groups], more };
  }

  return {
    path: '/admin/apps/{id}/settings',
    id: 'showAppSettings',
    summary: 'The settings of an app',
    area: 'apps',
    permission: 'apps.change',
    recent: true,
    secrets: ['credential'],
    async show(visit) {
      const { texts, given, params } = visit;
      const words = texts.console.apps;
      const found = await getApp(visit, { params });
      requireMayChangeApp(visit, found);
      const way = wayOf(found);
      const now = valuesOf(way, found);
      const { groups, more: moreGroups } = found.kind === 'oidc' ? noGroups : await groupsFor(visit, now.groups ?? '');
      const connections = found.kind === 'ssf' ? (await listConnections(visit, { query: { limit: 100 } })).items : [];
      const { values, theirs } = formOf(visit, act, typedIn(way, given), now);
      const wrong = wrongField(visit, act, way);
      const names = Object.fromEntries([
        ...groups.map(({ id, displayName }) => [id, displayName]),
        ...connections.map(({ id, name }) => [id, name]),
      ]);
      return {
        title: words.settingsTitle,
        trail: trailOfApps(texts, found),
        body: html`<div class="narrow"><h1>${words.settings}</h1>
${renderForm(wrong ? { ...visit, problem: null } : visit, {
  do: act,
  button: texts.console.save,
  hidden: shownFields(now),
  content: renderAppFields(visit, {
    way,
    values,
    groups,
    moreGroups,
    connections,
    problemOf: (name) => (wrong?.name === name ? wrong.why : null),
    renderTheirs: (name) =>
      renderTheirs(texts, theirs[name] === undefined ? undefined : say(visit, name, theirs, names)),
    hasCredential: found.hasCredential,
  }),
  beside: html` <a class="button quiet" href="/admin/apps/${found.id}">${texts.console.cancel}</a>`,
})}</div>`,
      };
    },
    acts: {
      [act]: async (visit) => {
        const { given, params } = visit;
        const found = await getApp(visit, { params });
        const body = { ...bodyOf(visit, found), ...credentialIn(wayOf(found), given) };
        const to = `/admin/apps/${found.id}`;
        if (Object.keys(body).length === 0) return { to };
        const changed = await changeApp(visit, { params, body });
        // An app that shows a secret from now on has got one.
        if (changed.clientSecret !== null) return viewOfAppSecret(visit, config, changed, 'newSecret');
        return { to, notice: 'saved' };
      },
    },
    // An app with a key of its own has no secret: it gets one.
    shownOnce: ({ auth, 'was-auth': was }) => was?.[0] === 'private_key_jwt' && auth?.[0] !== was[0],
  };
}

/** The members to send. @throws AppError conflict where somebody else has changed one of them meanwhile */
function bodyOf(visit: Visit, found: ShownApp): Readonly<Record<string, unknown>> {
  const way = wayOf(found);
  const now = valuesOf(way, found);
  const changes = changesOf(visit, typedIn(way, visit.given), now);
  const changed = fieldsOf(way).filter((field) => field in changes);
  const settings = settingsWith(way, changed, { ...now, ...changes });
  return {
    ...(changes.name !== undefined && { name: changes.name }),
    ...(Object.keys(settings).length > 0 && { settings }),
  };
}

/** What somebody else made of a field, as the form calls it. */
function say({ texts }: Visit, name: string, theirs: Values, names: Values): string {
  const words = texts.console.apps.fields;
  const value = theirs[name] ?? '';
  const lists = { groups: names, connection: names, events: words.eventNames } as Readonly<
    Record<string, Readonly<Record<string, string>>>
  >;
  const choices = {
    naming: words.namings,
    who: words.who,
    clientAuth: words.clientAuths,
    auth: words.auths,
    tellExpired: words.tellExpireds,
  } as Readonly<Record<string, Readonly<Record<string, string>>>>;
  const list = lists[name];
  if (list)
    return value
      .split(' ')
      .map((id) => list[id] ?? id)
      .join(', ');
  return choices[name]?.[value] ?? value.replaceAll('\n', ', ');
}
