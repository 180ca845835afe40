import type { Command } from 'commander';
import { z } from 'zod';
import { byOperator } from '../by.ts';
import { challengeRecordOf } from '../orgs/domain-proof.ts';
import { action, type Console, text } from './command.ts';
import { facts } from './output.ts';

export function registerDomain(program: Command, shell: Console): void {
  const domain = program.command('domain').description("organisations' e-mail domains");
  domain
    .command('add')
    .description('add a domain; by adding it you vouch that it is theirs')
    .argument('<domain>')
    .requiredOption('--org <org>', 'slug, verified domain or id')
    .option('--unverified', 'nobody vouches for it: sign-ins do not rely on it')
    .option('--connection <id>', 'the connection that is authoritative for its addresses; default: the first one')
    .action(
      action(
        shell,
        z.object({ domain: text, org: text, unverified: z.boolean().default(false), connection: text.optional() }),
        async (workspace, input) => {
          const org = await workspace.requireOrg(input.org);
          const added = await workspace.domains.addDomain(
            org.id,
            { domain: input.domain, verified: !input.unverified, connectionId: input.connection },
            byOperator,
          );
          const record = challengeRecordOf(added);
          return {
            json: { ...added, record },
            text: facts([
              ['Domain', added.domain],
              ['Organisation', org.name],
              ['Verified', added.verifiedAt],
              ['Connection', added.connectionId],
              ...(added.verifiedAt ? [] : ([['To publish', `${record.name} TXT ${record.value}`]] as const)),
              ['Id', added.id],
            ]),
          };
        },
      ),
    );
}
