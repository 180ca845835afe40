import type { Command } from 'commander';
import { z } from 'zod';
import type { ConnectionView } from '../orgs/connections.ts';
import { action, type Console, operator, text, usageError } from './command.ts';
import {
  addConnectionOptions,
  connectionForm,
  readConnectionChanges,
  readNewConnection,
} from './connection-options.ts';
import { type Answer, facts, table } from './output.ts';

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
      const named = input.name === undefined ? described : { ...described, name: input.name };
      return one(await workspace.connections.addConnection(org.id, named, operator));
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
    .option('--same-subjects', 'with another --issuer: it knows the people by the same subjects, so they stay linked');
  addConnectionOptions(update).action(
    action(
      shell,
      z.object({
        connection: text,
        org: text,
        name: text.optional(),
        active: z.boolean().optional(),
        sameSubjects: z.boolean().default(false),
        ...connectionForm,
      }),
      async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const { sameSubjects } = input;
        const changes = {
          ...(await readConnectionChanges(input, workspace.guardedFetch, shell)),
          ...(input.name === undefined ? {} : { name: input.name }),
          ...(input.active === undefined ? {} : { active: input.active }),
        };
        if (Object.keys(changes).length === 0) throw usageError('Nothing to change was given.');
        return one(
          await workspace.connections.updateConnection(
            org.id,
            input.connection,
            { ...changes, sameSubjects },
            operator,
          ),
        );
      },
    ),
  );

  connection
    .command('list')
    .description('the connections of an organisation')
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const all = await workspace.connections.listConnections(org.id);
        const rows = all.map((each) => [
          each.name,
          each.issuer,
          each.clientId,
          each.active,
          each.reauthentication,
          each.createdAt,
          each.id,
        ]);
        const headings = ['NAME', 'ISSUER', 'CLIENT', 'ACTIVE', 'REAUTHENTICATION', 'CREATED', 'ID'];
        return { json: all, text: table(headings, rows, `${org.name} has no connections yet.`) };
      }),
    );
}

function one(connection: ConnectionView): Answer {
  return {
    json: connection,
    text: facts([
      ['Id', connection.id],
      ['Name', connection.name],
      ['Active', connection.active],
      ['Issuer', connection.issuer],
      ['Accepted issuers', connection.acceptedIssuers],
      ['Client id', connection.clientId],
      ['Authorization endpoint', connection.authorizationEndpoint],
      ['Token endpoint', `${connection.tokenEndpoint} (${connection.tokenEndpointAuth})`],
      ['JWKS URI', connection.jwksUri],
      ['Reauthentication', connection.reauthentication],
    ]),
  };
}
