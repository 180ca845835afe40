import type { z } from 'zod';
import { isStorableText } from '../database/storable.ts';
import { AppError, pointerTo, type Saying } from '../errors.ts';
import { describeIssues, wrongParts } from '../issues.ts';
import { en } from '../texts/en.ts';
import { connectorKinds, connectors } from './connectors/all.ts';
import { must } from './connectors/must.ts';
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
  const parsed = form.superRefine(refuseUnstorable).safeParse(settings, { reportInput: true });
  if (parsed.success) return parsed.data as Settings;
  const lines = describeIssues(parsed.error, 'settings').slice(0, 10).join('; ');
  const errors = wrongParts(parsed.error, 'body').slice(0, 10);
  // Programs are told the validator's words, people those of the catalogue.
  const said: Saying = (texts) =>
    errors.length === 0 || texts === en
      ? lines
      : errors.map(({ pointer = '', says, detail }) => `${pointer.slice(2)}: ${says?.(texts) ?? detail}`).join('; ');
  throw new AppError('invalid_request', (texts) => texts.answers.accounts.wrongSettings({ of: said(texts) }), {
    errors: within('settings', errors),
  });
}

/** Of all texts of a form that fits, wherever they stand: so no connector's form can forget one. */
function refuseUnstorable(settings: unknown, { addIssue }: z.RefinementCtx): void {
  for (const path of unstorableIn(settings)) addIssue({ code: 'custom', path: [...path], ...must('storable') });
}

function unstorableIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value === 'string') return isStorableText(value) ? [] : [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => unstorableIn(member, [...path, name]));
}

const within = (member: string, errors: ReturnType<typeof wrongParts>) =>
  errors.map(({ pointer = '#', ...rest }) => ({ ...rest, pointer: pointerTo([member]) + pointer.slice(1) }));
