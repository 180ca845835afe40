import type { Command } from 'commander';
import { z } from 'zod';
import { openAccount } from './account.ts';
import { type Console, parseInput } from './command.ts';
import { openCredentials } from './credentials.ts';
import { forServer, serverUrl, urlForm } from './server-url.ts';
import { personAnswer, signedOut } from './whoami.ts';

/** The device flow (RFC 8628): the person approves in a browser, on any machine. */
export function registerLogin(program: Command, shell: Console): void {
  forServer(program, 'login', 'sign in at a server as a person, by a code that is entered in a browser')
    .option('--admin', 'to administer the organisation with `api`')
    .action(async function run(this: Command) {
      const { url: given, admin } = parseInput(this, urlForm.extend({ admin: z.boolean().default(false) }));
      const url = await serverUrl(shell, given);
      const account = await openAccount(url);
      const { address, addressWithCode, code, tokens } = await account.beginLogin({ admin });
      shell.stderr.write(
        shell.json
          ? `${JSON.stringify({ address, addressWithCode, code })}\n`
          : `Open ${address} in a browser and enter the code\n\n  ${code}\n\nor open ${addressWithCode}\nand compare the code.\n`,
      );
      const fresh = await tokens();
      const before = await openCredentials(shell.env).exclusively(url, async (kept, save) => {
        await save(fresh);
        return kept;
      });
      // The replaced grant would otherwise live on without a holder.
      if (before) await account.revoke(before).catch(() => {});
      const found = await account.whoIs(fresh);
      if ('refused' in found) throw signedOut(found);
      shell.answer(personAnswer(found, url));
    });
}
