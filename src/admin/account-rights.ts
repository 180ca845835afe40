import { z } from 'zod';
import type { Accounts } from '../accounts/accounts.ts';
import type { Rights } from '../accounts/rights.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageQuery, readTimeCursor, toTimePage } from '../api/page.ts';
import { AppError } from '../errors.ts';
import { foundAccount } from './account-access.ts';
import { accountRight, accountRightPage, newRight } from './account-forms.ts';
import { accountsPath, accountsTag } from './accounts.ts';
import { reference } from './forms.ts';

const tag = accountsTag;
const list = `${accountsPath}/{id}/rights`;
const permission = 'accounts.change';

/** Who may use and manage a shared account: people, and whoever is in a group. */
export function accountRightOperations({
  accounts,
  rights,
  ifManages: orIf,
}: Readonly<{ accounts: Accounts; rights: Rights; ifManages: NonNullable<Operation['orIf']> }>): readonly Operation[] {
  return [
    operation({
      method: 'get',
      path: list,
      id: 'listAccountRights',
      tag,
      summary: 'Who may use or manage a shared account, the youngest right first',
      permission: 'org.read',
      orIf,
      params: z.object({ id: reference }),
      query: z.object(pageQuery),
      success: { status: 200, description: 'A page of rights.', schema: accountRightPage },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id }, query: { limit, cursor } }) => {
        const after = readTimeCursor(cursor);
        foundAccount(await accounts.find(orgId, id));
        return toTimePage(await rights.list(orgId, id, { limit: limit + 1, after }), limit);
      },
    }),
    operation({
      method: 'post',
      path: list,
      id: 'giveAccountRight',
      tag,
      summary: 'Give somebody, or a group, a right to a shared account',
      description:
        'In the place of another right that they have to it. Nobody’s role reads a password: administrators who need one give themselves a right, which is on record.',
      permission,
      orIf,
      params: z.object({ id: reference }),
      body: newRight,
      bodyExample: { groupId: 'grp_7d1c5e0f2b9a4c8e8f3a6b1d0e9c2a47', right: 'use' },
      success: { status: 201, description: 'The right.', schema: accountRight },
      problems: ['not_found', 'conflict'],
      handle: async ({ orgId, params: { id }, body: { right, ...given }, by }) => {
        const holder = 'who' in given ? { userId: await rights.requirePerson(orgId, given.who) } : given;
        return foundAccount(await rights.give(orgId, id, { holder, right }, by));
      },
    }),
    operation({
      method: 'delete',
      path: `${list}/{right}`,
      id: 'endAccountRight',
      tag,
      summary: 'Take a right to a shared account away',
      description: 'The password is then changed, where a connector can: whoever had the right may have read it.',
      permission,
      orIf,
      params: z.object({ id: reference, right: reference }),
      success: { status: 204, description: 'Taken away.' },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id, right }, by }) => {
        if (await rights.take(orgId, id, right, by)) return;
        throw new AppError('not_found', ({ answers }) => answers.accounts.noRight);
      },
    }),
  ];
}
