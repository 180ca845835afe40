import type { Pool } from 'pg';
import { z } from 'zod';
import { accountStates } from '../accounts/account.ts';
import { freshSeconds, mostReveals, type Reveal } from '../accounts/reveal.ts';
import { accountRights } from '../accounts/rights.ts';
import { listUsable } from '../accounts/usable-accounts.ts';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readCursor, toPage } from '../api/page.ts';

const reference = z.string().regex(/^[\w-]{1,80}$/, 'is not an id');
/** What is no number of a version names none that is there. */
const versionNumber = reference.transform((text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0));

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

export const revealed = z
  .object({
    accountId: idOf('account'),
    name: z.string().meta({ examples: ['Ship’s computer'] }),
    userName: z.string().meta({ examples: ['operator'] }),
    place: z.string().meta({ examples: ['https://computer.whiterabbit.fake'] }),
    version: z.int(),
    password: z.string().meta({ examples: ['correct-horse-battery'] }),
  })
  .meta({ id: 'RevealedPassword' });
const success = { status: 200, description: 'The password, which no cache may keep.', schema: revealed };
const problems = ['reauthentication_required', 'not_found', 'conflict', 'too_many_requests'] as const;

/** The shared accounts that somebody may use, and their passwords. */
export function myAccountOperations({ pool, reveal }: Readonly<{ pool: Pool; reveal: Reveal }>): readonly Operation[] {
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
    operation({
      method: 'post',
      path: '/api/users/me/accounts/{id}/reveal',
      id: 'revealMyAccount',
      tag: 'You',
      summary: 'Read the password of a shared account that you may use',
      description: `You must have authenticated within the last ${freshSeconds / 60} minutes. It goes on record with your name, and ${mostReveals} passwords a minute are the most. An app’s access token needs the scope \`admin\`.`,
      adminScope: true,
      recent: freshSeconds,
      params: z.object({ id: reference }),
      success,
      problems,
      handle: ({ principal, by, params: { id } }) => reveal(principal, { accountId: id, version: null }, by),
    }),
    operation({
      method: 'post',
      path: '/api/orgs/current/accounts/{id}/versions/{version}/reveal',
      id: 'revealAccountVersion',
      tag: 'Shared accounts',
      summary: 'Read any version of the password of a shared account',
      description: `For whoever has the right to manage the account: no role alone reads a password. You must have authenticated within the last ${freshSeconds / 60} minutes. It goes on record, as every reading does. An app’s access token needs the scope \`admin\`.`,
      adminScope: true,
      recent: freshSeconds,
      params: z.object({ id: reference, version: versionNumber }),
      success,
      problems: [...problems, 'forbidden'],
      handle: ({ principal, by, params: { id, version } }) => reveal(principal, { accountId: id, version }, by),
    }),
  ];
}
