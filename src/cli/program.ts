import { Command, CommanderError } from 'commander';
import type { Environment } from '../config.ts';
import { registerApi } from './api.ts';
import { registerApiKey } from './api-key.ts';
import { registerApp } from './app.ts';
import type { Console } from './command.ts';
import { registerConnection } from './connection.ts';
import { registerDomain } from './domain.ts';
import { describeFailure } from './failure.ts';
import { registerForward } from './forward.ts';
import { registerKeys } from './keys.ts';
import { registerLogin } from './login.ts';
import { registerLogout } from './logout.ts';
import { registerMigrate } from './migrate.ts';
import { registerOidcMigrate } from './oidc-migrate.ts';
import { registerOrg } from './org.ts';
import { registerRevoke } from './revoke.ts';
import { registerSession } from './session.ts';
import { loadSettings } from './settings.ts';
import { registerSharedAccount } from './shared-account.ts';
import { registerStudio } from './studio.ts';
import { registerUser } from './user.ts';
import { registerWhoami } from './whoami.ts';

export type Streams = Readonly<{
  env: Environment;
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
}>;

/**
 * Runs one command and returns the exit code: 0 done, 1 failed, 2 wrong use. With --json, standard
 * output gets exactly one JSON document, and standard error `{"error":{"code","message"}}`.
 */
export async function runCli(args: readonly string[], streams: Streams): Promise<number> {
  const { env, stdin, stdout, stderr } = streams;
  const json = args.includes('--json');
  const shell: Console = {
    json,
    env,
    stdin,
    stdout,
    stderr,
    settings: () => loadSettings(env),
    answer: ({ json: document, text }) => {
      stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : `${text}\n`);
    },
    using: closingAtEnd,
  };
  try {
    await createProgram(shell, json, streams).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    const { code, message, exitCode } = describeFailure(error);
    if (message !== '') stderr.write(json ? `${JSON.stringify({ error: { code, message } })}\n` : `${message}\n`);
    return exitCode;
  }
}

function createProgram(shell: Console, json: boolean, { stdout, stderr }: Streams): Command {
  const program = new Command('npm run -s cli --')
    .description('Universal Logout: organisations, people, API keys and revocations')
    .option('--json', 'print one JSON document')
    .helpCommand(true)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      // Errors are written once, below; with --json the error stands alone, without help.
      outputError: () => {},
      writeErr: (text) => json || stderr.write(text),
    });
  for (const register of [
    registerOrg,
    registerConnection,
    registerDomain,
    registerUser,
    registerApiKey,
    registerApp,
    registerForward,
    registerSharedAccount,
    registerSession,
    registerRevoke,
    registerKeys,
    registerLogin,
    registerWhoami,
    registerLogout,
    registerApi,
    registerMigrate,
    registerOidcMigrate,
    registerStudio,
  ])
    register(program, shell);
  return program;
}

/** A signal closes too: no embedded server that was started for a command may stay behind. */
async function closingAtEnd<T extends { close: () => Promise<void> }>(
  open: () => Promise<T>,
  fn: (it: T) => Promise<void>,
): Promise<void> {
  let interrupt = (_reason: Error) => {};
  const interrupted = new Promise<never>((_resolve, reject) => {
    interrupt = reject;
  });
  interrupted.catch(() => {});
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = () => interrupt(new CommanderError(130, 'interrupted', 'Interrupted.'));
  for (const signal of signals) process.on(signal, onSignal);
  try {
    const opened = await open();
    try {
      await Promise.race([fn(opened), interrupted]);
    } finally {
      await opened.close();
    }
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}
