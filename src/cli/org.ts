import type { Command } from 'commander';
import { z } from 'zod';
import { byOperator } from '../by.ts';
import { beginWith } from '../connections/connections.ts';
import { orgLinks } from '../connections/idp-links.ts';
import type { Org } from '../database/generated/client.ts';
import { describeIssues } from '../issues.ts';
import { type EventAction, eventActions, knownEventNames } from '../orgs/event-actions.ts';
import { describePolicies, policyChangesForm } from '../orgs/policies.ts';
import { initiators } from '../orgs/rotate-after.ts';
import { action, type Console, collect, onOff, text, usageError } from './command.ts';
import {
  addConnectionOptions,
  connectionForm,
  readNewConnection,
  revocationFacts,
  sessionFacts,
} from './connection-options.ts';
import { type CommandAnswer, facts, table } from './output.ts';

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 of a-z, 0-9 and -, not beginning with -');
const createForm = z.object({
  name: text,
  slug: slug.optional(),
  domain: z.array(text).min(1),
  createUsers: z.boolean(),
  ...connectionForm,
});

const wordsOfEvents = `${knownEventNames.join(', ')} = ${eventActions.join(', ')} or default`;

function readEventActions(pairs: string[], context: z.RefinementCtx): Record<string, EventAction | null> {
  const read = pairs.map((pair) => {
    const [event, does, ...more] = pair.split('=');
    const known = knownEventNames.find((name) => name === event);
    const set = does === 'default' ? null : eventActions.find((eventAction) => eventAction === does);
    if (known && set !== undefined && more.length === 0) return [known, set] as const;
    context.addIssue({ code: 'custom', message: `must be an event and what it does: ${wordsOfEvents}` });
    return [pair, null] as const;
  });
  return Object.fromEntries(read);
}

const does: Readonly<Record<string, boolean | null>> = { on: true, off: false, default: null };
const wordsOfInitiators = `${initiators.join(', ')} = on, off or default`;

function readRotateAfter(pairs: string[], context: z.RefinementCtx): Record<string, boolean | null> {
  const read = pairs.map((pair) => {
    const [initiator, given = '', ...more] = pair.split('=');
    const known = initiators.find((name) => name === initiator);
    const set = does[given];
    if (known && set !== undefined && more.length === 0) return [known, set] as const;
    context.addIssue({ code: 'custom', message: `must be who ends access, and on or off: ${wordsOfInitiators}` });
    return [pair, null] as const;
  });
  return Object.fromEntries(read);
}

/** A whole number, or `default`. */
const amount = z
  .string()
  .regex(/^(\d{1,9}|default)$/, 'must be a whole number, or default')
  .transform((given) => (given === 'default' ? null : Number(given)))
  .optional();

const updateForm = z.object({
  org: text,
  name: text.optional(),
  createUsers: onOff,
  apiKeyCallers: onOff,
  jwtCallers: onOff,
  globalLogout: onOff,
  sessionIdleSeconds: amount,
  sessionAbsoluteSeconds: amount,
  grantIdleSeconds: amount,
  grantAbsoluteSeconds: amount,
  refreshGraceSeconds: amount,
  maxSessions: amount,
  maxGrants: amount,
  adminReauthenticationSeconds: amount,
  auditRetentionDays: amount,
  helpText: text.transform((given) => (given === 'default' ? null : given)).optional(),
  keepNamesOfRemoved: onOff,
  onEvent: z.array(z.string()).transform(readEventActions).optional(),
  rotateAfter: z.array(z.string()).transform(readRotateAfter).optional(),
});

