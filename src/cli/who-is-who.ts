import type { Concerned } from '../admin/concerned.ts';
import type { Ending } from '../admin/end-confirmed.ts';
import { byOperator } from '../by.ts';
import { withSecondLook } from '../database/errors.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import { languages } from '../texts/texts.ts';
import type { Console } from './command.ts';
import { confirm, requireTerminal } from './confirm.ts';
import type { Workspace } from './workspace.ts';

export const changerOf = ({ id }: { id: string }) => ({ orgId: id, by: byOperator, initiator: 'operator' }) as const;

export const yesOption = ['--yes', 'do not ask'] as const;

/** What was shown and asked at a terminal isn't printed again: `means` is then empty. */
export type Changed<Result> = Readonly<{ result: Result; means: readonly string[] }>;

/** Shows what the change means, asks, and makes it if everything still stands as it was shown. */
export async function changeWhoIsWho<Whose extends Concerned, Result>(
  { pool, announce }: Workspace,
  change: Ending<Whose, Result>,
  yes: boolean,
  shell: Console,
): Promise<Changed<Result>> {
  if (!yes) requireTerminal('This', shell);
  const seen = await change.look(pool, false);
  const means = (await change.tell?.(pool, seen.whose, languages[0].whoIsWho))?.means ?? [];
  if (!yes) await confirm(`${means.join('\n')}\n`, 'yes', shell);
  const result = await withSecondLook(() =>
    transaction(pool, async (client) => {
      const now = await change.look(client, true);
      if (now.standing !== seen.standing)
        throw new AppError('conflict', 'Who is concerned has changed meanwhile; nothing was done. Run it again.');
      return change.end(client, now.whose);
    }),
  );
  await announce();
  return { result, means: yes ? means : [] };
}
