import type { Command } from 'commander';
import { z } from 'zod';
import { changingAddress } from '../admin/changing-address.ts';
import { linkingIdentity, unlinkingIdentity } from '../admin/linking.ts';
import { AppError } from '../errors.ts';
import { type LinkedIdentity, listIdentities } from '../users/identities.ts';
import { action, type Console, text } from './command.ts';
import { facts, table } from './output.ts';
import { requireUser } from './require-user.ts';
import { changerOf, changeWhoIsWho, yesOption } from './who-is-who.ts';
import type { Workspace } from './workspace.ts';

const orgOption = ['--org <org>', 'slug, verified domain or id'] as const;
const ofUser = { user: text, org: text };
const confirmable = { ...ofUser, yes: z.boolean().default(false) };

/** Which names a person is known by. */
export function registerWhoIsWho(user: Command, shell: Console): void {
  user
    .command('set-email')
    .description('give a person another address; all of their access ends')
    .argument('<user>', 'e-mail address or id')
    .argument('<email>', 'the new address')
    .requiredOption(...orgOption)
    .option(...yesOption)
    .action(
      action(shell, z.object({ ...confirmable, email: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const { id } = await requireUser(workspace, org, input.user);
        const change = changingAddress(changerOf(org), id, input.email);
        const { result, means } = await changeWhoIsWho(workspace, change, input.yes, shell);
        const { email } = await requireUser(workspace, org, id);
        return {
          json: { id, email, ...result, means },
          text: [...means, `${email} is the address now.`, ended(result)].join('\n'),
        };
      }),
    );

  user
    .command('identities')
    .description('the accounts at identity providers that a person is known by')
    .argument('<user>', 'e-mail address or id')
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object(ofUser), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const { id, email } = await requireUser(workspace, org, input.user);
        const all = await identitiesOf(workspace, org.id, id);
        const rows = all.map((identity) => [
          identity.connection.name,
          identity.subject,
          identity.claimedEmail,
          identity.createdAt,
          identity.lastUsedAt,
          identity.id,
          identity.connection.id,
        ]);
        const headings = ['CONNECTION', 'SUBJECT', 'ADDRESS THERE', 'LINKED', 'LAST USED', 'ID', 'CONNECTION ID'];
        return { json: all, text: table(headings, rows, `${email} is linked to no account.`) };
      }),
    );

  user
    .command('link')
    .description('link a person to an account at an identity provider')
    .argument('<user>', 'e-mail address or id')
    .requiredOption(...orgOption)
    .requiredOption('--connection <id>', 'the connection to the identity provider')
    .requiredOption('--subject <sub>', 'the claim `sub` of its ID tokens')
    .option(...yesOption)
    .action(
      action(shell, z.object({ ...confirmable, connection: text, subject: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const { id: userId, email } = await requireUser(workspace, org, input.user);
        const { connection: connectionId, subject } = input;
        const change = linkingIdentity(changerOf(org), userId, { connectionId, subject });
        const { result: id, means } = await changeWhoIsWho(workspace, change, input.yes, shell);
        const described = facts([
          ['Id', id],
          ['Person', email],
          ['Connection', connectionId],
          ['Subject', subject],
        ]);
        return { json: { id, userId, connectionId, subject, means }, text: [...means, described].join('\n') };
      }),
    );

  user
    .command('unlink')
    .description('unlink a person from an account at an identity provider; all of their access ends')
    .argument('<user>', 'e-mail address or id')
    .requiredOption(...orgOption)
    .requiredOption('--connection <id>', 'the connection to the identity provider')
    .option(...yesOption)
    .action(
      action(shell, z.object({ ...confirmable, connection: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const { id: userId, email } = await requireUser(workspace, org, input.user);
        const all = await identitiesOf(workspace, org.id, userId);
        const identity = all.find(({ connection }) => connection.id === input.connection);
        if (!identity) throw new AppError('not_found', `${email} is linked to no account at ${input.connection}.`);
        const change = unlinkingIdentity(changerOf(org), userId, identity.id);
        const { result, means } = await changeWhoIsWho(workspace, change, input.yes, shell);
        return {
          json: { id: identity.id, userId, ...result, means },
          text: [...means, `${email} is unlinked.`, ended(result)].join('\n'),
        };
      }),
    );
}

/** All of them: a person has one for each connection at most. */
const identitiesOf = ({ pool }: Workspace, orgId: string, userId: string): Promise<readonly LinkedIdentity[]> =>
  listIdentities(pool, orgId, userId, { limit: 1_000, after: null });

const ended = ({ sessionsEnded, grantsEnded }: { sessionsEnded: number; grantsEnded: number }) =>
  `${sessionsEnded} session(s) and ${grantsEnded} grant(s) of apps ended.`;