export function registerOrg(program: Command, shell: Console): void {
  const org = program.command('org').description('organisations (tenants)');
  const create = org
    .command('create')
    .description('create an organisation; what must be entered at its identity provider is printed')
    .requiredOption('--name <name>', 'shown to people')
    .option('--slug <slug>', 'short name in links; random when left out')
    .requiredOption('--domain <domain>', 'an e-mail domain that you vouch is theirs (repeatable)', collect)
    .option('--no-create-users', 'a first sign-in does not create the user');
  addConnectionOptions(create).action(
    action(shell, createForm, async (workspace, input) => {
      const publicUrl = await workspace.publicUrl();
      const connection = await readNewConnection(input, workspace.guardedFetch, shell);
      const domains = input.domain.map((domain) => ({ domain, verified: true }));
      const { name, slug, createUsers } = input;
      const created = await workspace.orgs.createOrg(
        { name, slug, createUsers, domains },
        byOperator,
        connection && beginWith(workspace.keyring, connection, byOperator),
      );
      const connections = await workspace.connections.listConnections(created.id);
      const owned = await workspace.domains.listDomains(created.id);
      return describeCreated(
        created,
        publicUrl,
        owned.map(({ domain }) => domain),
        connections[0],
      );
    }),
  );

  org
    .command('update')
    .description('change what is given and leave the rest')
    .requiredOption('--org <org>', 'slug, verified domain or id')
    .option('--name <name>', 'shown to people')
    .option('--create-users <on|off>', 'whether a first sign-in creates the user')
    .option('--api-key-callers <on|off>', 'whether API keys may call the revocation endpoint')
    .option('--jwt-callers <on|off>', "whether its identity providers' signed JWTs may")
    .option('--global-logout <on|off>', 'signing out of one session ends all of the person')
    .option('--session-idle-seconds <n|default>', "a session's longest time without a request")
    .option('--session-absolute-seconds <n|default>', 'its greatest age')
    .option('--grant-idle-seconds <n|default>', "an app's longest time without use")
    .option('--grant-absolute-seconds <n|default>', 'its greatest age')
    .option('--refresh-grace-seconds <n>', 'in which an app may use a refresh token again; 0: never')
    .option('--max-sessions <n>', 'live sessions of a person; a newer one ends the oldest')
    .option('--max-grants <n>', 'the same of apps')
    .option('--admin-reauthentication-seconds <n>', 'since an administrator authenticated, to change something')
    .option('--audit-retention-days <n|default>', 'how long the record is kept; default: for ever')
    .option('--help-text <text|default>', 'whom people turn to, for who is signed out or refused; default: nothing')
    .option('--keep-names-of-removed <on|off>', 'the record goes on naming people whom provisioning removed')
    .option('--on-event <event=action>', `what a security event does (repeatable): ${wordsOfEvents}`, collect)
    .option(
      '--rotate-after <initiator=on|off>',
      `whose ending of access changes passwords of shared accounts (repeatable): ${wordsOfInitiators}`,
      collect,
    )
    .action(
      action(shell, updateForm, async (workspace, { org: ref, onEvent: eventActions, name: given, ...input }) => {
        const { id } = await workspace.requireOrg(ref);
        const named = Object.entries({ ...input, eventActions }).filter(([, value]) => value !== undefined);
        const { lifetimes } = shell.settings();
        const policies = policyChangesForm(lifetimes).safeParse(Object.fromEntries(named));
        if (!policies.success) throw usageError(describeIssues(policies.error, 'the policies').join('\n'));
        if (named.length === 0 && given === undefined) throw usageError('Nothing to change was given.');
        const changes = given === undefined ? policies.data : { ...policies.data, name: given };
        const after = await workspace.orgs.updateOrg(id, changes, byOperator);
        const { slug, name } = after;
        const {
          eventActions: onEvent,
          rotateAfter,
          ...set
        } = Object.fromEntries(describePolicies(after, lifetimes).map((policy) => [policy.name, policy.value]));
        const written = ([policy, value]: [string, unknown]) =>
          [policy, value === null ? 'default' : String(value).replaceAll('\n', ' / ')] as const;
        return {
          json: { id, slug, name, ...set, onEvent, rotateAfter },
          text: facts([
            ['Organisation', name],
            ['Id', id],
            ['Slug', slug],
            ...Object.entries(set).map(written),
            ...Object.entries(onEvent ?? {}).map(([event, does]) => [`On ${event}`, does] as const),
            ...Object.entries(rotateAfter ?? {}).map(
              ([initiator, does]) => [`Rotate after ${initiator}`, does ? 'on' : 'off'] as const,
            ),
          ]),
        };
      }),
    );

  org
    .command('list')
    .description('all organisations')
    .action(
      action(shell, z.object({}), async ({ orgs }) => {
        const all = (await orgs.listOrgs()).map(({ domains, _count, ...org }) => ({
          id: org.id,
          slug: org.slug,
          name: org.name,
          domains: domains.map(({ domain, verifiedAt }) => ({ domain, verified: verifiedAt !== null })),
          connections: _count.connections,
          users: _count.users,
          createUsers: org.createUsers,
          revokedAt: org.revokedAt,
          createdAt: org.createdAt,
        }));
        const rows = all.map((org) => [
          org.slug,
          org.name,
          org.domains.map(({ domain, verified }) => (verified ? domain : `${domain} (unverified)`)),
          org.connections,
          org.users,
          org.createdAt,
          org.id,
        ]);
        const headings = ['SLUG', 'NAME', 'DOMAINS', 'CONNECTIONS', 'USERS', 'CREATED', 'ID'];
        return { json: all, text: table(headings, rows, 'There are no organisations yet.') };
      }),
    );
}

/** The facts that the other side of the connection needs. */
function describeCreated(
  { id, slug, name }: Org,
  publicUrl: string,
  domains: string[],
  connection?: { id: string; issuer: string; clientId: string; tokenEndpointAuth: string },
): CommandAnswer {
  const links = orgLinks(publicUrl, slug);
  const json = { id, slug, name, domains, connectionId: connection?.id ?? null, ...links };
  const next = connection
    ? ''
    : `\n\nThere is no connection yet:\n  npm run -s cli -- connection add --org ${slug} --issuer <url> --client-id <id> --client-secret -`;
  const text = [
    facts([
      ['Organisation', name],
      ['Id', id],
      ['Slug', slug],
      ['Domains', domains],
      ...(connection ? ([['Connection', `${connection.id} (${connection.issuer})`]] as const) : []),
    ]),
    '\n\nTo enter at the identity provider:\n',
    facts([
      ['  Application type', 'web application (OpenID Connect), authorization code with PKCE (S256)'],
      ['  Sign-in redirect URI', links.callbackUrl],
      ['  Sign-out redirect URI', links.signedOutUrl],
      ['  Initiate login URI', links.signInUrl],
      ['  Scopes', 'openid profile email'],
      ['  Client authentication', connection?.tokenEndpointAuth ?? 'client_secret_basic or client_secret_post'],
      ...revocationFacts(publicUrl, connection?.id),
      ...sessionFacts(publicUrl, slug),
      ['  For callers that sign no JWT', `an API key: npm run -s cli -- api-key create --org ${slug} --name <name>`],
    ]),
    `\n\nSign-in link for people: ${links.signInUrl}`,
    next,
  ].join('');
  return { json, text };
}
