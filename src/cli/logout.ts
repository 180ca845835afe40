import type { Command } from 'commander';
import { openAccount } from './account.ts';
import { type Console, parseInput } from './command.ts';
import { openCredentials } from './credentials.ts';
import { forServer, serverUrl, urlForm } from './server-url.ts';
import { signInFirst } from './whoami.ts';

export function registerLogout(program: Command, shell: Console): void {
  forServer(program, 'logout', 'end the sign-in of this command line, at the server and here').action(
    async function run(this: Command) {
      const url = await serverUrl(shell, parseInput(this, urlForm).url);
      const credentials = openCredentials(shell.env);
      if (!(await credentials.read(url))) throw signInFirst(url);
      const account = await openAccount(url);
      await credentials.exclusively(url, async (kept, save) => {
        // The server's grant ends first: while that fails, the tokens must not be lost.
        const fresh = kept && (await account.refresh(kept));
        if (fresh) {
          await save(fresh);
          await account.signOut(fresh);
        }
        await save(null);
      });
      shell.answer({ json: { url, signedOut: true }, text: `You are signed out at ${url}.` });
    },
  );
}
