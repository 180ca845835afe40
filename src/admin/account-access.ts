import type { Pool } from 'pg';
import type { Changer } from '../accounts/administrator.ts';
import { rightTo } from '../accounts/rights.ts';
import type { Operation } from '../api/operation.ts';
import { may } from '../api/permissions.ts';
import { AppError } from '../errors.ts';
import type { Principal } from '../sessions/principal.ts';
import { reference } from './forms.ts';

/** Lets whoever has the right to manage the account of the address do what their role may not. */
export function createIfManages({ accessPool }: Readonly<{ accessPool: Pool }>): NonNullable<Operation['orIf']> {
  return async (principal, { id }) => {
    const account = reference.safeParse(id);
    return account.success && (await rightTo(accessPool, principal, account.data)) === 'manage';
  };
}

/** Who changes accounts, for rules that look at what else they may. */
export const changerOf = ({ userId, role }: Principal): Changer => ({
  userId,
  changesAll: may(role, 'accounts.change'),
});

export function foundAccount<T>(value: T | null): T {
  if (value === null) throw new AppError('not_found', ({ answers }) => answers.accounts.none);
  return value;
}
