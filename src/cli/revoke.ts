import type { Command } from 'commander';
import type { Pool } from 'pg';
import { z } from 'zod';
import { byOperator } from '../by.ts';
import { connectionsWithoutReturnAtOnce } from '../connections/no-return.ts';
import { isUnavailable } from '../database/errors.ts';
import { AppError } from '../errors.ts';
import { revokeAccess, revokeOrgAccess } from '../revocation/revoke-access.ts';
import { emailKey, userNameKey } from '../users/email.ts';
import { action, type Console, text, usageError } from './command.ts';
import { confirm, requireTerminal } from './confirm.ts';
import type { CommandAnswer } from './output.ts';
import { unknownUser } from './require-user.ts';
import type { Workspace } from './workspace.ts';

const form = z.object({
  email: text.optional(),
  org: text.optional(),
  reason: text.optional(),
  everyone: z.boolean().default(false),
  all: z.boolean().default(false),
  yes: z.boolean().default(false),
});
type RevokeOptions = z.output<typeof form>;

const operator = { initiator: 'operator', by: byOperator } as const;

export function registerRevoke(program: Command, shell: Console): void {
  program
    .command('revoke')
    .description('end every session of a person, of an organisation, or of all organisations')
    .argument('[email]', 'of the person (or their user name or id), with --org')
    .option('--org <org>', 'slug, verified domain or id')
    .option('--everyone', 'everybody in the organisation')
    .option('--all', 'everybody in every organisation, e.g. after restoring the database from a backup')
    .option('--reason <text>', 'for administrators; never shown to people')
    .option('--yes', 'do not ask before --everyone or --all')
    .action(
      action(shell, form, async (workspace, input) => {
        const ways = [input.email !== undefined, input.everyone, input.all].filter(Boolean).length;
        if (ways !== 1) throw usageError('Name one: an e-mail address, --everyone or --all.');
        if (input.all && input.org !== undefined)
          throw usageError('--all is every organisation; for one of them use --org … --everyone.');
        if (input.all) return revokeAll(workspace, input, shell);
        if (input.org === undefined) throw usageError('--org is missing');
        return input.everyone
          ? revokeEveryone(workspace, input.org, input, shell)
          : revokeOne(workspace, input.org, input.email ?? '', input);
      }),
    );
}

async function revokeOne(
  workspace: Workspace,
  ref: string,
  who: string,
  { reason }: RevokeOptions,
): Promise<CommandAnswer> {
  const org = await workspace.requireOrg(ref);
  const key = userNameKey(who);
  const subject = emailKey(who) === null ? { userIds: [who.trim()], emailKeys: [key] } : { emailKeys: [key] };
  const outcome = await revokeAccess(workspace.pool, { ...operator, orgId: org.id, subject, reason: reason ?? null });
  if (outcome.result !== 'revoked') throw unknownUser(org, who);
  await workspace.announce();
  const { revocationId: id, userId, sessionsEnded, grantsEnded, others } = outcome;
  const all = [outcome, ...others];
  const sum = (name: 'sessionsEnded' | 'grantsEnded') => all.reduce((total, each) => total + each[name], 0);
  const several = others.length === 0 ? '' : ` The address means ${all.length} people; all of them are signed out.`;
  return {
    json: { id, orgId: org.id, userId, sessionsEnded, grantsEnded, others },
    text: `${who} is signed out everywhere; ${sum('sessionsEnded')} session(s) and ${sum('grantsEnded')} grant(s) of apps ended.${several}`,
  };
}

async function revokeEveryone(
  { requireOrg, pool, announce }: Workspace,
  ref: string,
  { reason, yes }: RevokeOptions,
  shell: Console,
): Promise<CommandAnswer> {
  if (!yes) requireTerminal('--everyone', shell);
  const org = await requireOrg(ref);
  await warn(pool, org.id, shell);
  if (!yes) await confirm(`This signs out everyone in ${org.name}.`, `revoke ${org.slug}`, shell);
  const done = await revokeOrgAccess(pool, { ...operator, orgId: org.id, reason: reason ?? null });
  if (!done) throw new Error(`${org.name} vanished.`);
  await announce();
  return {
    json: { id: done.revocationId, orgId: org.id },
    text: `Everyone in ${org.name} is signed out everywhere.`,
  };
}

/** Warns beforehand, also where `--yes` answers. A warning that can't be read holds nothing up. */
async function warn(pool: Pool, orgId: string | null, { stderr }: Console): Promise<void> {
  const connections = await connectionsWithoutReturnAtOnce(pool, orgId).catch(() => []);
  if (connections.length === 0) return;
  const names = connections.map(({ name, slug }) => (orgId === null ? `${name} (${slug})` : name));
  stderr.write(
    `Nobody can sign in again through ${names.join(', ')} afterwards, newcomers included: no auth_time comes from there. "connection update" with --request-auth-time on or --reauthentication best_effort changes that.\n`,
  );
}

/** Tries every org, then fails with the rest: a failing org must not keep the others alive. */
async function revokeAll(
  { prisma, pool, announce }: Workspace,
  { reason, yes }: RevokeOptions,
  shell: Console,
): Promise<CommandAnswer> {
  if (!yes) requireTerminal('--all', shell);
  // Only the orgs themselves are read: a table that is locked elsewhere keeps nobody's access alive.
  const all = await prisma.org.findMany({
    select: { id: true, slug: true },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  });
  await warn(pool, null, shell);
  if (!yes) await confirm(`This signs out everyone in ${all.length} organisation(s).`, 'revoke all', shell);
  const done: { id: string; orgId: string; slug: string }[] = [];
  const failed: { slug: string; error: unknown }[] = [];
  for (const org of all)
    await revokeOrgAccess(pool, { ...operator, orgId: org.id, reason: reason ?? null }).then(
      (revoked) => revoked && done.push({ id: revoked.revocationId, orgId: org.id, slug: org.slug }),
      (error: unknown) => failed.push({ slug: org.slug, error }),
    );
  await announce();
  if (failed.length > 0)
    throw new AppError(
      failed.every(({ error }) => isUnavailable(error)) ? 'unavailable' : 'internal_error',
      `${done.length} of ${all.length} organisations are signed out. Run it again for what is left: ${failed.map(({ slug }) => slug).join(', ')}.`,
      { cause: failed[0]?.error },
    );
  return { json: done, text: `Everyone in ${done.length} organisation(s) is signed out everywhere.` };
}
