import { z } from 'zod';
import { eraseKey, lookAtKey } from '../accounts/erase-key.ts';
import { byOperator } from '../by.ts';
import { transaction } from '../database/pool.ts';
import type { Console } from './command.ts';
import { text } from './command.ts';
import { confirm, requireTerminal } from './confirm.ts';
import type { CommandAnswer } from './output.ts';
import type { Workspace } from './workspace.ts';

export const eraseForm = z.object({ org: text, yes: z.boolean().default(false) });

/** Makes every password of an organisation's shared accounts unreadable, for good. */
export async function eraseAccountKey(
  workspace: Workspace,
  { org: ref, yes }: z.output<typeof eraseForm>,
  shell: Console,
): Promise<CommandAnswer> {
  if (!yes) requireTerminal('keys erase', shell);
  const { id, name, slug } = await workspace.requireOrg(ref);
  const { accounts, versions, underWay } = await lookAtKey(workspace.pool, id, false);
  const means = `This makes ${versions} password(s) of ${accounts} shared account(s) of ${name} unreadable, for good. The systems keep theirs.${underWay > 0 ? ` ${underWay} of them are just being changed: the new ones may be kept here alone. Wait until that is over.` : ''}`;
  if (!yes) await confirm(means, `erase ${slug}`, shell);
  const erased = await transaction(workspace.pool, async (client) => {
    const loss = await lookAtKey(client, id, true);
    await eraseKey(client, id, byOperator);
    return loss;
  });
  const left = 'Backups from before still hold them, sealed with ENCRYPTION_KEYS: delete those too.';
  return {
    json: { org: id, accounts: erased.accounts, versions: erased.versions },
    text: `${erased.versions} password(s) of ${name} are gone. ${left}`,
  };
}
