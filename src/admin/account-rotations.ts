import type { Pool } from 'pg';
import { z } from 'zod';
import type { Connectors } from '../accounts/connectors/all.ts';
import { rotateByHand } from '../accounts/rotation/ask-rotation.ts';
import { confirmRotation } from '../accounts/rotation/confirm-rotation.ts';
import { findRotation } from '../accounts/rotation/rotations.ts';
import { testAccount } from '../accounts/test-account.ts';
import type { Vault } from '../accounts/vault.ts';
import { type Operation, operation } from '../api/operation.ts';
import { foundAccount } from './account-access.ts';
import { accountRotation, accountTest, confirmedRotation, rotationConfirmation } from './account-forms.ts';
import { accountsPath, accountsTag } from './accounts.ts';
import { reference } from './forms.ts';
import type { OutwardLimit } from './outward-limit.ts';

const tag = accountsTag;
const byId = `${accountsPath}/{id}`;
const permission = 'accounts.change';
const params = z.object({ id: reference });

export type AccountRotationDeps = Readonly<{
  pool: Pool;
  vault: Vault;
  connectorOf: Connectors['connectorOf'];
  lookOutward: OutwardLimit;
  ifManages: NonNullable<Operation['orIf']>;
}>;

/** Having passwords of shared accounts changed by hand, and trying them. */
export function accountRotationOperations(deps: AccountRotationDeps): readonly Operation[] {
  const { pool, lookOutward, ifManages: orIf } = deps;
  return [
    operation({
      method: 'post',
      path: `${byId}/rotate`,
      id: 'rotateAccount',
      tag,
      summary: 'Have the password of a shared account changed now',
      description:
        'One change of an account is at work at a time, and one more waits at most: then this is that one. Where people change it, they are asked to.',
      permission,
      orIf,
      params,
      success: { status: 202, description: 'The change, as it stands.', schema: accountRotation },
      problems: ['not_found'],
      handle: async ({ principal: { userId }, orgId, params: { id }, by }) => {
        const asked = await rotateByHand(pool, { orgId, accountId: id, userId }, by);
        return foundAccount(await findRotation(pool, orgId, id, foundAccount(asked).id));
      },
    }),
    operation({
      method: 'post',
      path: `${byId}/rotations/{rotation}/confirm`,
      id: 'confirmRotation',
      tag,
      summary: 'Say that people have changed the password',
      description:
        'To the one that was made for it (`candidate`, which whoever manages the account reads among the versions), or to another one.',
      permission,
      orIf,
      params: z.object({ id: reference, rotation: reference }),
      body: rotationConfirmation,
      bodyExample: { password: 'correct-horse-battery' },
      success: { status: 200, description: 'The version that is current now.', schema: confirmedRotation },
      problems: ['not_found', 'conflict'],
      handle: ({ orgId, params: { id, rotation }, body, by }) =>
        confirmRotation(deps, { orgId, accountId: id, rotationId: rotation }, body, by),
    }),
    operation({
      method: 'post',
      path: `${byId}/test`,
      id: 'testAccount',
      tag,
      summary: 'Try whether the password of a shared account signs in',
      description:
        'And that of the administrator, where the connector can tell. Systems lock accounts after a few wrong passwords: so where one is wrong, the next try waits a minute. An administrator is counted over all accounts that it changes.',
      permission,
      orIf,
      params,
      success: { status: 200, description: 'What came of it.', schema: accountTest },
      problems: ['not_found', 'conflict', 'too_many_requests'],
      handle: async ({ orgId, params: { id }, by }) => {
        await lookOutward(orgId);
        return foundAccount(await testAccount(deps, orgId, id, by));
      },
    }),
  ];
}
