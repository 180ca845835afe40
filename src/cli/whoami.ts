import type { Command } from 'commander';
import type { Environment } from '../config.ts';
import { AppError } from '../errors.ts';
import { asSentence } from '../sessions/session-end.ts';
import { type Account, openAccount, type Refusal, type SignedInPerson } from './account.ts';
import { type Console, parseInput } from './command.ts';
import { type Credentials, openCredentials, type Tokens } from './credentials.ts';
import { type CommandAnswer, facts } from './output.ts';
import { forServer, serverUrl, urlForm } from './server-url.ts';

/** Milliseconds before its end from which on an access token is replaced first. */
const leeway = 5_000;

export function registerWhoami(program: Command, shell: Console): void {
  forServer(program, 'whoami', 'who this command line is signed in as').action(async function run(this: Command) {
    const url = await serverUrl(shell, parseInput(this, urlForm).url);
    const { person } = await whoIsSignedIn(url, shell.env);
    shell.answer(personAnswer(person, url));
  });
}

/**
 * The person of this command line, with tokens that count: refreshed first if need be. A signed-out
 * person is told so; tokens that no longer count are forgotten. @throws AppError
 */
export async function whoIsSignedIn(
  url: string,
  env: Environment,
): Promise<{ account: Account; person: SignedInPerson; tokens: Tokens }> {
  const credentials = openCredentials(env);
  const kept = await credentials.read(url);
  if (!kept) throw signInFirst(url);
  const account = await openAccount(url);
  let current = hasExpired(kept) ? await refreshed(url, account, credentials, kept) : kept;
  let found = await account.whoIs(current ?? kept);
  // The token alone may be over: our clock is wrong, or it was revoked.
  if (current === kept && 'refused' in found && found.refused.code === 'invalid_token') {
    current = await refreshed(url, account, credentials, kept);
    if (current) found = await account.whoIs(current);
  }
  if (!('refused' in found)) return { account, person: found, tokens: current ?? kept };
  await credentials.exclusively(url, async (now, save) => {
    // Another login may have stored its tokens meanwhile.
    if (now?.refreshToken === (current ?? kept).refreshToken) await save(null);
  });
  throw signedOut(found);
}

/** The new tokens, kept before they are used; null when the refresh token no longer counts. */
function refreshed(url: string, account: Account, credentials: Credentials, old: Tokens): Promise<Tokens | null> {
  return credentials.exclusively(url, async (now, save) => {
    if (!now) return null;
    // Another command was faster: its tokens serve us too.
    if (now.refreshToken !== old.refreshToken && !hasExpired(now)) return now;
    const fresh = await account.refresh(now);
    if (fresh) await save(fresh);
    return fresh;
  });
}

const hasExpired = ({ expiresAt }: Tokens) => Date.parse(expiresAt) - leeway < Date.now();

export function signInFirst(url: string): AppError {
  return new AppError('not_signed_in', `You are not signed in at ${url}. Run login first.`);
}

/** Names who ended it, the moment, the reason and whom to turn to, where the server tells. */
export function signedOut({ refused }: Refusal): AppError {
  const { code, signedOutAt, reason, helpText, switchedOff } = refused;
  const at = signedOutAt ? ` at ${localTime(new Date(signedOutAt))}` : '';
  if (code === 'session_revoked') {
    const what = asSentence(`Your organisation signed you out${at}${reason ? `: ${reason}` : ''}`);
    const next = switchedOff ? 'Your account is switched off.' : 'Run login again.';
    return new AppError(code, `${what} ${next}${helpText ? `\nWhom to turn to: ${helpText}` : ''}`);
  }
  if (code === 'session_ended') return new AppError(code, `You signed out${at}. Run login again.`);
  if (code === 'session_displaced')
    return new AppError(code, `You signed in on more devices than your organisation allows${at}. Run login again.`);
  if (code === 'session_expired') return new AppError(code, `Your sign-in expired${at}. Run login again.`);
  return new AppError('not_signed_in', 'Your sign-in no longer counts. Run login again.');
}

/** Local time; with the date unless it is today's. */
function localTime(moment: Date): string {
  const today = moment.toDateString() === new Date().toDateString();
  const format = today ? ({ timeStyle: 'short' } as const) : ({ dateStyle: 'medium', timeStyle: 'short' } as const);
  return new Intl.DateTimeFormat('en-GB', format).format(moment);
}

export function personAnswer(person: SignedInPerson, url: string): CommandAnswer {
  return {
    json: { ...person, url },
    text: facts([
      ['Name', person.name],
      ['E-mail', person.email],
      ['Organisation', person.org],
      ['Role', person.role],
      ['Server', url],
    ]),
  };
}
