import { createInterface } from 'node:readline/promises';
import { AppError } from '../errors.ts';
import { type Console, usageError } from './command.ts';

/** @throws CommanderError without a terminal, where only --yes confirms */
export function requireTerminal(what: string, { stdin }: Console): void {
  if (!stdin.isTTY) throw usageError(`${what} needs --yes where nobody can be asked.`);
}

/** Asks for `words` to be typed. @throws AppError for anything else */
export async function confirm(means: string, words: string, { stdin, stderr }: Console): Promise<void> {
  const prompt = createInterface({ input: stdin, output: stderr });
  // Ctrl-C and Ctrl-D reject the question: both mean no.
  const typed = await prompt.question(`${means} Type "${words}" to go on: `).catch(() => '');
  prompt.close();
  if (typed.trim() !== words) throw new AppError('invalid_request', 'Not confirmed; nothing was done.');
}
