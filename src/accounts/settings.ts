import type { z } from 'zod';
import { AppError, pointerTo } from '../errors.ts';
import { describeIssues, wrongParts } from '../issues.ts';
import { connectorKinds, connectors } from './connectors/all.ts';
import { type PasswordRuleChanges, type PasswordRules, passwordRules } from './make-password.ts';

export { connectorKinds };
export type ConnectorKind = (typeof connectorKinds)[number];

/**
 * The rules of an account with these changes. Together they may leave too few characters.
 * @throws AppError invalid_request
 */
export function changedRules(stored: unknown, changes: PasswordRuleChanges): PasswordRules {
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  const parsed = passwordRules.safeParse({ ...(stored as object), ...given });
  if (parsed.success) return parsed.data;
  const of = describeIssues(parsed.error, 'passwordRules').slice(0, 10).join('; ');
  const errors = wrongParts(parsed.error, 'body').slice(0, 10);
  throw new AppError('invalid_request', ({ answers }) => answers.accounts.wrongRules({ of }), {
    errors: within('passwordRules', errors),
  });
}

type Settings = Readonly<Record<string, unknown>>;

/**
 * The settings of an account as its connector's form has them, with what it leaves open filled in.
 * @throws AppError invalid_request that names the members, and no value
 */
export function checkedSettings(kind: string, settings: Settings): Settings {
  const form: z.ZodType | undefined = connectors[kind as ConnectorKind]?.settings;
  if (!form)
    throw new AppError('invalid_request', ({ answers }) => answers.accounts.noConnector, { field: 'connector' });
  const parsed = form.safeParse(settings, { reportInput: true });
  if (parsed.success) return parsed.data as Settings;
  const of = describeIssues(parsed.error, 'settings').slice(0, 10).join('; ');
  const errors = wrongParts(parsed.error, 'body').slice(0, 10);
  throw new AppError('invalid_request', ({ answers }) => answers.accounts.wrongSettings({ of }), {
    errors: within('settings', errors),
  });
}

const within = (member: string, errors: ReturnType<typeof wrongParts>) =>
  errors.map(({ pointer = '#', ...rest }) => ({ ...rest, pointer: pointerTo([member]) + pointer.slice(1) }));
