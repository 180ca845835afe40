import type { Command } from 'commander';
import { z } from 'zod';
import { importAccounts } from '../accounts/import-accounts.ts';
import { type Loss, lookAtAccount, removeAccount } from '../accounts/remove-account.ts';
import { accountChanges, newAccount } from '../admin/account-forms.ts';
import { toWrongLine } from '../admin/importing-accounts.ts';
import { readAccountsCsv, wrongLines } from '../admin/read-accounts-csv.ts';
import { byOperator } from '../by.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import { parseJson } from '../http/parse-json.ts';
import { action, type Console, readCredential, readText, text, usageError } from './command.ts';
import { confirm, requireTerminal } from './confirm.ts';
import { table } from './output.ts';
import { registerSharedAccountHistory } from './shared-account-history.ts';
import {
  accountArgument,
  answerFor,
  checked,
  doing,
  foundAccount,
  orgOption,
  vaultIn,
} from './shared-account-parts.ts';
import { registerSharedAccountPasswords } from './shared-account-passwords.ts';
import { registerSharedAccountRights } from './shared-account-rights.ts';

const members = {
  name: text.optional(),
  userName: text.optional(),
  connector: text.optional(),
  place: z.string().optional(),
  notes: z.string().optional(),
  settings: text
    .transform((given) => parseJson(given))
    .pipe(z.record(z.string(), z.unknown(), 'must be a JSON object'))
    .optional(),
  administrator: text.optional(),
  length: z.coerce.number('must be a number').optional(),
  everyDays: z.union([z.literal('never'), z.coerce.number('must be a number, or never')]).optional(),
};
type Members = z.output<z.ZodObject<typeof members>>;

/** The options that adding and changing share. */
const withMembers = (command: Command): Command =>
  command
    .option('--connector <kind>', 'what changes its password; manual: people do')
    .option('--place <place>', 'where it is, for whoever may use it')
    .option('--notes <notes>', 'for whoever may use it')
    .option('--settings <json>', 'all settings of the connector, such as {"host": "db.internal"}')
    .option(
      '--administrator <administrator>',
      'who changes it there: the id of a shared account, user:<name> with its password in ADMIN_PASSWORD, or none',
    )
    .option('--length <characters>', 'of a new password')
    .option('--every-days <days>', 'days after which it is changed anyway, or never');

/**
 * The shared accounts of an organisation. `account` means something else in this room: a person's own
 * sign-in at a server.
 */
