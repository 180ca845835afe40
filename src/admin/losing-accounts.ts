import type { Pool } from 'pg';
import { z } from 'zod';
import { eraseKey, lookAtKey } from '../accounts/erase-key.ts';
import { lookAtAccount, removeAccount } from '../accounts/remove-account.ts';
import { type Operation, operation } from '../api/operation.ts';
import type { Keyring } from '../keyring.ts';
import { foundAccount } from './account-access.ts';
import { accountsPath, accountsTag } from './accounts.ts';
import { askedBackOfLoss, createConfirmLoss } from './confirm-loss.ts';
import { confirmationAlone } from './ending-access.ts';
import { reference } from './forms.ts';

/** Removing shared accounts, and all of their passwords at once. */
export function losingAccountOperations(deps: Readonly<{ pool: Pool; keyring: Keyring }>): readonly Operation[] {
  const confirmLoss = createConfirmLoss(deps);
  const tag = accountsTag;
  return [
    operation({
      method: 'delete',
      path: `${accountsPath}/{id}`,
      id: 'removeAccount',
      tag,
      summary: 'Remove a shared account, with every version of its password',
      description:
        'Nothing is changed at the system itself: whoever has read the password still knows it. Without `confirmation` nothing happens: the answer says what would be lost.',
      permission: 'accounts.change',
      params: z.object({ id: reference }),
      body: confirmationAlone,
      bodyExample: {},
      success: { status: 204, description: 'Removed.' },
      also: [askedBackOfLoss],
      problems: ['not_found', 'conflict', 'confirmation_required'],
      handle: ({ orgId, principal, body, params: { id }, by }) =>
        confirmLoss(
          { orgId, principal, body },
          {
            confirmed: { action: 'account', target: id },
            look: async (db, lock) => foundAccount(await lookAtAccount(db, orgId, id, lock)),
            lose: (client) => removeAccount(client, orgId, id, by),
          },
        ),
    }),
    operation({
      method: 'delete',
      path: '/api/orgs/current/account-key',
      id: 'eraseAccountKey',
      tag,
      summary: 'Make every password of the shared accounts unreadable at once, for good',
      description:
        'The organisation’s key is erased, with every version and every administrator’s password that was sealed with it. Accounts and rights stay: give each a new password, or have it changed. Backups of the database still hold the key. Without `confirmation` nothing happens: the answer says what would be lost.',
      permission: 'accounts.erase',
      body: confirmationAlone,
      bodyExample: {},
      success: { status: 204, description: 'Erased.' },
      also: [askedBackOfLoss],
      problems: ['conflict', 'confirmation_required'],
      handle: ({ orgId, principal, body, by }) =>
        confirmLoss(
          { orgId, principal, body },
          {
            confirmed: { action: 'account_key', target: orgId },
            look: (db, lock) => lookAtKey(db, orgId, lock),
            lose: (client) => eraseKey(client, orgId, by),
          },
        ),
    }),
  ];
}
