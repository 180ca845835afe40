import type { Command } from 'commander';
import { Option } from 'commander';
import { z } from 'zod';
import { type AssignableRole, assignableRoles } from '../api/permissions.ts';
import type { ConnectionChanges, NewConnection } from '../connections/connections.ts';
import { checkEndpoints, checkIssuers, defined, resolveEndpoints, type Typist } from '../connections/endpoints.ts';
import { orgLinks, ownEndpoint } from '../connections/idp-links.ts';
import { claimNameForm, roleMappingForm } from '../connections/role-mapping.ts';
import { LogoutTokenEnds, Reauthentication, TokenEndpointAuth } from '../database/generated/enums.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
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
      new Option('--reauthentication <how>', 'how a sign-in after a revocation is proven fresh').choices(
        Object.values(Reauthentication),
      ),
    )
    .addOption(
      new Option('--token-endpoint-auth <method>', 'how the client authenticates at the token endpoint').choices(
        Object.values(TokenEndpointAuth),
      ),
    )
    .option(
      '--email-claim <name>',
      "the ID tokens' claim that is a person's address, such as preferred_username or upn",
    )
    .option('--request-auth-time <on|off>', 'sign-ins ask for auth_time by the claims parameter too')
    .option('--pkce <on|off>', 'off only for an identity provider that refuses PKCE')
    .addOption(
      new Option('--logout-token-ends <what>', 'what a logout token ends that names a session at the IdP').choices(
        Object.values(LogoutTokenEnds),
      ),
    )
    .option(
      '--sign-out-at-idp <on|off>',
      'signing out here goes on to the identity provider (its end_session_endpoint)',
    )
    .option('--role-claim <name>', "the ID tokens' claim that sets people's roles at each sign-in; empty: none does")
    .option(
      '--map-role <value=role>',
      `what a value of it makes of a person (repeatable): ${assignableRoles.join(', ')}`,
      collect,
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
  reauthentication: z.enum(Reauthentication).optional(),
  tokenEndpointAuth: z.enum(TokenEndpointAuth).optional(),
  emailClaim: claimNameForm.optional(),
  requestAuthTime: onOff,
  pkce: onOff,
  logoutTokenEnds: z.enum(LogoutTokenEnds).optional(),
  signOutAtIdp: onOff,
  roleClaim: z
    .literal('')
    .transform(() => null)
    .or(claimNameForm)
    .optional(),
  mapRole: z.array(z.string()).transform(readRoles).optional(),
  authorizationEndpoint: text.optional(),
  tokenEndpoint: text.optional(),
  jwksUri: text.optional(),
  userinfoEndpoint: text.optional(),
  endSessionEndpoint: text.optional(),
};

type ConnectionOptions = z.output<z.ZodObject<typeof connectionForm>>;

/** Undefined without any option of a connection. @throws CommanderError, AppError */
export async function readNewConnection(
  input: ConnectionOptions,
  guardedFetch: GuardedFetch,
  shell: Console,
): Promise<NewConnection | undefined> {
  const { issuer, clientId } = input;
  if (Object.keys(connectionForm).every((name) => input[name as keyof ConnectionOptions] === undefined))
    return undefined;
  if (issuer === undefined || clientId === undefined) throw usageError('A connection needs --issuer and --client-id.');
  const clientSecret = await readSecret(input, shell);
  if (clientSecret === undefined) throw usageError('A connection needs --client-secret (or CLIENT_SECRET).');
  return { ...(await readEndpoints(issuer, input, guardedFetch)), ...readPlain(input), issuer, clientId, clientSecret };
}

/** Only the given members; another issuer is discovered anew. @throws CommanderError, AppError */
export async function readConnectionChanges(
  input: ConnectionOptions,
  guardedFetch: GuardedFetch,
  shell: Console,
): Promise<ConnectionChanges> {
  const { issuer, clientId } = input;
  const clientSecret = input.clientSecret === undefined ? undefined : await readSecret(input, shell);
  const plain = defined({ ...readTyped(input), ...readPlain(input), clientId, clientSecret });
  if (issuer !== undefined) return { ...(await readEndpoints(issuer, input, guardedFetch)), ...plain };
  checkAccepted(input);
  checkEndpoints(guardedFetch, readTyped(input), asOption);
  return plain;
}

async function readEndpoints(issuer: string, input: ConnectionOptions, guardedFetch: GuardedFetch) {
  checkAccepted(input);
  return resolveEndpoints(guardedFetch, { ...readTyped(input), issuer }, asOption);
}

/** Nothing is fetched from an accepted issuer, and Google's own is no URL: it needs no scheme. */
const checkAccepted = ({ acceptedIssuer = [] }: ConnectionOptions) =>
  checkIssuers({ acceptedIssuers: acceptedIssuer }, asOption);

const asOption: Typist = {
  // `--accepted-issuer` is given once for each.
  spell: (member) => `--${member.replace(/s$/, '').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  refuse: usageError,
};

function readTyped(input: ConnectionOptions) {
  const { issuer, authorizationEndpoint, tokenEndpoint, jwksUri, userinfoEndpoint, endSessionEndpoint } = input;
  return defined({ issuer, authorizationEndpoint, tokenEndpoint, jwksUri, userinfoEndpoint, endSessionEndpoint });
}

function readPlain({ acceptedIssuer, mapRole, ...input }: ConnectionOptions) {
  const { reauthentication, tokenEndpointAuth, signOutAtIdp, roleClaim } = input;
  const { emailClaim, requestAuthTime, pkce, logoutTokenEnds } = input;
  return defined({
    acceptedIssuers: acceptedIssuer,
    roleMapping: mapRole,
    reauthentication,
    tokenEndpointAuth,
    signOutAtIdp,
    roleClaim,
    emailClaim,
    requestAuthTime,
    pkce,
    logoutTokenEnds,
  });
}

function readRoles(pairs: string[], context: z.RefinementCtx): Record<string, AssignableRole> {
  const read = pairs.map((pair) => {
    const at = pair.lastIndexOf('=');
    return [pair.slice(0, Math.max(at, 0)), pair.slice(at + 1)];
  });
  const mapping = roleMappingForm.safeParse(Object.fromEntries(read));
  if (mapping.success) return mapping.data;
  context.addIssue({ code: 'custom', message: `must be a value and its role: ${assignableRoles.join(', ')}` });
  return z.NEVER;
}

/** The identity provider needs these to revoke: at Okta, the app's Universal Logout settings. */
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

/** Where the identity provider says that a session of its own is over. */
export function sessionFacts(publicUrl: string, slug: string): [string, string][] {
  const { backchannelLogoutUrl, frontchannelLogoutUrl } = orgLinks(publicUrl, slug);
  return [
    ['  Back-channel logout URI', backchannelLogoutUrl],
    ['  Front-channel logout URI, session required', `${frontchannelLogoutUrl} (only where there is no back-channel)`],
  ];
}

/** A secret from standard input or the environment stays out of shell history and process lists. */
async function readSecret({ clientSecret }: ConnectionOptions, { stdin, env }: Console): Promise<string | undefined> {
  // A blank CLIENT_SECRET in .env counts as not set.
  if (clientSecret !== '-') return clientSecret ?? (env.CLIENT_SECRET || undefined);
  let read = '';
  for await (const chunk of stdin.setEncoding('utf8')) read += chunk;
  const secret = read.replace(/\r?\n$/, '');
  if (secret === '') throw usageError('There was no client secret on standard input.');
  return secret;
}