export function registerSharedAccount(program: Command, shell: Console): void {
  const shared = program
    .command('shared-account')
    .description('shared accounts: a password is changed when somebody who could read it leaves');

  withMembers(
    shared
      .command('add')
      .description('add a shared account; nobody reads its password before they are given a right')
      .requiredOption(...orgOption)
      .requiredOption('--name <name>', 'what it is for, as people read it')
      .requiredOption('--user-name <name>', 'what signs in there')
      .option('--password-stdin', 'read the password that signs in now; without it ACCOUNT_PASSWORD counts'),
  ).action(
    action(
      shell,
      z.object({ org: text, ...members, passwordStdin: z.boolean().default(false) }),
      async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const password = await readCredential(shell, 'ACCOUNT_PASSWORD', input.passwordStdin);
        const body = checked(newAccount, { ...bodyOf(input, shell), ...(password !== undefined && { password }) });
        return answerFor(await workspace.accounts.add(org.id, body, doing));
      },
    ),
  );

  shared
    .command('list')
    .description('the shared accounts of an organisation by their names; 200 at most')
    .requiredOption(...orgOption)
    .option('--search <text>', 'part of the name, the user name or the place')
    .action(
      action(shell, z.object({ org: text, search: text.optional() }), async (workspace, { org: ref, search }) => {
        const org = await workspace.requireOrg(ref);
        const all = await workspace.accounts.list(org.id, { search, after: null, limit: 200 });
        const rows = all.map((row) => [
          row.name,
          row.userName,
          row.place,
          row.connector,
          row.state,
          row.changedAt,
          row.id,
        ]);
        const headings = ['NAME', 'USER NAME', 'WHERE', 'CONNECTOR', 'STATE', 'CHANGED', 'ID'];
        return { json: all, text: table(headings, rows, `${org.name} has no such shared accounts.`) };
      }),
    );

  shared
    .command('show')
    .description('one shared account, without its password')
    .argument(...accountArgument)
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ account: text, org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        return answerFor(foundAccount(await workspace.accounts.find(org.id, input.account)));
      }),
    );

  withMembers(
    shared
      .command('change')
      .description('change what is given and leave the rest')
      .argument(...accountArgument)
      .requiredOption(...orgOption)
      .option('--name <name>')
      .option('--user-name <name>'),
  ).action(
    action(shell, z.object({ account: text, org: text, ...members }), async (workspace, { account: id, ...input }) => {
      const org = await workspace.requireOrg(input.org);
      const body = bodyOf(input, shell);
      if (Object.keys(body).length === 0) throw usageError('Nothing to change was given.');
      return answerFor(foundAccount(await workspace.accounts.change(org.id, id, checked(accountChanges, body), doing)));
    }),
  );

  shared
    .command('remove')
    .description('remove a shared account with every version of its password; nothing happens at the system itself')
    .argument(...accountArgument)
    .requiredOption(...orgOption)
    .option('--yes', 'do not ask before')
    .action(
      action(
        shell,
        z.object({ account: text, org: text, yes: z.boolean().default(false) }),
        async ({ pool, requireOrg }, { account: id, org: ref, yes }) => {
          const { id: orgId } = await requireOrg(ref);
          const lost = foundAccount(await lookAtAccount(pool, orgId, id, false));
          await askBeforeLoss(id, lost, yes, shell);
          await transaction(pool, async (client) => {
            const now = foundAccount(await lookAtAccount(client, orgId, id, true));
            if (now.standing !== lost.standing)
              throw new AppError(
                'conflict',
                'A password of it, or a change of one, has moved on meanwhile. Look again.',
              );
            await removeAccount(client, orgId, id, byOperator);
          });
          return { json: { id, removed: true }, text: `The shared account ${id} is removed.` };
        },
      ),
    );

  shared
    .command('import')
    .description('add the accounts of a CSV file, all of them or none; its first line names the columns')
    .argument('<file>', 'the file, or - for standard input')
    .requiredOption(...orgOption)
    .option('--dry-run', 'only say what would be added')
    .action(
      action(
        shell,
        z.object({ file: text, org: text, dryRun: z.boolean().default(false) }),
        async (workspace, { file, org: ref, dryRun }) => {
          const org = await workspace.requireOrg(ref);
          const rows = readAccountsCsv(file === '-' ? await readAll(shell.stdin) : await readText(file));
          const done = await importAccounts(vaultIn(workspace), org.id, rows, { ...doing, dryRun });
          if ('wrong' in done) throw wrongLines(done.wrong.map(toWrongLine));
          const said = `${done.accounts} account(s) and ${done.rights} right(s)`;
          return {
            json: { id: org.id, ...done, dryRun },
            text: dryRun ? `${said} would be added. Nothing is added yet.` : `${said} added.`,
          };
        },
      ),
    );

  registerSharedAccountRights(shared, shell);
  registerSharedAccountHistory(shared, shell);
  registerSharedAccountPasswords(shared, shell);
}

/** No script removes what may be the only copy: while the password is being changed, somebody is asked. */
async function askBeforeLoss(id: string, { versions, mayBeLive }: Loss, yes: boolean, shell: Console): Promise<void> {
  const inDoubt = mayBeLive.length > 0;
  if (yes && !inDoubt) return;
  const doubt = ` Its password is just being changed, and any of these versions may be what signs in: ${mayBeLive.join(', ')}. Read them first.`;
  if (inDoubt && !shell.stdin.isTTY) throw new AppError('conflict', `${doubt.trim()} Then remove it at a terminal.`);
  requireTerminal('Removing a shared account', shell);
  await confirm(`This loses ${versions} kept password(s) for good.${inDoubt ? doubt : ''}`, `remove ${id}`, shell);
}

async function readAll(stdin: NodeJS.ReadStream): Promise<string> {
  let read = '';
  for await (const chunk of stdin.setEncoding('utf8')) read += chunk;
  return read;
}

/** As the API has them; what is left out is not there. */
function bodyOf({ administrator, length, everyDays, ...rest }: Members, shell: Console): Record<string, unknown> {
  const { name, userName, connector, place, notes, settings } = rest;
  const plain = { name, userName, connector, place, notes, settings };
  return {
    ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
    ...(administrator !== undefined && { administrator: administratorOf(administrator, shell) }),
    ...(length !== undefined && { passwordRules: { length } }),
    ...(everyDays !== undefined && { everyDays: everyDays === 'never' ? null : everyDays }),
  };
}

/** @throws CommanderError where a user name comes without its password */
function administratorOf(given: string, { env }: Console): unknown {
  if (given === 'none') return null;
  if (!given.startsWith('user:')) return { accountId: given };
  const password = env.ADMIN_PASSWORD;
  if (!password) throw usageError('The password of the administrator is read from ADMIN_PASSWORD, and it is not set.');
  return { userName: given.slice('user:'.length), password };
}
