import { inspect } from 'node:util';
import { ConfigError } from './config.ts';
import { UnfitServerError } from './database/check-server.ts';
import { MigrationError } from './database/migration-error.ts';
import { explainUnreachable } from './database/unreachable.ts';
import { SeedKeysError } from './orgs/seed-keys.ts';

/**
 * Their messages are written for operators; any other error is a defect and comes with its stack.
 */
const forOperators = [ConfigError, MigrationError, SeedKeysError, UnfitServerError];

/**
 * What a process that could not start says; `further` are the error classes of its own whose
 * message says it all.
 */
export function explainStartFailure(
  error: unknown,
  further: readonly (new (...args: never[]) => Error)[] = [],
): string {
  if ([...forOperators, ...further].some((kind) => error instanceof kind)) return (error as Error).message;
  return explainUnreachable(error) ?? inspect(error);
}
