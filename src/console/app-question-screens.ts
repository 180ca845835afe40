import { app, appWithSecret } from '../admin/app-forms.ts';
import type { Config } from '../config.ts';
import { html } from '../html.ts';
import { viewOfAppSecret } from './app-secret.ts';
import { requireMayChangeApp, trailOfApps } from './app-view.ts';
import type { Use } from './operations.ts';
import { renderQuestion } from './parts.ts';
import type { Screen } from './screen.ts';

/** What is asked before an app gets another secret, or is removed. */
export function appQuestionScreens(use: Use, config: Pick<Config, 'publicUrl'>): readonly Screen[] {
  const getApp = use('getApp', app);
  const newAppSecret = use('newAppSecret', appWithSecret);
  const removeApp = use('removeApp', null);
  return [
    {
      path: '/admin/apps/{id}/secret',
      id: 'showAppSecret',
      summary: 'Make a new client secret for an app',
      area: 'apps',
      permission: 'apps.change',
      recent: true,
      async show(visit) {
        const { texts, params } = visit;
        const words = texts.console.apps;
        const found = await getApp(visit, { params });
        requireMayChangeApp(visit, found);
        return {
          title: words.secretTitle,
          trail: trailOfApps(texts, found),
          body: renderQuestion(visit, {
            ask: words.secretAsk(found),
            text: found.kind === 'oidc' ? words.secretText : words.secretTextEvents,
            do: 'make',
            button: words.secretButton,
            back: `/admin/apps/${found.id}`,
          }),
        };
      },
      acts: {
        make: async (visit) => {
          const made = await newAppSecret(visit, { params: visit.params });
          return viewOfAppSecret(visit, config, made, 'newSecret');
        },
      },
      shownOnce: ['make'],
    },
    {
      path: '/admin/apps/{id}/remove',
      id: 'showAppRemoval',
      summary: 'Remove an app',
      area: 'apps',
      permission: 'apps.change',
      recent: true,
      async show(visit) {
        const { texts, params } = visit;
        const words = texts.console.apps;
        const found = await getApp(visit, { params });
        requireMayChangeApp(visit, found);
        return {
          title: words.removeTitle,
          trail: trailOfApps(texts, found),
          body: renderQuestion(visit, {
            ask: words.removeAsk(found),
            text: words.removeText,
            more: html`${found.kind === 'oidc' && html`<p>${words.removeTextOidc}</p>`}${found.waiting > 0 && html`<p class="warning">${words.removeWaiting(found.waiting)}</p>`}`,
            do: 'remove',
            button: words.removeButton,
            back: `/admin/apps/${found.id}`,
          }),
        };
      },
      acts: {
        remove: async (visit) => {
          await removeApp(visit, { params: visit.params });
          return { to: '/admin/apps', notice: 'removed' };
        },
      },
    },
  ];
}
