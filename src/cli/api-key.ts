import type { Command } from 'commander';
import { z } from 'zod';
import { byOperator } from '../by.ts';
import { AppError } from '../errors.ts';
import { apiKeyScopes } from '../orgs/api-keys.ts';
import { action, type Console, collect, text } from './command.ts';
import { facts, table } from './output.ts';

const orgOption = ['--org <org>', 'slug, verified domain or id'] as const;

export function registerApiKey(program: Command, shell: Console): void {
  const apiKey = program
    .command('api-key')
    .description('keys that let an identity provider revoke, or provision people');

  apiKey
    .command('create')
    .description('make a key; it is printed once and never again')
    .requiredOption(...orgOption)
    .requiredOption('--name <name>', 'who will use it')
    .option('--scope <scope>', `what it may do (repeatable): ${apiKeyScopes.join(', ')}; default: revoke`, collect)
    .option('--expires <when>', 'a span such as 90d or 12h, or an ISO date; default: never')
    .action(
      action(
        shell,
        z.object({
          org: text,
          name: text,
          scope: z.array(z.enum(apiKeyScopes)).default(['revoke']),
          expires: text.transform(readExpiry).optional(),
        }),
        async (workspace, input) => {
          const org = await workspace.requireOrg(input.org);
          const expiresAt = input.expires ?? null;
          const granted = [...new Set(input.scope)];
          const made = await workspace.apiKeys.create(
            org.id,
            { name: input.name, scopes: granted, expiresAt },
            byOperator,
          );
          return {
            json: { apiKey: made.apiKey, id: made.id, orgId: org.id, name: input.name, scopes: granted, expiresAt },
            text: `${facts([
              ['API key', made.apiKey],
              ['Id', made.id],
              ['Name', input.name],
              ['Organisation', org.name],
              ['Scopes', granted],
              ['Expires', expiresAt ?? 'never'],
            ])}\n\nKeep the key now: it is not shown again.`,
          };
        },
      ),
    );

  apiKey
    .command('list')
    .description('the keys of an organisation, without the keys themselves')
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const all = await workspace.apiKeys.list(org.id);
        const rows = all.map((key) => [
          key.name,
          `${key.hint}…`,
          key.scopes,
          key.revokedAt ? `revoked ${key.revokedAt.toISOString()}` : (key.expiresAt ?? 'never'),
          key.lastUsedAt,
          key.createdAt,
          key.id,
        ]);
        const headings = ['NAME', 'KEY', 'SCOPES', 'EXPIRES', 'LAST USED', 'CREATED', 'ID'];
        return { json: all, text: table(headings, rows, `${org.name} has no API keys yet.`) };
      }),
    );

  apiKey
    .command('revoke')
    .description('end a key at once, for good')
    .argument('<id>', 'id of the key, from api-key list')
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ id: text, org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        if (!(await workspace.apiKeys.revoke(org.id, input.id, byOperator)))
          throw new AppError('not_found', `${org.name} has no current API key ${input.id}.`);
        return { json: { id: input.id, revoked: true }, text: `The API key ${input.id} is revoked.` };
      }),
    );
}

const unitMilliseconds = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** `90d`, `12h`, … from now, or an ISO date; a date alone means midnight UTC. */
export function readExpiry(value: string, context: z.RefinementCtx): Date {
  const span = /^(\d{1,5})([mhdw])$/.exec(value);
  const iso = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(value);
  const at = span
    ? Date.now() + Number(span[1]) * unitMilliseconds[span[2] as keyof typeof unitMilliseconds]
    : iso
      ? Date.parse(value)
      : Number.NaN;
  const message = Number.isNaN(at)
    ? 'must be a span such as 90d or 12h, or an ISO date such as 2027-01-31'
    : at <= Date.now()
      ? 'must be in the future'
      : null;
  if (message === null) return new Date(at);
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}
