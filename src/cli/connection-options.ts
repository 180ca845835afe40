import type { Command } from 'commander';
import { Option } from 'commander';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import { GuardedFetchError } from '../http/guarded-fetch.ts';
import type { ConnectionChanges, NewConnection } from '../orgs/connections.ts';
import { discover } from '../orgs/discovery.ts';
import { eventsUrl } from '../signals/security-events.ts';
import { type Console, collect, onOff, text, usageError } from './command.ts';

/** The options that describe a connection; `connectionForm` parses them. */
export function addConnectionOptions(command: Command): Command {
  return command
    .option('--issuer <url>', 'the identity provider, exactly as it spells its issuer')
    .option('--client-id <id>', 'the client id that the identity provider gave')
    .option('--client-secret <secret>', 'its secret; "-" reads it from standard input, else CLIENT_SECRET is taken')
    .option('--accepted-issuer <url>', 'a further issuer whose tokens count (repeatable)', collect)
    .addOption(
      new Option('--reauthentication <how>', 'how a sign-in after a revocation is proven fresh').choices([
        'verified',
        'best_effort',
      ]),
    )
    .addOption(
      new Option('--token-endpoint-auth <method>', 'how the client authenticates at the token endpoint').choices([
        'client_secret_basic',
        'client_secret_post',
      ]),
    )
    .option(
      '--sign-out-at-idp <on|off>',
      'signing out here goes on to the identity provider (its end_session_endpoint)',
    )
    .option('--authorization-endpoint <url>', 'where discovery is not possible; then the next two are needed as well')
    .option('--token-endpoint <url>')
    .option('--jwks-uri <url>')
    .option('--userinfo-endpoint <url>')
    .option('--end-session-endpoint <url>');
}

export const connectionForm = {
  issuer: text.optional(),
  clientId: text.optional(),
  clientSecret: z.string().min(1).optional(),
  acceptedIssuer: z.array(text).optional(),
  reauthentication: z.enum(['verified', 'best_effort']).optional(),
  tokenEndpointAuth: z.enum(['client_secret_basic', 'client_secret_post']).optional(),
  signOutAtIdp: onOff,
  authorizationEndpoint: text.optional(),
  tokenEndpoint: text.optional(),
  jwksUri: text.optional(),
  userinfoEndpoint: text.optional(),
  endSessionEndpoint: text.optional(),
};

type Input = z.output<z.ZodObject<typeof connectionForm>>;

/** Undefined when no option of a connection was given. @throws CommanderError, AppError of `discover` */
export async function readNewConnection(
  input: Input,
  guardedFetch: GuardedFetch,
  shell: Console,
): Promise<NewConnection | undefined> {
  const { issuer, clientId } = input;
  if (Object.keys(connectionForm).every((name) => input[name as keyof Input] === undefined)) return undefined;
  if (issuer === undefined || clientId === undefined) throw usageError('A connection needs --issuer and --client-id.');
  const clientSecret = await readSecret(input, shell);
  if (clientSecret === undefined) throw usageError('A connection needs --client-secret (or CLIENT_SECRET).');
  return { ...(await readEndpoints(issuer, input, guardedFetch)), ...readPlain(input), issuer, clientId, clientSecret };
}

/** What is given and nothing else; another issuer is discovered anew. @throws CommanderError, AppError of `discover` */
export async function readConnectionChanges(
  input: Input,
  guardedFetch: GuardedFetch,
  shell: Console,
): Promise<ConnectionChanges> {
  const { issuer, clientId } = input;
  const clientSecret = input.clientSecret === undefined ? undefined : await readSecret(input, shell);
  const endpoints =
    issuer === undefined ? readTyped(input, guardedFetch) : await readEndpoints(issuer, input, guardedFetch);
  return defined({ ...endpoints, ...readPlain(input), issuer, clientId, clientSecret });
}

async function readEndpoints(issuer: string, input: Input, guardedFetch: GuardedFetch) {
  const { authorizationEndpoint, tokenEndpoint, jwksUri } = input;
  const typed = readTyped({ ...input, issuer }, guardedFetch);
  if (authorizationEndpoint !== undefined && tokenEndpoint !== undefined && jwksUri !== undefined)
    return { ...typed, authorizationEndpoint, tokenEndpoint, jwksUri };
  if (Object.keys(typed).some((name) => name !== 'issuer'))
    throw usageError(
      'Without discovery all three are needed: --authorization-endpoint, --token-endpoint and --jwks-uri.',
    );
  const { issuer: _same, ...found } = await discover(guardedFetch, issuer);
  return found;
}

/** The URLs that were typed in, each checked for its scheme and address. */
function readTyped(input: Input, guardedFetch: GuardedFetch) {
  const { issuer, authorizationEndpoint, tokenEndpoint, jwksUri, userinfoEndpoint, endSessionEndpoint } = input;
  const urls = { issuer, authorizationEndpoint, tokenEndpoint, jwksUri, userinfoEndpoint, endSessionEndpoint };
  for (const [name, url] of Object.entries(urls)) {
    if (url === undefined) continue;
    try {
      guardedFetch.check(url);
    } catch (error) {
      if (!(error instanceof GuardedFetchError)) throw error;
      const option = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      throw new AppError('invalid_request', `--${option} is not usable: ${error.message}.`, { cause: error });
    }
  }
  return defined(urls);
}

function readPlain({ acceptedIssuer, reauthentication, tokenEndpointAuth, signOutAtIdp }: Input) {
  return defined({ acceptedIssuers: acceptedIssuer, reauthentication, tokenEndpointAuth, signOutAtIdp });
}

/** The address that is for this connection's identity provider alone. */
export function ownEndpoint(publicUrl: string, connectionId: string): string {
  return `${publicUrl}/global-token-revocation/${connectionId}`;
}

/** What the identity provider must know to revoke: at Okta, the app's settings for Universal Logout. */
export function revocationFacts(publicUrl: string, connectionId: string | undefined): [string, string][] {
  return [
    ['  Logout endpoint (global token revocation)', `${publicUrl}/global-token-revocation`],
    ...(connectionId
      ? [['  The same, for this connection alone', ownEndpoint(publicUrl, connectionId)] as [string, string]]
      : []),
    ['  Endpoint authentication', 'signed JWT (its "aud" is the endpoint as it is entered)'],
    ['  Subject format', 'email, or issuer and subject'],
    ...(connectionId
      ? [['  Security events (push), and their audience', eventsUrl({ publicUrl }, connectionId)] as [string, string]]
      : []),
  ];
}

/** From standard input or the environment it stays out of the shell's history and the list of processes. */
async function readSecret({ clientSecret }: Input, { stdin, env }: Console): Promise<string | undefined> {
  // Blank in .env is not set.
  if (clientSecret !== '-') return clientSecret ?? (env.CLIENT_SECRET || undefined);
  let read = '';
  for await (const chunk of stdin.setEncoding('utf8')) read += chunk;
  const secret = read.replace(/\r?\n$/, '');
  if (secret === '') throw usageError('There was no client secret on standard input.');
  return secret;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(members: T): Defined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>;
}
