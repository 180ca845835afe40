import type { Command } from 'commander';
import { z } from 'zod';
import { forgettingSubjects } from '../admin/forgetting-subjects.ts';
import { byOperator } from '../by.ts';
import type { ConnectionView } from '../connections/connections.ts';
import { defined } from '../connections/endpoints.ts';
import { ownEndpoint } from '../connections/idp-links.ts';
import { action, type Console, text, usageError } from './command.ts';
import {
  addConnectionOptions,
  connectionForm,
  readConnectionChanges,
  readNewConnection,
  revocationFacts,
  sessionFacts,
} from './connection-options.ts';
import { registerConnectionPoll } from './connection-poll.ts';
import { type CommandAnswer, facts, table } from './output.ts';
import { changerOf, changeWhoIsWho, yesOption } from './who-is-who.ts';

const orgOption = ['--org <org>', 'slug, verified domain or id'] as const;

export function registerConnection(program: Command, shell: Console): void {
  const connection = program.command('connection').description("organisations' OpenID Connect connections");

  const add = connection
    .command('add')
    .description('add a connection; the first one is authoritative for the domains of the organisation')
    .requiredOption(...orgOption)
    .option('--name <name>', 'shown to administrators; default: the host of the issuer');
  addConnectionOptions(add).action(
    action(shell, z.object({ org: text, name: text.optional(), ...connectionForm }), async (workspace, input) => {
      const org = await workspace.requireOrg(input.org);
      const described = await readNewConnection(input, workspace.guardedFetch, shell);
      if (!described) throw usageError('A connection needs --issuer and --client-id.');
      const publicUrl = await workspace.publicUrl();
      const named = input.name === undefined ? described : { ...described, name: input.name };
      return answerFor(await workspace.connections.addConnection(org.id, named, byOperator), publicUrl, org.slug);
    }),
  );

  const update = connection
    .command('update')
    .description('change what is given and leave the rest')
    .argument('<connection>', 'id of the connection')
    .requiredOption(...orgOption)
    .option('--name <name>')
    .option('--active', 'people may sign in through it')
    .option('--no-active', 'nobody can sign in through it')
    .option('--proven', 'you vouch for it: JWTs of its identity provider count before anybody has signed in through it')
    .option('--same-subjects', 'with another --issuer: it knows the people by the same subjects, so they stay linked');
  addConnectionOptions(update).action(
    action(
      shell,
      z.object({
        connection: text,
        org: text,
        name: text.optional(),
        active: z.boolean().optional(),
        proven: z.boolean().default(false),
        sameSubjects: z.boolean().default(false),
        ...connectionForm,
      }),
      async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const { connections } = workspace;
        const { connection: id, proven, sameSubjects } = input;
        const { name, active } = input;
        const typed = await readConnectionChanges(input, workspace.guardedFetch, shell);
        const changes = { ...typed, ...defined({ name, active }) };
        const changed = Object.keys(changes).length > 0;
        if (!changed && !proven) throw usageError('Nothing to change was given.');
        const publicUrl = await workspace.publicUrl();
        const updated = changed
          ? await connections.updateConnection(org.id, id, { ...changes, sameSubjects }, byOperator)
          : null;
        const after = proven ? await connections.vouchForConnection(org.id, id, byOperator) : updated;
        return answerFor(after as ConnectionView, publicUrl, org.slug);
      },
    ),
  );

  registerConnectionPoll(connection, shell);

  connection
    .command('list')
    .description('the connections of an organisation')
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const publicUrl = await workspace.publicUrl();
        const all = (await workspace.connections.listConnections(org.id)).map((each) => ({
          ...each,
          revocationEndpoint: ownEndpoint(publicUrl, each.id),
        }));
        const rows = all.map((each) => [
          each.name,
          each.issuer,
          each.clientId,
          each.active,
          each.provenAt !== null,
          each.reauthentication,
          toldAuthTime(each),
          each.createdAt,
          each.id,
          each.revocationEndpoint,
        ]);
        const headings = [
          'NAME',
          'ISSUER',
          'CLIENT',
          'ACTIVE',
          'PROVEN',
          'REAUTHENTICATION',
          'AUTH_TIME',
          'CREATED',
          'ID',
          'REVOCATION ENDPOINT',
        ];
        return { json: all, text: table(headings, rows, `${org.name} has no connections yet.`) };
      }),
    );

  connection
    .command('forget-subjects')
    .description('unlink everybody from their accounts there, such as after the app was registered anew')
    .argument('<connection>', 'id of the connection')
    .requiredOption(...orgOption)
    .option(...yesOption)
    .action(
      action(
        shell,
        z.object({ connection: text, org: text, yes: z.boolean().default(false) }),
        async (workspace, input) => {
          const org = await workspace.requireOrg(input.org);
          const { connection: id, yes } = input;
          const change = forgettingSubjects(changerOf(org), id);
          const { result, means } = await changeWhoIsWho(workspace, change, yes, shell);
          return {
            json: { id, ...result, means },
            text: [...means, `Unlinked and signed out: ${result.people}.`].join('\n'),
          };
        },
      ),
    );
}

function answerFor(connection: ConnectionView, publicUrl: string, slug: string): CommandAnswer {
  const proven = connection.provenAt !== null;
  const described = facts([
    ['Id', connection.id],
    ['Name', connection.name],
    ['Active', connection.active],
    ['Proven', proven ? connection.provenAt : 'no, so JWTs of its identity provider do not count yet'],
    ['Issuer', connection.issuer],
    ['Accepted issuers', connection.acceptedIssuers],
    ['Client id', connection.clientId],
    ['Authorization endpoint', connection.authorizationEndpoint],
    ['Token endpoint', `${connection.tokenEndpoint} (${connection.tokenEndpointAuth})`],
    ['JWKS URI', connection.jwksUri],
    ['Reauthentication', connection.reauthentication],
    ['Tells auth_time', toldAuthTime(connection)],
    ['Asks for auth_time', connection.requestAuthTime],
    ['E-mail claim', connection.emailClaim],
    ['PKCE', connection.pkce],
    ['A logout token ends', connection.logoutTokenEnds],
    ['Sign-out at the IdP', connection.signOutAtIdp],
    ['Role claim', connection.roleClaim],
    ['Roles', Object.entries(connection.roleMapping as object).map(([value, role]) => `${value}=${role}`)],
  ]);
  const next = proven
    ? ''
    : '\n\nThe first sign-in through it proves it, also after a change of its issuers, client id, endpoints or keys, or when it is switched on again.';
  const toEnter = [...revocationFacts(publicUrl, connection.id), ...sessionFacts(publicUrl, slug)];
  return {
    json: { ...connection, revocationEndpoint: ownEndpoint(publicUrl, connection.id) },
    text: `${described}

To enter at the identity provider:
${facts(toEnter)}${next}

If a sign-in through it fails: docs/sign-in-faults.md`,
  };
}

function toldAuthTime({ tellsAuthTime }: ConnectionView): string {
  if (tellsAuthTime === null) return 'not seen yet';
  return tellsAuthTime ? 'told' : 'not told';
}
