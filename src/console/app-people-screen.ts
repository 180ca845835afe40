import type { z } from 'zod';
import { app } from '../admin/app-forms.ts';
import { appPeopleImported, appPersonPage } from '../admin/app-people.ts';
import { may } from '../api/permissions.ts';
import { AppError } from '../errors.ts';
import { type Html, html, type Value } from '../html.ts';
import { type ShownApp, trailOfApps } from './app-view.ts';
import type { Use } from './operations.ts';
import {
  formatNumber,
  renderEmpty,
  renderField,
  renderForm,
  renderMoment,
  renderPager,
  renderTable,
  unseenColumn,
  valueIn,
} from './parts.ts';
import { type Screen, textOf, type View, type Visit } from './screen.ts';

type Listed = z.output<typeof appPersonPage>['items'][number];
type Imported = z.output<typeof appPeopleImported>;

/** By which ids an app knows people: one by one, or by a list. */
export function appPeopleScreen(use: Use): Screen {
  const getApp = use('getApp', app);
  const listAppPeople = use('listAppPeople', appPersonPage);
  const importAppPeople = use('importAppPeople', appPeopleImported);
  const removeAppPerson = use('removeAppPerson', null);
  return {
    path: '/admin/apps/{id}/people',
    id: 'showAppPeople',
    summary: 'Who is who at an app',
    area: 'apps',
    permission: 'org.read',
    uploads: true,
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
${may(principal.role, 'apps.change') && renderForms(visit)}`,
      };
    },
    acts: {
      set: async (visit) => {
        const { given, texts, params } = visit;
        const [who, there] = [textOf(given, 'who'), textOf(given, 'there')];
        const { set } = await importAppPeople(visit, { params, body: { csv: `${quoted(who)},${quoted(there)}` } });
        if (set === 0) throw new AppError('invalid_request', texts.console.apps.noSuch({ who }), { field: 'who' });
        return { to: visit.req.path, notice: 'saved' };
      },
      import: async (visit) => {
        const { params } = visit;
        const imported = await importAppPeople(visit, { params, body: { csv: listIn(visit) } });
        if (imported.unknown === 0) return { to: visit.req.path, notice: 'saved' };
        return viewOfImport(visit, await getApp(visit, { params }), imported);
      },
      forget: async (visit) => {
        const { id = '' } = visit.params;
        await removeAppPerson(visit, { params: { id, userId: textOf(visit.given, 'user') } });
        return { to: visit.req.path, notice: 'saved' };
      },
    },
    shownOnce: ['import'],
  };
}

/** As a line of the list has it. */
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

/** @throws AppError invalid_request where there is none, or a file that is no text */
function listIn({ given, files, texts }: Visit): string {
  const words = texts.console.apps;
  const { file } = files;
  const typed = textOf(given, 'csv');
  if (!file && typed === '') throw new AppError('invalid_request', words.noLines, { field: 'csv' });
  if (!file) return typed;
  const text = new TextDecoder('utf-8', { ignoreBOM: false }).decode(file);
  if (text.includes('\u{fffd}') || text.includes('\0')) throw new AppError('invalid_request', words.notText);
  return text;
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
                uploads: true,
                hidden: { user: item.userId },
                toldBy: 'user',
              }),
          ]
        : []),
    ]),
  });
}

function renderForms(visit: Visit): Html {
  const words = visit.texts.console.apps;
  return html`<div class="manage"><section aria-labelledby="set"><h2 id="set">${words.setOne}</h2>${renderForm(visit, {
    do: 'set',
    button: words.set,
    uploads: true,
    content: html`${renderField({ name: 'who', label: words.who, value: valueIn(visit, 'set', 'who'), required: true, most: 320 })}
${renderField({ name: 'there', label: words.nameThere, value: valueIn(visit, 'set', 'there'), required: true, most: 320 })}`,
  })}</section>
<section aria-labelledby="import"><h2 id="import">${words.import}</h2><p class="hint">${words.importText}</p>${renderForm(
    visit,
    {
      do: 'import',
      button: words.importButton,
      quiet: true,
      uploads: true,
      content: html`${renderField({ name: 'csv', label: words.lines, rows: 6, value: valueIn(visit, 'import', 'csv'), placeholder: words.linesExample })}
<div class="field"><label for="field-file">${words.file}</label><input type="file" id="field-file" name="file" accept=".csv,.txt,text/csv,text/plain"></div>`,
    },
  )}</section></div>`;
}

/** Which lines were about nobody, this once. */
function viewOfImport({ texts }: Visit, found: ShownApp, { set, unknown, lines }: Imported): View {
  const words = texts.console.apps;
  return {
    title: words.peopleTitle,
    trail: trailOfApps(texts, found),
    body: html`<div class="narrow"><h1>${words.imported}</h1>
<p>${words.set_(set)}</p>
<div class="warning"><p>${words.unknown(unknown)}</p>
<ul class="names">${lines.map(({ line, who }) => html`<li>${words.unknownLine({ line: formatNumber(texts, line), who })}</li>`)}</ul></div>
<p class="actions"><a class="button" href="/admin/apps/${found.id}/people">${words.toPeople}</a></p></div>`,
  };
}
