import type { z } from 'zod';
import { AppError, pointerTo, type Saying } from '../errors.ts';
import { describeIssues, wrongParts } from '../issues.ts';
import { en } from '../texts/en.ts';
import { connectorKinds, connectors } from './connectors/all.ts';

export { connectorKinds };
export type ConnectorKind = (typeof connectorKinds)[number];

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
  const lines = describeIssues(parsed.error, 'settings').slice(0, 10).join('; ');
  const errors = wrongParts(parsed.error, 'body').slice(0, 10);
  // Programs are told the validator's words, people those of the catalogue.
  const said: Saying = (texts) =>
    errors.length === 0 || texts === en
      ? lines
      : errors.map(({ pointer = '', says, detail }) => `${pointer.slice(2)}: ${says?.(texts) ?? detail}`).join('; ');
  throw new AppError('invalid_request', (texts) => texts.answers.accounts.wrongSettings({ of: said(texts) }), {
    errors: errors.map(({ pointer = '#', ...rest }) => ({
      ...rest,
      pointer: pointerTo(['settings']) + pointer.slice(1),
    })),
  });
}
