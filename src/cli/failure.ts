import { CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { MigrationError } from '../database/migration-error.ts';
import { explainUnreachable } from '../database/unreachable.ts';
import { AppError } from '../errors.ts';
import { GuardedFetchError } from '../http/guarded-fetch.ts';
import { NoEmbeddedPostgresError } from '../postgres/binaries.ts';

export type Failure = Readonly<{ code: string; message: string; exitCode: number }>;

/**
 * Message and exit code of a failure: 1 failed, 2 wrong use. Unexpected errors show their stack.
 */
export function describeFailure(error: unknown): Failure {
  if (error instanceof CommanderError) return describeUse(error);
  if (error instanceof AppError)
    return { code: error.code, message: `${error.detail}${networkCode(error)}`, exitCode: 1 };
  if (error instanceof ConfigError || error instanceof NoEmbeddedPostgresError)
    return { code: 'configuration', message: error.message, exitCode: 1 };
  if (error instanceof MigrationError) return { code: 'migration', message: error.message, exitCode: 1 };
  if (isUnmigrated(error)) {
    const message = 'The database does not have the current schema: run `npm run migrate` first.';
    return { code: 'not_migrated', message, exitCode: 1 };
  }
  const unreachable = explainUnreachable(error);
  if (unreachable !== null) return { code: 'unavailable', message: unreachable, exitCode: 1 };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'internal_error', message, exitCode: 1 };
}

function describeUse({ code, message, exitCode }: CommanderError): Failure {
  if (code === 'commander.helpDisplayed' || code === 'commander.version') return { code, message: '', exitCode: 0 };
  if (code === 'interrupted') return { code, message, exitCode };
  if (code === 'commander.help') return { code: 'usage', message: 'Name a command.', exitCode: 2 };
  const plain = message.replace(/^error: /, '');
  return {
    code: 'usage',
    message: `${plain}${/[.\n]$/.test(plain) ? '' : '.'} Add --help to see what it takes.`,
    exitCode: 2,
  };
}

/** undefined_table and undefined_column, from pg or through Prisma. */
function isUnmigrated(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return ['42P01', '42703', 'P2021', 'P2022'].includes(String(code));
}

/**
 * The network's error at an IdP (ENOTFOUND, CERT_HAS_EXPIRED, …): for operators, never for the web.
 */
function networkCode({ cause }: AppError): string {
  const code = cause instanceof GuardedFetchError ? (cause.cause as { code?: unknown } | undefined)?.code : undefined;
  return code === undefined ? '' : ` (${code})`;
}
