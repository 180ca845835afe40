import type { Command } from 'commander';
import { z } from 'zod';
import { byOperator } from '../by.ts';
import { parseSettings } from '../downstream/app-checks.ts';
import type { AppRow } from '../downstream/apps.ts';
import { readPeopleCsv } from '../downstream/read-people-csv.ts';
import { AppError } from '../errors.ts';
import { parseJson } from '../http/parse-json.ts';
import { registerAppTest } from './app-test.ts';
import { action, type Console, readCredential, readText, text, usageError } from './command.ts';
import { type CommandAnswer, facts, table } from './output.ts';

const orgOption = ['--org <org>', 'slug, verified domain or id'] as const;
const settingsOption = [
  '--settings <json>',
  'the settings, such as {"endpoint": "https://…", "auth": {"method": "bearer"}}',
] as const;
const credentialOption = [
  '--credential-stdin',
  'read what we show the app from standard input; without it APP_CREDENTIAL counts',
] as const;
const states = ['enabled', 'paused', 'disabled'] as const;
const settings = text
  .transform((json) => parseJson(json))
  .pipe(z.record(z.string(), z.unknown(), 'must be a JSON object'))
  .optional();

/** The apps behind an organisation, to which sign-outs are passed on. */
export function registerApp(program: Command, shell: Console): void {
  const app = program.command('app').description('apps behind organisations: sign-outs are passed on to them');

  app
    .command('add')
    .description('add an app; its client secret is printed once and never again')
    .requiredOption(...orgOption)
    .requiredOption(
      '--kind <kind>',
      'gtr (Global Token Revocation), oidc (a web app that signs people in here: back-channel logout) or ssf (a receiver of security events)',
    )
    .requiredOption('--name <name>', 'shown to administrators')
    .requiredOption(...settingsOption)
    .option(...credentialOption)
    .action(
      action(
        shell,
        z.object({
          org: text,
          kind: z.enum(['gtr', 'oidc', 'ssf']),
          name: text,
          settings,
          credentialStdin: z.boolean().default(false),
        }),
        async (workspace, { kind, name, ...input }) => {
          const org = await workspace.requireOrg(input.org);
          const credential = await readCredential(shell, 'APP_CREDENTIAL', input.credentialStdin);
          const form = parseSettings(kind, input.settings);
          const added = await workspace.apps.add(org.id, { ...form, name, credential }, byOperator);
          return withSecret(added, added.clientSecret);
        },
      ),
    );

  app
    .command('list')
    .description('the apps of an organisation')
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const all = await workspace.apps.list(org.id);
        const rows = all.map((row) => [
          row.name,
          row.kind,
          stateOf(row),
          row.waiting,
          row.dead,
          row.lastReceivedAt,
          row.id,
        ]);
        const headings = ['NAME', 'KIND', 'STATE', 'WAITING', 'FAILED', 'LAST RECEIVED', 'ID'];
        return { json: all, text: table(headings, rows, `${org.name} has no apps yet.`) };
      }),
    );

  app
    .command('show')
    .description('one app with its settings')
    .argument('<app>', 'id of the app')
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ app: text, org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        return answerFor(found(await workspace.apps.find(org.id, input.app)));
      }),
    );

  app
    .command('change')
    .description('change what is given and leave the rest')
    .argument('<app>', 'id of the app')
    .requiredOption(...orgOption)
    .option('--name <name>')
    .option('--state <state>', `${states.join(', ')}; paused: what comes is held`)
    .option(...settingsOption)
    .option(...credentialOption)
    .action(
      action(
        shell,
        z.object({
          app: text,
          org: text,
          name: text.optional(),
          state: z.enum(states).optional(),
          settings,
          credentialStdin: z.boolean().default(false),
        }),
        async (workspace, { app: id, name, state, ...input }) => {
          const org = await workspace.requireOrg(input.org);
          const credential = await readCredential(shell, 'APP_CREDENTIAL', input.credentialStdin);
          const changes = { name, state, settings: input.settings, credential };
          if (Object.values(changes).every((value) => value === undefined))
            throw usageError('Nothing to change was given.');
          const changed = found(await workspace.apps.change(org.id, id, changes, byOperator));
          return withSecret(changed, changed.clientSecret);
        },
      ),
    );

  app
    .command('secret')
    .description('make a new client secret; the one before counts no longer')
    .argument('<app>', 'id of the app')
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ app: text, org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const made = found(await workspace.apps.newClientSecret(org.id, input.app, byOperator));
        return withSecret(made, made.clientSecret);
      }),
    );

  registerAppTest(app, shell);

  app
    .command('people')
    .description('say by a CSV file which ids an app has for people: a line a person, an address and the id')
    .argument('<app>', 'id of the app')
    .argument('<file>', 'the file')
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ app: text, file: text, org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const lines = readPeopleCsv(await readText(input.file));
        const { set, unknown } = found(await workspace.appPeople.import(org.id, input.app, lines, byOperator));
        const told = unknown.map(({ line, who }) => `Line ${line}: nobody is ${who}`);
        return { json: { id: input.app, set, unknown }, text: [`Known now: ${set}.`, ...told].join('\n') };
      }),
    );

  app
    .command('remove')
    .description('remove an app, with what waits for it and its log')
    .argument('<app>', 'id of the app')
    .requiredOption(...orgOption)
    .action(
      action(shell, z.object({ app: text, org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        found((await workspace.apps.remove(org.id, input.app, byOperator)) || null);
        return { json: { id: input.app, removed: true }, text: `The app ${input.app} is removed.` };
      }),
    );
}

function found<T>(value: T | null): T {
  if (value === null) throw new AppError('not_found', 'The organisation has no such app.');
  return value;
}

const stateOf = ({ state, awaySince }: AppRow) =>
  awaySince ? `${state}, away since ${awaySince.toISOString()}` : state;

function answerFor(row: AppRow): CommandAnswer {
  const described = facts([
    ['Id', row.id],
    ['Name', row.name],
    ['Kind', row.kind],
    ['State', stateOf(row)],
    ['Credential', row.hasCredential],
    ['Client secret', row.hasClientSecret],
    ['Last received', row.lastReceivedAt],
    ['Waiting', row.waiting],
    ['Failed', row.dead],
  ]);
  return { json: row, text: `${described}\n\nSettings:\n${JSON.stringify(row.settings, null, 2)}` };
}

function withSecret(row: AppRow, clientSecret: string | null): CommandAnswer {
  const { json, text: described } = answerFor(row);
  if (clientSecret === null) return { json, text: described };
  const once = facts([
    ['Client id', row.id],
    ['Client secret', clientSecret],
  ]);
  return {
    json: { ...row, clientSecret },
    text: `${described}\n\n${once}\n\nKeep the secret now: it is not shown again.`,
  };
}
