import type { Pool } from 'pg';
import { z } from 'zod';
import { accountStates } from '../accounts/account.ts';
import { accountRights } from '../accounts/rights.ts';
import { listUsable } from '../accounts/usable-accounts.ts';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readCursor, toPage } from '../api/page.ts';

export const myAccount = z
  .object({
    id: idOf('account'),
    name: z.string().meta({ examples: ['Ship’s computer'] }),
    userName: z.string().meta({ examples: ['operator'] }),
    place: z.string().meta({ examples: ['https://computer.whiterabbit.fake'] }),
    notes: z.string().meta({ examples: ['Sign in by the terminal on the bridge.'] }),
    right: z.enum(accountRights).describe('`use`: read the password. `manage`: change the account too.'),
    version: z
      .int()
      .nullable()
      .describe('The version of the password; null: none was given yet.')
      .meta({ examples: [3] }),
    changedAt: z.iso.datetime().nullable().describe('When the password was last changed.'),
    revealedAt: z.iso.datetime().nullable().describe('When you last read it.'),
    revealedVersion: z.int().nullable().describe('Which version that was: an older one counts no longer.'),
    state: z.enum(accountStates),
  })
  .meta({ id: 'MyAccount' });
export const myAccountPage = pageOf(myAccount).meta({ id: 'MyAccountPage' });

/** The shared accounts that somebody may use. */
export function myAccountOperations({ pool }: Readonly<{ pool: Pool }>): readonly Operation[] {
  return [
    operation({
      method: 'get',
      path: '/api/users/me/accounts',
      id: 'listMyAccounts',
      tag: 'You',
      summary: 'The shared accounts that you may use or manage, by their names',
      description: 'By a right of your own, or of a group that you are in. The passwords are not in it.',
      turn: 'own',
      query: z.object(pageQuery),
      success: { status: 200, description: 'A page of accounts.', schema: myAccountPage },
      problems: ['too_many_requests'],
      handle: async ({ principal, query: { limit, cursor } }) => {
        const after = readCursor(cursor, 2, ([, id]) => /^[\w-]{1,80}$/.test(String(id)));
        const rows = await listUsable(pool, principal, { after, limit: limit + 1 });
        return toPage(rows, limit, ({ name, id }) => [name, id]);
      },
    }),
  ];
}
