import type { Command } from 'commander';
import { z } from 'zod';
import { byOperator } from '../by.ts';
import { challengeRecordOf } from '../orgs/domain-proof.ts';
import { action, type Console, collect, text } from './command.ts';
import { facts } from './output.ts';

export function registerDomain(program: Command, shell: Console): void {
  const domain = program.command('domain').description("organisations' e-mail domains");
  domain
    .command('add')
    .description('add a domain; by adding it you vouch that it is theirs')
    .argument('<domain>')
    .requiredOption('--org <org>', 'slug, verified domain or id')
    .option('--unverified', 'nobody vouches for it: sign-ins do not rely on it')
    .option(
      '--connection <id>',
      'a connection that is authoritative for its addresses (repeatable); default: the first one that is on',
      collect,
    )
    .action(
      action(
        shell,
        z.object({
          domain: text,
          org: text,
          unverified: z.boolean().default(false),
          connection: z.array(text).optional(),
        }),
        async (workspace, input) => {
          const org = await workspace.requireOrg(input.org);
          const added = await workspace.domains.addDomain(
            org.id,
            { domain: input.domain, verified: !input.unverified, connectionIds: input.connection },
            byOperator,
          );
          const record = challengeRecordOf(added);
          return {
            json: { ...added, record },
            text: facts([
              ['Domain', added.domain],
              ['Organisation', org.name],
              ['Verified', added.verifiedAt],
              ['Connections', added.connectionIds],
              ...(added.verifiedAt ? [] : ([['To publish', `${record.name} TXT ${record.value}`]] as const)),
              ['Id', added.id],
            ]),
          };
        },
      ),
    );
}
