import type { Command } from 'commander';
import { z } from 'zod';
import { noteReveal } from '../accounts/reveals.ts';
import { rotateByHand } from '../accounts/rotation/ask-rotation.ts';
import { confirmRotation } from '../accounts/rotation/confirm-rotation.ts';
import { adoptDatabase, knowsDatabase } from '../accounts/rotation/known-database.ts';
import { askReconciliation } from '../accounts/rotation/reconcile.ts';
import { listRotations } from '../accounts/rotation/rotations.ts';
import { testAccount } from '../accounts/test-account.ts';
import { recordEvent } from '../audit/record.ts';
import { byOperator } from '../by.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import { action, type Console, readCredential, text, usageError } from './command.ts';
import { confirm, requireTerminal } from './confirm.ts';
import { table } from './output.ts';
import { accountArgument, foundAccount, orgOption, vaultIn } from './shared-account-parts.ts';
import type { Workspace } from './workspace.ts';

const passwordOption = [
  '--password-stdin',
  'read the password from standard input; without it ACCOUNT_PASSWORD counts',
] as const;

/** How the passwords of shared accounts change, and how an operator reads one. */
export function registerSharedAccountPasswords(shared: Command, shell: Console): void {
  shared
    .command('rotate')
    .description('have the password changed; a node of the server does it')
    .argument(...accountArgument)
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ account: text, org: text }), async (workspace, { account: accountId, org: ref }) => {
        const { id: orgId } = await workspace.requireOrg(ref);
        const which = { orgId, accountId, userId: null };
        const asked = foundAccount(await rotateByHand(workspace.pool, which, byOperator));
        return { json: asked, text: `The rotation ${asked.id} waits for its turn: see shared-account rotations.` };
      }),
    );

  shared
    .command('rotations')
    .description('how passwords were changed, or are being changed: the newest 200')
    .requiredOption(...orgOption)
    .option('--account <account>', 'of this account (id)')
    .option('--revocation <revocation>', 'because of this sign-out (id)')
    .action(
      action(
        shell,
        z.object({ org: text, account: text.optional(), revocation: text.optional() }),
        async (workspace, { org: ref, account: accountId, revocation: revocationId }) => {
          const org = await workspace.requireOrg(ref);
          const page = { limit: 200, after: null };
          const all = await listRotations(workspace.pool, org.id, { accountId, revocationId }, page);
          const rows = all.map((row) => [
            row.createdAt,
            row.accountName,
            row.cause,
            row.state,
            row.error,
            row.doUntil,
            row.id,
          ]);
          const headings = ['ASKED', 'ACCOUNT', 'CAUSE', 'STATE', 'WHY', 'DO UNTIL', 'ID'];
          return { json: all, text: table(headings, rows, 'No password was changed.') };
        },
      ),
    );

  shared
    .command('confirm')
    .description('say that a password was changed by hand: without a password, to the version that was made for it')
    .argument(...accountArgument)
    .argument('<rotation>', 'id, from shared-account rotations')
    .requiredOption(...orgOption)
    .option(...passwordOption)
    .action(
      action(
        shell,
        z.object({ account: text, rotation: text, org: text, passwordStdin: z.boolean().default(false) }),
        async (workspace, { account: accountId, rotation: rotationId, ...input }) => {
          const { id: orgId } = await workspace.requireOrg(input.org);
          const password = await readCredential(shell, 'ACCOUNT_PASSWORD', input.passwordStdin);
          const confirmation = password === undefined ? ({ candidate: true } as const) : { password };
          const which = { orgId, accountId, rotationId };
          const confirmed = await confirmRotation(vaultIn(workspace), which, confirmation, byOperator);
          return { json: { id: rotationId, ...confirmed }, text: `Version ${confirmed.version} is the current one.` };
        },
      ),
    );

  shared
    .command('password')
    .description('say which password signs in now; nothing is changed at the system itself')
    .argument(...accountArgument)
    .requiredOption(...orgOption)
    .option(...passwordOption)
    .action(
      action(
        shell,
        z.object({ account: text, org: text, passwordStdin: z.boolean().default(false) }),
        async (workspace, { account: id, ...input }) => {
          const org = await workspace.requireOrg(input.org);
          const password = await readCredential(shell, 'ACCOUNT_PASSWORD', input.passwordStdin);
          if (password === undefined)
            throw usageError('There is no password: give --password-stdin or ACCOUNT_PASSWORD.');
          const version = foundAccount(await workspace.accounts.givePassword(org.id, id, password, byOperator));
          return { json: { id, version }, text: `It is kept as version ${version}.` };
        },
      ),
    );

  shared
    .command('reveal')
    .description('print a password; that is on record')
    .argument(...accountArgument)
    .requiredOption(...orgOption)
    .option('--version <number>', 'default: the current one')
    .option('--yes', 'needed: everybody who sees this terminal or its log reads the password')
    .action(
      action(
        shell,
        z.object({
          account: text,
          org: text,
          version: z.coerce.number('must be a number').int().min(1).optional(),
          yes: z.boolean().default(false),
        }),
        async (workspace, { account: id, org: ref, version, yes }) => {
          if (!yes) throw usageError('This prints a password, and is on record. Say --yes.');
          const org = await workspace.requireOrg(ref);
          const read = await reveal(workspace, org.id, id, version ?? null);
          return { json: { id, ...read }, text: read.password };
        },
      ),
    );

  shared
    .command('test')
    .description('try whether the current password signs in, and its administrator')
    .argument(...accountArgument)
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ account: text, org: text }), async (workspace, { account: id, org: ref }) => {
        const org = await workspace.requireOrg(ref);
        const deps = { ...vaultIn(workspace), connectorOf: workspace.connectors.connectorOf };
        const tested = foundAccount(await testAccount(deps, org.id, id, byOperator));
        const { result, error, administrator } = tested;
        const ofAdministrator = administrator && `\nIts administrator: ${sayTested(administrator)}`;
        return { json: { id, ...tested }, text: `${sayTested({ result, error })}${ofAdministrator ?? ''}` };
      }),
    );

  shared
    .command('reconcile')
    .description(
      'after a restore from a backup: find out for each account which of its passwords signs in, or set a new one',
    )
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const accounts = await askReconciliation(workspace.pool, org.id);
        const rests = !(await knowsDatabase(workspace.pool));
        const then = rests ? ' All rotations rest: shared-account resume lets them go on.' : '';
        return {
          json: { id: org.id, accounts, rests },
          text: `${accounts} account(s) wait to be looked at by the server: see shared-account rotations.${then}`,
        };
      }),
    );

  shared
    .command('resume')
    .description(
      'this database is the real one now, and no copy: rotations, which rest after a restore, go on in every organisation, first with the search for what signs in',
    )
    .option('--yes', 'do not ask before')
    .action(
      action(shell, z.object({ yes: z.boolean().default(false) }), async ({ pool }, { yes }) => {
        if (await knowsDatabase(pool))
          return { json: { resumed: false }, text: 'Rotations do not rest: there is nothing to resume.' };
        if (!yes) {
          requireTerminal('Letting rotations go on', shell);
          const means =
            'Passwords are then changed at the real systems from this database, and the passwords that every other copy keeps become wrong.';
          await confirm(means, 'this is the real one', shell);
        }
        const accounts = await transaction(pool, async (client) => {
          const asked = await askReconciliation(client, null);
          await adoptDatabase(client);
          return asked;
        });
        return {
          json: { resumed: true, accounts },
          text: `Rotations go on. ${accounts} account(s) wait to be looked at by the server.`,
        };
      }),
    );
}

/** Reads a password for the operator: its record is committed before it is opened. @throws AppError */
async function reveal(workspace: Workspace, orgId: string, accountId: string, asked: number | null) {
  const { pool, vault } = vaultIn(workspace);
  const { version, sealed } = await transaction(pool, async (client) => {
    const { rows } = await client.query<{ version: number; sealed: string }>(
      `SELECT v.version, v.sealed FROM accounts a
       JOIN account_versions v ON v.org_id = a.org_id AND v.account_id = a.id AND v.version = coalesce($3, a.version)
       WHERE a.org_id = $1 AND a.id = $2`,
      [orgId, accountId, asked],
    );
    const [found] = rows;
    if (!found) throw new AppError('not_found', 'There is no such shared account, or no such version of its password.');
    await noteReveal(client, orgId, { accountId, version: found.version }, null);
    const target = { type: 'account', id: accountId };
    const detail = { version: found.version };
    await recordEvent(client, { orgId, action: 'account.revealed', by: byOperator, target, detail });
    return found;
  });
  return { version, password: await vault.open(orgId, accountId, version, sealed) };
}

const sayTested = ({ result, error }: Readonly<{ result: string; error: string | null }>) =>
  error === null ? result : `${result} (${error})`;
