import { readFile } from 'node:fs/promises';
import { type Command, CommanderError } from 'commander';
import { z } from 'zod';
import type { CommandAnswer } from './output.ts';
import type { Settings } from './settings.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

/** The surroundings of a command, made per run. */
export type Console = Readonly<{
  settings: () => Settings;
  answer: (answer: CommandAnswer) => void;
  /** Whether --json was given. */
  json: boolean;
  env: Readonly<Record<string, string | undefined>>;
  stdin: NodeJS.ReadStream;
  /** For streams that are passed on as they come; answers go through `answer`. */
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  /** Runs `fn` with the result of `open`, and closes that, also after a signal. */
  using: <T extends { close: () => Promise<void> }>(
    open: () => Promise<T>,
    fn: (it: T) => Promise<void>,
  ) => Promise<void>;
}>;

/** Wrong use: exit code 2. */
export function usageError(message: string): CommanderError {
  return new CommanderError(2, 'usage', message);
}

/** The text of a file that somebody names. @throws CommanderError */
export function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => {
    throw usageError(`${file} cannot be read.`);
  });
}

/**
 * A credential of the variable `name`, or of standard input: never of the command's own line, which
 * every process of the machine can read.
 */
export async function readCredential(
  { stdin, env }: Pick<Console, 'stdin' | 'env'>,
  name: string,
  fromStdin: boolean,
): Promise<string | undefined> {
  if (!fromStdin) return env[name] || undefined;
  let read = '';
  for await (const chunk of stdin.setEncoding('utf8')) read += chunk;
  const credential = read.replace(/\r?\n$/, '');
  if (credential === '') throw usageError('There was no credential on standard input.');
  return credential;
}

/**
 * A commander action: `form` parses arguments (by their declared names) and options together, then
 * `handle` runs with the database and answers.
 * @throws CommanderError for wrong use
 */
export function action<Form extends z.ZodObject>(
  shell: Console,
  form: Form,
  handle: (workspace: Workspace, input: z.output<Form>, shell: Console) => Promise<CommandAnswer>,
) {
  return async function run(this: Command): Promise<void> {
    const input = parseInput(this, form);
    await shell.using(
      () => openWorkspace(shell.settings()),
      async (workspace) => shell.answer(await handle(workspace, input, shell)),
    );
  };
}

export function parseInput<Form extends z.ZodObject>(command: Command, form: Form): z.output<Form> {
  const named = command.registeredArguments.map((argument, index) => [argument.name(), command.processedArgs[index]]);
  const given = named.filter(([, value]) => value !== undefined);
  const parsed = form.safeParse({ ...command.opts(), ...Object.fromEntries(given) });
  if (parsed.success) return parsed.data;
  throw usageError(parsed.error.issues.map((issue) => describe(command, issue)).join('\n'));
}

/** For options that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** An option that is switched `on` or `off`; without it the setting stays. */
export const onOff = z
  .enum(['on', 'off'], 'must be on or off')
  .transform((value) => value === 'on')
  .optional();

export const text = z.string().trim().min(1, 'must not be empty');

function describe(command: Command, issue: z.core.$ZodIssue): string {
  const member = String(issue.path[0] ?? '');
  const option = command.options.find((candidate) => candidate.attributeName() === member);
  const argument = command.registeredArguments.some((candidate) => candidate.name() === member);
  const name = [argument ? `<${member}>` : '', option?.long ?? ''].filter(Boolean).join(' or ');
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return `${name} is missing`;
  return `${name} ${issue.message}`.trim();
}
