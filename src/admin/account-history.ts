import type { Pool } from 'pg';
import { z } from 'zod';
import type { Accounts } from '../accounts/accounts.ts';
import { listReveals } from '../accounts/reveals.ts';
import { listRotations } from '../accounts/rotation/rotations.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageQuery, readTimeCursor, toTimePage } from '../api/page.ts';
import { AccountRotationState } from '../database/generated/client.ts';
import { foundAccount } from './account-access.ts';
import { accountRevealPage, accountRotationPage } from './account-forms.ts';
import { accountsPath, accountsTag } from './accounts.ts';
import { flag, reference } from './forms.ts';

const tag = accountsTag;
const params = z.object({ id: reference });
const state = z.enum(AccountRotationState).optional();

/** Who has read the passwords of shared accounts, and what became of each change of them. */
export function accountHistoryOperations({
  pool,
  accounts,
  ifManages: orIf,
}: Readonly<{ pool: Pool; accounts: Accounts; ifManages: NonNullable<Operation['orIf']> }>): readonly Operation[] {
  return [
    operation({
      method: 'get',
      path: `${accountsPath}/{id}/reveals`,
      id: 'listAccountReveals',
      tag,
      summary: 'Who has read the password of a shared account, the latest first',
      permission: 'org.read',
      orIf,
      params,
      query: z.object(pageQuery),
      success: { status: 200, description: 'A page of reveals.', schema: accountRevealPage },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id }, query: { limit, cursor } }) => {
        const after = readTimeCursor(cursor);
        foundAccount(await accounts.find(orgId, id));
        return toTimePage(await listReveals(pool, orgId, id, { limit: limit + 1, after }), limit);
      },
    }),
    operation({
      method: 'get',
      path: `${accountsPath}/{id}/rotations`,
      id: 'listRotationsOfAccount',
      tag,
      summary: 'The changes of the password of a shared account, the youngest first',
      permission: 'org.read',
      orIf,
      params,
      query: z.object({ ...pageQuery, state }),
      success: { status: 200, description: 'A page of rotations.', schema: accountRotationPage },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id }, query: { limit, cursor, ...filter } }) => {
        const after = readTimeCursor(cursor);
        foundAccount(await accounts.find(orgId, id));
        const rows = await listRotations(pool, orgId, { ...filter, accountId: id }, { limit: limit + 1, after });
        return toTimePage(rows, limit);
      },
    }),
    operation({
      method: 'get',
      path: '/api/orgs/current/rotations',
      id: 'listRotations',
      tag,
      summary: 'The changes of passwords of all shared accounts, the youngest first',
      permission: 'org.read',
      query: z.object({
        ...pageQuery,
        state,
        revocation: reference.optional().describe('The id of a revocation: those that it brought about.'),
        together: flag.optional().describe('With `revocation`: those of all that the same request ended.'),
      }),
      success: { status: 200, description: 'A page of rotations.', schema: accountRotationPage },
      handle: async ({ orgId, query: { limit, cursor, state, revocation, together } }) => {
        const after = readTimeCursor(cursor);
        const filter = { state, revocationId: revocation, together };
        return toTimePage(await listRotations(pool, orgId, filter, { limit: limit + 1, after }), limit);
      },
    }),
  ];
}
