import type { z } from 'zod';
import { app } from '../admin/app-forms.ts';
import { appPersonPage } from '../admin/app-people.ts';
import { may } from '../api/permissions.ts';
import { type Html, html, type Value } from '../html.ts';
import { trailOfApps } from './app-view.ts';
import type { Use } from './operations.ts';
import { renderEmpty, renderForm, renderMoment, renderPager, renderTable, unseenColumn } from './parts.ts';
import { type Screen, textOf, type Visit } from './screen.ts';

type Listed = z.output<typeof appPersonPage>['items'][number];

/** By which ids an app knows people. */
export function appPeopleScreen(use: Use): Screen {
  const getApp = use('getApp', app);
  const listAppPeople = use('listAppPeople', appPersonPage);
  const removeAppPerson = use('removeAppPerson', null);
  return {
    path: '/admin/apps/{id}/people',
    id: 'showAppPeople',
    summary: 'Who is who at an app',
    area: 'apps',
    permission: 'org.read',
    async show(visit) {
      const { texts, params, query, principal } = visit;
      const words = texts.console.apps;
      const found = await getApp(visit, { params });
      const { items, next } = await listAppPeople(visit, {
        params,
        query: query.cursor ? { cursor: query.cursor } : {},
      });
      const isUsed = found.settings.naming === 'id';
      return {
        title: words.peopleTitle,
        trail: trailOfApps(texts, found),
        body: html`<h1>${words.peopleOf(found)}</h1>
<p>${words.peopleText}</p>
${!isUsed && html`<p class="notice">${words.peopleUnused}</p>`}
${items.length > 0 ? renderPeopleThere(visit, items) : renderEmpty(words.nobody)}${renderPager(visit, next)}
${may(principal.role, 'apps.change') && html`<p class="actions"><a class="button quiet" href="/admin/apps/${found.id}/people/import">${words.giveIds}</a></p>`}`,
      };
    },
    acts: {
      forget: async (visit) => {
        const { id = '' } = visit.params;
        await removeAppPerson(visit, { params: { id, userId: textOf(visit.given, 'user') } });
        return { to: visit.req.path, notice: 'saved' };
      },
    },
  };
}

function renderPeopleThere(visit: Visit, items: readonly Listed[]): Html {
  const { texts, principal } = visit;
  const words = texts.console.apps;
  const mayForget = may(principal.role, 'apps.change');
  return renderTable({
    caption: words.peopleList,
    columns: [words.person, words.nameThere, words.seenAt, ...(mayForget ? [unseenColumn(words.forget)] : [])],
    rows: items.map((item): readonly Value[] => [
      html`<a href="/admin/people/${item.userId}">${item.name || item.email}</a>${item.name && html`<span class="sub">${item.email}</span>`}`,
      item.nameThere && html`<code>${item.nameThere}</code>`,
      item.seenAt && renderMoment(texts, item.seenAt),
      ...(mayForget
        ? [
            item.nameThere !== null &&
              renderForm(visit, {
                do: 'forget',
                button: words.forget,
                label: words.forgetWho({ name: item.name || item.email }),
                quiet: true,
                inline: true,
                hidden: { user: item.userId },
                toldBy: 'user',
              }),
          ]
        : []),
    ]),
  });
}
