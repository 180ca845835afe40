import type { z } from 'zod';
import type { AccountRow } from '../accounts/account.ts';
import { createVault } from '../accounts/vault.ts';
import { byOperator } from '../by.ts';
import { AppError } from '../errors.ts';
import { describeIssues } from '../issues.ts';
import { usageError } from './command.ts';
import { type CommandAnswer, facts } from './output.ts';
import type { Workspace } from './workspace.ts';

export const orgOption = ['--org <org>', 'slug, verified domain or id'] as const;
export const accountArgument = ['<account>', 'id of the account, from shared-account list'] as const;

/** The operator of the machine, who changes every account of every organisation. */
export const doing = { changer: { userId: null, changesAll: true }, by: byOperator } as const;

/** @throws AppError not_found */
export function foundAccount<T>(value: T | null): T {
  if (value === null) throw new AppError('not_found', 'The organisation has no such shared account.');
  return value;
}

/** Checks by the form of the API. @throws CommanderError that names members, and no value */
export function checked<Form extends z.ZodType>(form: Form, value: unknown): z.output<Form> {
  const parsed = form.safeParse(value);
  if (parsed.success) return parsed.data;
  throw usageError(describeIssues(parsed.error, 'The account').join('\n'));
}

export const vaultIn = ({ pool, keyring }: Workspace) => ({ pool, vault: createVault({ pool, keyring }) });

export function answerFor(row: AccountRow): CommandAnswer {
  const { administrator } = row;
  const described = facts([
    ['Id', row.id],
    ['Name', row.name],
    ['User name', row.userName],
    ['Where', row.place],
    ['Connector', row.connector],
    [
      'Administrator',
      administrator && ('accountId' in administrator ? administrator.accountId : `user:${administrator.userName}`),
    ],
    ['State', row.state],
    ['Version', row.version],
    ['Changed', row.changedAt],
    ['Every days', row.everyDays],
  ]);
  return { json: row, text: `${described}\n\nSettings:\n${JSON.stringify(row.settings, null, 2)}` };
}
