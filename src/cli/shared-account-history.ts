import type { Command } from 'commander';
import { z } from 'zod';
import { listReveals } from '../accounts/reveals.ts';
import { listVersions } from '../accounts/versions.ts';
import { action, type Console, text } from './command.ts';
import { table } from './output.ts';
import { accountArgument, foundAccount, orgOption } from './shared-account-parts.ts';

const most = 200;
const input = z.object({ account: text, org: text });

/** What is kept of an account's passwords, and who has read them; never a password. */
export function registerSharedAccountHistory(shared: Command, shell: Console): void {
  shared
    .command('versions')
    .description('the versions of the password: the newest 200, without the passwords')
    .argument(...accountArgument)
    .requiredOption(...orgOption)
    .action(
      action(shell, input, async (workspace, { account: id, org: ref }) => {
        const org = await workspace.requireOrg(ref);
        foundAccount(await workspace.accounts.find(org.id, id));
        const all = await listVersions(workspace.pool, org.id, id, { after: null, limit: most });
        const rows = all.map((row) => [String(row.version), row.state, row.createdAt, row.acceptedAt, row.refusedAt]);
        const headings = ['VERSION', 'STATE', 'MADE', 'SIGNED IN', 'REFUSED'];
        return { json: all, text: table(headings, rows, 'No password is kept.') };
      }),
    );

  shared
    .command('reveals')
    .description('who has read which version of the password: the latest 200')
    .argument(...accountArgument)
    .requiredOption(...orgOption)
    .action(
      action(shell, input, async (workspace, { account: id, org: ref }) => {
        const org = await workspace.requireOrg(ref);
        foundAccount(await workspace.accounts.find(org.id, id));
        const all = await listReveals(workspace.pool, org.id, id, { after: null, limit: most });
        const rows = all.map(({ createdAt, user, version }) => [
          createdAt,
          user === null ? 'operator' : user.email || user.id,
          String(version),
        ]);
        return { json: all, text: table(['WHEN', 'WHO', 'VERSION'], rows, 'Nobody has read it.') };
      }),
    );
}
