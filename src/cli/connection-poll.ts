import type { Command } from 'commander';
import { z } from 'zod';
import { byOperator } from '../by.ts';
import { AppError } from '../errors.ts';
import { createEventPolls, type EventPollRow } from '../signals/event-polls.ts';
import { action, type Console, readCredential, text, usageError } from './command.ts';
import { type CommandAnswer, facts } from './output.ts';

/** `connection poll`: where a connection's security events are fetched (RFC 8936). */
export function registerConnectionPoll(connection: Command, shell: Console): void {
  connection
    .command('poll')
    .description('fetch security events of its identity provider, or show where they are fetched')
    .argument('<connection>', 'id of the connection')
    .requiredOption('--org <org>', 'slug, verified domain or id')
    .option('--endpoint <url>', 'the endpoint_url of the stream at the transmitter')
    .option(
      '--token-endpoint <url>',
      'where an access token is had by client credentials; without it the credential is one',
    )
    .option('--client-id <id>', 'the client id for it')
    .option('--scope <scope>', 'the scope of that token (default: ssf.read)')
    .option(
      '--credential-stdin',
      'read the token or the client secret from standard input; without it POLL_CREDENTIAL counts',
    )
    .option('--off', 'fetch nothing any more')
    .action(
      action(
        shell,
        z.object({
          connection: text,
          org: text,
          endpoint: text.optional(),
          tokenEndpoint: text.optional(),
          clientId: text.optional(),
          scope: text.optional(),
          credentialStdin: z.boolean().default(false),
          off: z.boolean().default(false),
        }),
        async (workspace, { connection: id, endpoint, tokenEndpoint, clientId, scope = 'ssf.read', ...input }) => {
          const org = await workspace.requireOrg(input.org);
          const polls = createEventPolls(workspace);
          if (input.off) {
            if (!(await polls.remove(org.id, id, byOperator))) throw missing();
            return { json: { id, polled: false }, text: 'Nothing is fetched any more.' };
          }
          if (endpoint === undefined) return answerFor(await polls.find(org.id, id));
          if ((tokenEndpoint === undefined) !== (clientId === undefined))
            throw usageError('--token-endpoint and --client-id go together.');
          const auth =
            tokenEndpoint === undefined || clientId === undefined
              ? ({ method: 'bearer' } as const)
              : ({ method: 'client_credentials', tokenEndpoint, clientId, scope } as const);
          const credential = await readCredential(shell, 'POLL_CREDENTIAL', input.credentialStdin);
          return answerFor(await polls.set(org.id, id, { endpoint, auth, credential }, byOperator));
        },
      ),
    );
}

const missing = () =>
  new AppError('not_found', 'The organisation has no such connection, or fetches no security events of it.');

function answerFor(row: EventPollRow | null): CommandAnswer {
  if (!row) throw missing();
  const { endpoint, auth, answeredAt, failures, error } = row;
  return {
    json: row,
    text: facts([
      ['Endpoint', endpoint],
      ['Authorization', auth.method === 'bearer' ? 'a bearer token' : `${auth.clientId} at ${auth.tokenEndpoint}`],
      ['Last answered', answeredAt],
      ['Failures since', failures],
      ['Last failure', error],
    ]),
  };
}
