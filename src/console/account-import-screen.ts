import type { z } from 'zod';
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
        return viewOfPreview(visit, found, await keyring.encrypt(csv, purposeOf(visit.principal)));
      },
      import: async (visit) => {
        await importAccounts(visit, { body: await unsealed(keyring, visit) });
        return { to: inConsole.root, notice: 'added' };
      },
    },
    looks: ['look'],
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

/** @throws AppError invalid_request for what was sealed for somebody else, or by nobody */
async function unsealed(keyring: Keyring, { given, principal }: Visit): Promise<string> {
  try {
    return await keyring.decrypt(textOf(given, 'sealed'), purposeOf(principal));
  } catch (error) {
    if (!(error instanceof UnsealError)) throw error;
    throw new AppError('invalid_request', ({ console }) => console.problems.brokenForm);
  }
}

function renderListForm(visit: Visit): Html {
  const words = visit.texts.console.accounts;
  return renderForm(visit, {
    do: 'look',
    button: words.importLook,
    uploads: true,
    content: html`${renderField({ name: 'csv', label: words.lines, rows: 8, placeholder: words.importExample })}
<div class="field"><label for="field-file">${words.file}</label><input type="file" id="field-file" name="file" accept=".csv,.txt,text/csv,text/plain"></div>`,
  });
}

/** What the list would add; nothing is added yet. */
function viewOfPreview(visit: Visit, found: z.output<typeof accountsImported>, sealed: string): View {
  const { texts } = visit;
  const words = texts.console.accounts;
  return {
    title: words.importPreview,
    trail: [...trailOfAccounts(texts, inConsole), { label: words.importTitle, href: path }],
    body: html`<div class="narrow"><h1>${words.importPreview}</h1>
<ul class="names"><li>${words.importAccounts(found.accounts)}</li><li>${words.importRights(found.rights)}</li></ul>
<p>${words.importNothingYet}</p>
${renderForm(visit, {
  do: 'import',
  button: words.importButton,
  uploads: true,
  hidden: { sealed },
  beside: html` <a class="button quiet" href="${path}">${texts.console.cancel}</a>`,
})}</div>`,
  };
}
