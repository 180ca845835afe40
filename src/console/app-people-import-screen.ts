import type { z } from 'zod';
import { app } from '../admin/app-forms.ts';
import { appPeopleImported } from '../admin/app-people.ts';
import { AppError } from '../errors.ts';
import { type Html, html } from '../html.ts';
import { type ShownApp, trailOfApps } from './app-view.ts';
import type { Use } from './operations.ts';
import { formatNumber, renderField, renderForm, valueIn } from './parts.ts';
import { type Screen, textOf, type View, type Visit } from './screen.ts';

type Imported = z.output<typeof appPeopleImported>;

/**
 * Gives an app's ids of people, one by one or by a list. The page asks for a recent authentication
 * first: a file can't be kept.
 */
export function appPeopleImportScreen(use: Use): Screen {
  const getApp = use('getApp', app);
  const importAppPeople = use('importAppPeople', appPeopleImported);
  return {
    path: '/admin/apps/{id}/people/import',
    id: 'showAppPeopleImport',
    summary: 'Give the ids of people at an app',
    area: 'apps',
    permission: 'apps.change',
    recent: true,
    uploads: true,
    async show(visit) {
      const { texts, params } = visit;
      const words = texts.console.apps;
      const found = await getApp(visit, { params });
      return {
        title: words.giveIds,
        trail: trailOfPeople(visit, found),
        body: html`<h1>${words.giveIdsOf(found)}</h1>
<p>${words.peopleText}</p>
${renderForms(visit)}`,
      };
    },
    acts: {
      set: async (visit) => {
        const { given, texts, params } = visit;
        const [who, there] = [textOf(given, 'who'), textOf(given, 'there')];
        const { set } = await importAppPeople(visit, { params, body: { csv: `${quoted(who)},${quoted(there)}` } });
        if (set === 0) throw new AppError('invalid_request', texts.console.apps.noSuch({ who }), { field: 'who' });
        return { to: placeOf(visit), notice: 'saved' };
      },
      import: async (visit) => {
        const { params } = visit;
        const imported = await importAppPeople(visit, { params, body: { csv: listIn(visit) } });
        if (imported.unknown === 0) return { to: placeOf(visit), notice: 'saved' };
        return viewOfImport(visit, await getApp(visit, { params }), imported);
      },
    },
    shownOnce: ['import'],
  };
}

const placeOf = ({ params }: Visit) => `/admin/apps/${params.id}/people`;

const trailOfPeople = (visit: Visit, found: ShownApp) => [
  ...trailOfApps(visit.texts, found),
  { label: visit.texts.console.apps.peopleTitle, href: placeOf(visit) },
];

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
function viewOfImport(visit: Visit, found: ShownApp, { set, unknown, lines }: Imported): View {
  const { texts } = visit;
  const words = texts.console.apps;
  return {
    title: words.giveIds,
    trail: trailOfPeople(visit, found),
    body: html`<div class="narrow"><h1>${words.imported}</h1>
<p>${words.set_(set)}</p>
<div class="warning"><p>${words.unknown(unknown)}</p>
<ul class="names">${lines.map(({ line, who }) => html`<li>${words.unknownLine({ line: formatNumber(texts, line), who })}</li>`)}</ul></div>
<p class="actions"><a class="button" href="${placeOf(visit)}">${words.toPeople}</a></p></div>`,
  };
}
