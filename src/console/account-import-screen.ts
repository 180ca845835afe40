import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { accountsImported } from '../admin/importing-accounts.ts';
import { AppError } from '../errors.ts';
import { type Html, html } from '../html.ts';
import { type Keyring, UnsealError } from '../keyring.ts';
import { inConsole } from './account-place.ts';
import { trailOfAccounts } from './account-view.ts';
import type { Use } from './operations.ts';
import { renderField, renderForm } from './parts.ts';
import { type Screen, textOf, type View, type Visit } from './screen.ts';

const path = `${inConsole.root}/import`;

/** Milliseconds in which a list is added after it was looked at: shorter than a form's mark is remembered. */
const lifetime = 15 * 60_000;
const sealedList = z.object({ csv: z.string(), once: z.string(), until: z.number() });
type SealedList = z.output<typeof sealedList>;

/** It is in the page alone, for as long as that is open. */
const purposeOf = ({ orgId, userId }: Readonly<{ orgId: string; userId: string }>) => `account-list:${orgId}:${userId}`;

/**
 * Adds accounts by a list. First the page says what it would add; the list, which may hold passwords,
 * goes along in the form, sealed to this person, and nothing of it is kept here.
 */
export function accountImportScreen(use: Use, keyring: Keyring): Screen {
  const importAccounts = use('importAccounts', accountsImported);
  return {
    path,
    id: 'showAccountImport',
    summary: 'Add shared accounts by a list',
    area: 'accounts',
    permission: 'accounts.change',
    recent: true,
    uploads: true,
    secrets: ['csv', 'sealed'],
    async show(visit) {
      const words = visit.texts.console.accounts;
      return {
        title: words.importTitle,
        trail: trailOfAccounts(visit.texts, inConsole),
        body: html`<div class="narrow"><h1>${words.importTitle}</h1>
<p>${words.importText}</p>
${renderListForm(visit)}</div>`,
      };
    },
    acts: {
      look: async (visit) => {
        const csv = listIn(visit);
        const found = await importAccounts(visit, { body: csv, query: { dryRun: 'true' } });
        const once = randomUUID();
        const list: SealedList = { csv, once, until: Date.now() + lifetime };
        const sealed = await keyring.encrypt(JSON.stringify(list), purposeOf(visit.principal));
        return viewOfPreview(visit, found, { sealed, once });
      },
      import: async (visit) => {
        return viewOfAdded(visit, await importAccounts(visit, { body: await unsealed(keyring, visit) }));
      },
    },
    looks: ['look'],
    shownOnce: ['import'],
    shownBefore: 'sentBefore',
  };
}

/** @throws AppError invalid_request where there is none, or a file that is no text */
function listIn({ given, files }: Visit): string {
  const { file } = files;
  const typed = textOf(given, 'csv');
  if (!file && typed === '')
    throw new AppError('invalid_request', ({ console }) => console.accounts.noLines, { field: 'csv' });
  if (!file) return typed;
  const text = new TextDecoder('utf-8', { ignoreBOM: false }).decode(file);
  if (text.includes('\u{fffd}') || text.includes('\0'))
    throw new AppError('invalid_request', ({ console }) => console.accounts.notText);
  return text;
}

/** @throws AppError invalid_request for what was sealed for somebody else, for another form, or too long ago */
async function unsealed(keyring: Keyring, { given, principal }: Visit): Promise<string> {
  try {
    const text = await keyring.decrypt(textOf(given, 'sealed'), purposeOf(principal));
    const { csv, once, until } = sealedList.parse(JSON.parse(text));
    // A mark counts once: so the list does.
    if (once === textOf(given, 'once') && Date.now() < until) return csv;
  } catch (error) {
    if (!(error instanceof UnsealError)) throw error;
    throw new AppError('invalid_request', ({ console }) => console.problems.brokenForm);
  }
  throw new AppError('invalid_request', ({ console }) => console.accounts.importTooOld);
}

function renderListForm(visit: Visit): Html {
  const words = visit.texts.console.accounts;
  return renderForm(visit, {
    do: 'look',
    button: words.importLook,
    uploads: true,
    content: html`${renderField({ name: 'csv', label: words.lines, hint: words.linesHint, rows: 8, placeholder: words.importExample })}
<div class="field"><label for="field-file">${words.file}</label><input type="file" id="field-file" name="file" accept=".csv,.txt,text/csv,text/plain"></div>`,
  });
}

/** What the list would add; nothing is added yet. */
function viewOfPreview(
  visit: Visit,
  found: z.output<typeof accountsImported>,
  { sealed, once }: Readonly<{ sealed: string; once: string }>,
): View {
  const { texts } = visit;
  const words = texts.console.accounts;
  return {
    title: words.importPreview,
    trail: [...trailOfAccounts(texts, inConsole), { label: words.importTitle, href: path }],
    body: html`<div class="narrow"><h1>${words.importPreview}</h1>
${renderCounts(visit, found)}
<p>${words.importNothingYet}</p>
${renderForm(visit, {
  do: 'import',
  button: words.importButton,
  uploads: true,
  hidden: { sealed },
  once,
  beside: html` <a class="button quiet" href="${path}">${texts.console.cancel}</a>`,
})}</div>`,
  };
}

const renderCounts = ({ texts }: Visit, { accounts, rights }: z.output<typeof accountsImported>): Html =>
  html`<ul class="names"><li>${texts.console.accounts.importAccounts(accounts)}</li><li>${texts.console.accounts.importRights(rights)}</li></ul>`;

/** What the list has added. */
function viewOfAdded(visit: Visit, added: z.output<typeof accountsImported>): View {
  const words = visit.texts.console.accounts;
  return {
    title: words.importDone,
    trail: trailOfAccounts(visit.texts, inConsole),
    body: html`<div class="narrow"><h1>${words.importDone}</h1>
<p role="status">${words.importDoneText}</p>
${renderCounts(visit, added)}
<p class="actions"><a class="button" href="${inConsole.root}">${words.backToAll}</a></p></div>`,
  };
}
