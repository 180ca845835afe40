import type { Pool } from 'pg';
import { z } from 'zod';
import { importAccounts, mostImported, type TwinLine, type WrongName } from '../accounts/import-accounts.ts';
import type { Vault } from '../accounts/vault.ts';
import { type Operation, operation } from '../api/operation.ts';
import { changerOf } from './account-access.ts';
import { accountsPath, accountsTag } from './accounts.ts';
import { flag } from './forms.ts';
import { at, columns, readAccountsCsv, wrongLines } from './read-accounts-csv.ts';

export const accountsImported = z
  .object({ accounts: z.int(), rights: z.int(), dryRun: z.boolean().describe('Nothing was added.') })
  .meta({ id: 'AccountsImported' });

/** Adding many shared accounts by a file. */
export function importingAccountOperations(deps: Readonly<{ pool: Pool; vault: Vault }>): readonly Operation[] {
  return [
    operation({
      method: 'post',
      path: `${accountsPath}/import`,
      id: 'importAccounts',
      tag: accountsTag,
      summary: 'Add shared accounts by a file, all of them or none',
      description: `CSV whose first line names its columns: ${columns.map((name) => `\`${name}\``).join(', ')}. \`name\` and \`user_name\` are needed; \`connector\` is \`manual\` where it is left out. In \`use\` and \`manage\` stand addresses of people and names of groups, with semicolons between them. ${mostImported} accounts at most. A refusal names each wrong line, and repeats nothing of it.`,
      permission: 'accounts.change',
      query: z.object({ dryRun: flag.default(false).describe('Only say what would be added, or what is wrong.') }),
      body: z.string().describe('The file.'),
      bodyType: 'text/csv',
      bodyLimit: '1mb',
      bodyExample:
        'name,user_name,password,place,use,manage\r\nShip’s computer,operator,correct-horse-battery,https://computer.whiterabbit.fake,Crew;trinity@whiterabbit.fake,neo@whiterabbit.fake\r\n',
      success: { status: 200, description: 'What was added, or would be.', schema: accountsImported },
      problems: ['conflict', 'content_too_large'],
      handle: async ({ principal, orgId, query: { dryRun }, body, by }) => {
        const rows = readAccountsCsv(body);
        const done = await importAccounts(deps, orgId, rows, { changer: changerOf(principal), by, dryRun });
        if ('wrong' in done) throw wrongLines(done.wrong.map(toWrongLine));
        return { ...done, dryRun };
      },
    }),
  ];
}

/** What is wrong with a line of the file, in words. A line of the file is named by its number alone. */
export const toWrongLine = (wrong: WrongName | TwinLine) =>
  at(wrong.line, ({ answers }) => {
    const { csv } = answers.accounts;
    if (wrong.why !== 'twin') return csv[wrong.why]({ column: wrong.right, place: wrong.place });
    const { name, ofLine } = wrong;
    return ofLine === null ? csv.twin({ name }) : csv.twinLine({ line: ofLine });
  });
