import type { Command } from 'commander';
import { z } from 'zod';
import { accountRights } from '../accounts/rights.ts';
import { byOperator } from '../by.ts';
import { AppError } from '../errors.ts';
import { action, type Console, text, usageError } from './command.ts';
import { table } from './output.ts';
import { accountArgument, foundAccount, orgOption } from './shared-account-parts.ts';

const manyRights = 1_000;

/** Who may use or manage a shared account. */
export function registerSharedAccountRights(shared: Command, shell: Console): void {
  shared
    .command('rights')
    .description('who may use or manage a shared account')
    .argument(...accountArgument)
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ account: text, org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        foundAccount(await workspace.accounts.find(org.id, input.account));
        const all = await workspace.accountRights.list(org.id, input.account, { limit: manyRights, after: null });
        const rows = all.map(({ user, group, right, createdAt, id }) => [
          user?.email ?? (group && `${group.displayName} (group)`),
          right,
          createdAt,
          id,
        ]);
        return { json: all, text: table(['WHO', 'RIGHT', 'SINCE', 'ID'], rows, 'Nobody has a right to it.') };
      }),
    );

  shared
    .command('give')
    .description('give a person or a group a right, in the place of another one that they have')
    .argument(...accountArgument)
    .requiredOption(...orgOption)
    .option('--user <user>', 'address, user name or id')
    .option('--group <group>', 'name or id of the group')
    .option('--right <right>', accountRights.join(' or '), 'use')
    .action(
      action(
        shell,
        z.object({
          account: text,
          org: text,
          user: text.optional(),
          group: text.optional(),
          right: z.enum(accountRights),
        }),
        async (workspace, { account: id, org: ref, user, group, right }) => {
          const org = await workspace.requireOrg(ref);
          if ((user === undefined) === (group === undefined)) throw usageError('Give --user or --group, one of them.');
          const { accountRights: rights } = workspace;
          const holder =
            user === undefined
              ? { groupId: await rights.requireGroup(org.id, group as string) }
              : { userId: await rights.requirePerson(org.id, user) };
          const given = foundAccount(await rights.give(org.id, id, { holder, right }, byOperator));
          return { json: given, text: `${user ?? group} may ${right} ${id} now (${given.id}).` };
        },
      ),
    );

  shared
    .command('take')
    .description('take a right away; the password is then changed')
    .argument(...accountArgument)
    .argument('<right>', 'id of the right, from shared-account rights')
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ account: text, right: text, org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const taken = await workspace.accountRights.take(org.id, input.account, input.right, byOperator);
        if (!taken) throw new AppError('not_found', 'The shared account has no such right.');
        return { json: { id: input.right, taken: true }, text: `The right ${input.right} is taken away.` };
      }),
    );
}
