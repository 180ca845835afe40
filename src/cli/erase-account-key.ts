import { z } from 'zod';
import { eraseKey as eraseAccountKey, lookAtKey } from '../accounts/erase-key.ts';
import { byOperator } from '../by.ts';
import { transaction } from '../database/pool.ts';
import type { Console } from './command.ts';
import { text } from './command.ts';
import { confirm, requireTerminal } from './confirm.ts';
import type { CommandAnswer } from './output.ts';
import type { Workspace } from './workspace.ts';

export const eraseForm = z.object({ org: text, yes: z.boolean().default(false) });

/** Makes every password of an organisation's shared accounts unreadable, for good. */
export async function eraseKey(
  workspace: Workspace,
  { org: ref, yes }: z.output<typeof eraseForm>,
  shell: Console,
): Promise<CommandAnswer> {
  if (!yes) requireTerminal('keys erase', shell);
  const { id, name, slug } = await workspace.requireOrg(ref);
  const means = `This makes all passwords of the shared accounts of ${name} unreadable, for good. The systems keep theirs.`;
  if (!yes) await confirm(means, `erase ${slug}`, shell);
  const passwords = await transaction(workspace.pool, async (client) => {
    const { versions } = await lookAtKey(client, id, true);
    await eraseAccountKey(client, id, byOperator);
    return versions;
  });
  const left = `Backups from before still hold it, sealed with ENCRYPTION_KEYS: delete them too.`;
  return {
    json: { org: id, passwords },
    text: `${passwords} password(s) of ${name} cannot be read any more. ${left}`,
  };
}
