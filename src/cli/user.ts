import type { Command } from 'commander';
import { z } from 'zod';
import { erasingPerson } from '../admin/erasing-person.ts';
import { byOperator } from '../by.ts';
import { Role, type User } from '../database/generated/client.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import { switchOff, switchOn } from '../revocation/switch-person.ts';
import { changeRole, lockWithOwners } from '../users/roles.ts';
import { action, type Console, text } from './command.ts';
import { facts, table } from './output.ts';
import { requireUser, unknownUser } from './require-user.ts';
import { registerWhoIsWho } from './user-who-is-who.ts';
import { changerOf, changeWhoIsWho, yesOption } from './who-is-who.ts';

const orgOption = ['--org <org>', 'slug, verified domain or id'] as const;
const insteadOfDeactivating =
  'Make somebody else an owner first (`user set-role`), or only end their access now (`revoke`).';
const insteadOfErasing = 'Make somebody else an owner first (`user set-role`).';
const role = z.enum(Role);
const newPerson = z.object({
  email: text,
  org: text,
  name: text.optional(),
  givenName: text.optional(),
  familyName: text.optional(),
  role,
});

export function registerUser(program: Command, shell: Console): void {
  const user = program.command('user').description('the people of organisations');

  user
    .command('add')
    .description('add a person, before a first sign-in')
    .argument('<email>')
    .requiredOption(...orgOption)
    .option('--name <name>', 'default: the two below, or the address up to its @')
    .option('--given-name <name>', 'first name, as provisioning shows it')
    .option('--family-name <name>', 'last name, as provisioning shows it')
    .option('--role <role>', role.options.join(', '), 'member')
    .action(
      action(shell, newPerson, async (workspace, { org: ref, ...person }) => {
        const org = await workspace.requireOrg(ref);
        const added = view(await workspace.users.addUser(org.id, person, byOperator));
        return {
          json: added,
          text: facts([
            ['Id', added.id],
            ['E-mail', added.email],
            ['Name', added.name],
            ['Role', added.role],
            ['Organisation', org.name],
          ]),
        };
      }),
    );

  user
    .command('set-role')
    .description('give a person another role; so an organisation gets its first owner')
    .argument('<user>', 'e-mail address or id')
    .requiredOption(...orgOption)
    .requiredOption('--role <role>', role.options.join(', '))
    .action(
      action(shell, z.object({ user: text, org: text, role }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const { id } = await requireUser(workspace, org, input.user);
        await transaction(workspace.pool, async (client) => {
          const locked = await lockWithOwners(client, org.id, [id]);
          await changeRole(client, locked, { id, role: input.role }, { orgId: org.id, by: byOperator });
        });
        const after = view(await requireUser(workspace, org, id));
        return { json: after, text: `${after.email} is ${after.role} in ${org.name}.` };
      }),
    );

  user
    .command('list')
    .description('the people of an organisation')
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const all = (await workspace.users.listUsers(org.id)).map(view);
        const rows = all.map((user) => [
          user.email,
          user.name,
          user.role,
          user.active,
          user.revokedAt,
          user.createdAt,
          user.id,
        ]);
        const headings = ['E-MAIL', 'NAME', 'ROLE', 'ACTIVE', 'LAST REVOKED', 'CREATED', 'ID'];
        return { json: all, text: table(headings, rows, `${org.name} has no users yet.`) };
      }),
    );

  user
    .command('deactivate')
    .description('switch a person off and end all of their sessions, in one')
    .argument('<user>', 'e-mail address or id')
    .requiredOption(...orgOption)
    .option('--reason <text>', 'for administrators; never shown to the person')
    .action(
      action(shell, z.object({ user: text, org: text, reason: text.optional() }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const found = await requireUser(workspace, org, input.user);
        const ended = await transaction(workspace.pool, async (client) => {
          const locked = await lockWithOwners(client, org.id, [found.id]);
          const ending = {
            orgId: org.id,
            initiator: 'operator',
            by: byOperator,
            reason: input.reason ?? null,
          } as const;
          return switchOff(client, found.id, ending, { locked, advice: insteadOfDeactivating });
        });
        if (!ended) throw unknownUser(org, input.user);
        await workspace.announce();
        const { revocationId, sessionsEnded, grantsEnded } = ended;
        return {
          json: { id: found.id, email: found.email, active: false, revocationId, sessionsEnded, grantsEnded },
          text: `${found.email} is deactivated; ${sessionsEnded} session(s) and ${grantsEnded} grant(s) of apps ended.`,
        };
      }),
    );

  user
    .command('activate')
    .description('switch a deactivated person on again, who then signs in anew')
    .argument('<user>', 'e-mail address or id')
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ user: text, org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const found = await requireUser(workspace, org, input.user);
        await transaction(workspace.pool, (client) => switchOn(client, found.id, { orgId: org.id, by: byOperator }));
        const activated = await requireUser(workspace, org, found.id);
        return { json: view(activated), text: `${activated.email} is active and may sign in.` };
      }),
    );

  user
    .command('erase')
    .description('remove a person for good, with their names on record, after saying what it means')
    .argument('<user>', 'e-mail address, or id, also of somebody who was removed before')
    .requiredOption(...orgOption)
    .option(...yesOption)
    .action(
      action(
        shell,
        z.object({ user: text, org: text, yes: z.boolean().default(false) }),
        async (workspace, { user, org: ref, yes }) => {
          const org = await workspace.requireOrg(ref);
          const id = (await workspace.users.findUser(org.id, user))?.id ?? user;
          const erasing = erasingPerson(changerOf(org), id, insteadOfErasing);
          const { result, means } = await changeWhoIsWho(workspace, erasing, yes, shell).catch((error: unknown) => {
            throw error instanceof AppError && error.code === 'not_found' ? unknownUser(org, user) : error;
          });
          const { sessionsEnded, grantsEnded } = result;
          const done = `${id} is erased; ${sessionsEnded} session(s) and ${grantsEnded} grant(s) of apps ended.`;
          return {
            json: { id, erased: true, sessionsEnded, grantsEnded, means },
            text: [...means, done].join('\n'),
          };
        },
      ),
    );

  registerWhoIsWho(user, shell);
}

function view({ id, email, name, role, active, revokedAt, createdAt }: User) {
  return { id, email, name, role, active, revokedAt, createdAt };
}
