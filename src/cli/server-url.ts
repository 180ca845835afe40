import type { Command } from 'commander';
import { z } from 'zod';
import { isLoopback } from '../config.ts';
import { type Console, usageError } from './command.ts';
import { findRunningDev } from './running-dev.ts';

export const urlOption = [
  '--url <url>',
  'address of the server; default: PUBLIC_URL, else the `npm run dev` that runs here',
] as const;

export const urlForm = z.object({
  url: z.string().refine(isOrigin, 'must be an address such as https://app.example.com').optional(),
});

/** The origin of a command's server. @throws CommanderError where tokens would go unencrypted */
export async function serverUrl(shell: Console, given: string | undefined): Promise<string> {
  const settings = shell.settings();
  const known = given ?? settings.givenPublicUrl ?? (await findRunningDev(undefined, settings.dataDir))?.publicUrl;
  const { origin, protocol } = new URL(known ?? settings.publicUrl('development'));
  if (protocol === 'http:' && !isLoopback(origin))
    throw usageError(`${origin} must be https: tokens never travel in the clear.`);
  return origin;
}

function isOrigin(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : null;
  return url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
}

/** A command whose only setting is the server. */
export function forServer(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option(...urlOption);
}
