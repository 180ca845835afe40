import type { Command } from 'commander';
import { z } from 'zod';
import { byOperator } from '../by.ts';
import { forwardStatuses } from '../downstream/forwards.ts';
import { AppError } from '../errors.ts';
import { action, type Console, text } from './command.ts';
import { table } from './output.ts';

const orgOption = ['--org <org>', 'slug, verified domain or id'] as const;

/** What was passed on to the apps behind an organisation. */
export function registerForward(program: Command, shell: Console): void {
  const forward = program.command('forward').description('what was passed on to apps, and what became of it');

  forward
    .command('list')
    .description('the newest 200')
    .requiredOption(...orgOption)
    .option('--app <app>', 'to this app (id)')
    .option('--revocation <revocation>', 'of this sign-out (id)')
    .option('--user <user>', 'of this person (id)')
    .option('--status <status>', forwardStatuses.join(', '))
    .action(
      action(
        shell,
        z.object({
          org: text,
          app: text.optional(),
          revocation: text.optional(),
          user: text.optional(),
          status: z.enum(forwardStatuses).optional(),
        }),
        async (workspace, { org: ref, ...filter }) => {
          const org = await workspace.requireOrg(ref);
          const all = await workspace.forwards.list(org.id, filter, { after: null, limit: 200 });
          const rows = all.map((row) => [
            row.createdAt,
            row.appName,
            row.userId,
            row.status,
            row.error,
            row.httpStatus,
            row.attempts,
            row.id,
          ]);
          const headings = ['MADE', 'APP', 'PERSON', 'STATE', 'WHY', 'HTTP', 'TRIES', 'ID'];
          return { json: all, text: table(headings, rows, 'Nothing was passed on.') };
        },
      ),
    );

  forward
    .command('replay')
    .description('pass on again what could not be delivered')
    .argument('<forward>', 'id, from forward list')
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ forward: text, org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const again = await workspace.forwards.replay(org.id, input.forward, byOperator);
        if (!again) throw new AppError('not_found', `${org.name} has passed on nothing of the id ${input.forward}.`);
        return { json: again, text: `${again.id} is on its way again to ${again.appName}.` };
      }),
    );
}
