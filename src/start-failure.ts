import { inspect } from 'node:util';
import { ConfigError } from './config.ts';
import { UnfitServerError } from './database/check-server.ts';
import { MigrationError } from './database/migration-error.ts';
import { explainUnreachable } from './database/unreachable.ts';
import { SeedKeysError } from './orgs/seed-keys.ts';

/** Errors with messages for operators; any other error is a defect and comes with its stack. */
const forOperators = [ConfigError, MigrationError, SeedKeysError, UnfitServerError];

/** Why a process could not start; `further`: more error classes whose message is enough. */
export function explainStartFailure(
  error: unknown,
  further: readonly (new (...args: never[]) => Error)[] = [],
): string {
  if ([...forOperators, ...further].some((kind) => error instanceof kind)) return (error as Error).message;
  return explainUnreachable(error) ?? inspect(error);
}
