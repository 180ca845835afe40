import type { Command } from 'commander';
import { z } from 'zod';
import { mostNamed, type SealedAnew, sealAnew } from '../database/seal-anew.ts';
import { type SealedPlace, sealedPlaces } from '../database/sealed-places.ts';
import { AppError } from '../errors.ts';
import { keyId, sealedPrefixes } from '../keyring.ts';
import { findRunningNodes } from '../sessions/running-nodes.ts';
import { listAllOrgKeys, rotateOrgKeys } from '../signing/rotate-org-keys.ts';
import { listSigningKeys, rotateSigningKeys } from '../tokens/rotate-signing-keys.ts';
import { action, type Console, usageError } from './command.ts';
import { eraseAccountKey, eraseForm } from './erase-account-key.ts';
import { reportKeys } from './key-report.ts';
import { advice, keyTable, orgSigningTable, placeTable, signingAdvice, signingTable } from './key-words.ts';
import type { CommandAnswer } from './output.ts';
import type { Workspace } from './workspace.ts';

const rotateForm = z.object({
  signing: z.boolean().default(false),
  now: z.boolean().default(false),
  leaked: z.boolean().default(false),
  org: z.string().optional(),
});

export function registerKeys(program: Command, shell: Console): void {
  const keys = program.command('keys').description('the keys that stored secrets, and ID tokens, are made with');
  keys
    .command('status')
    .description('which keys are in use, where, and which of ENCRYPTION_KEYS may go')
    .action(action(shell, z.object({}), showStatus));
  keys
    .command('rotate')
    .description('seal everything that is stored anew, with the first of ENCRYPTION_KEYS; nodes go on meanwhile')
    .option('--signing', 'instead: a new key for the ID tokens of apps, published a day before it signs')
    .option('--now', 'with --signing: it signs in a minute, as soon as every node publishes it')
    .option('--leaked', 'with --signing: it signs at once, and all others are gone at once')
    .option(
      '--org <org>',
      'with --signing: for what is signed in the name of this organisation; slug, verified domain or id',
    )
    .action(
      action(shell, rotateForm, async (workspace, { signing, now, leaked, org }) => {
        if ((now || leaked || org !== undefined) && !signing)
          throw usageError('--now, --leaked and --org go with --signing.');
        if (now && leaked) throw usageError('Name one: --now or --leaked.');
        await refuseWhereUnknown(workspace);
        if (!signing) return sealEverythingAnew(workspace, shell);
        const rotation = leaked ? 'leaked' : now ? 'now' : 'ahead';
        const all =
          org === undefined
            ? await rotateSigningKeys(workspace, rotation)
            : await rotateOrgKeys(workspace, (await workspace.requireOrg(org)).id, rotation);
        return { json: all, text: `${signingTable(all)}\n\n${signingAdvice(all)}` };
      }),
    );
  keys
    .command('erase')
    .description('make all passwords of an organisation’s shared accounts unreadable, for good')
    .requiredOption('--org <org>', 'slug, verified domain or id')
    .option('--yes', 'do not ask')
    .action(action(shell, eraseForm, (workspace, given) => eraseAccountKey(workspace, given, shell)));
}

/** Organisations whose keys are shown. */
const mostOrgs = 1_000;

async function showStatus(workspace: Workspace): Promise<CommandAnswer> {
  const report = await reportKeys(workspace);
  const signing = await listSigningKeys(workspace.pool);
  const ofOrgs = await listAllOrgKeys(workspace.pool, mostOrgs);
  const tables = [keyTable(report), placeTable(report), signingTable(signing), orgSigningTable(ofOrgs)];
  const text = [...tables, advice(report).join('\n')];
  return { json: { ...report, signing, signingOfOrgs: ofOrgs }, text: text.filter(Boolean).join('\n\n') };
}

/** A node that lacks the first key would fail at whatever is sealed with it. */
async function refuseWhereUnknown({ pool, encryptionKeys }: Workspace): Promise<void> {
  const first = keyId(encryptionKeys()[0] as Uint8Array);
  const lacking = (await findRunningNodes(pool)).filter(({ opens }) => !opens(first)).length;
  if (lacking > 0)
    throw new AppError(
      'conflict',
      `${lacking} running node(s) lack the key ${first}, the first of ENCRYPTION_KEYS here, and couldn't open what it seals. Nothing was changed. Put it behind the old one on every node and restart them; then move it to the front, restart them, and run this again.`,
    );
}

async function sealEverythingAnew(workspace: Workspace, shell: Console): Promise<CommandAnswer> {
  const [prefix] = sealedPrefixes(workspace.encryptionKeys()) as [string];
  const results: (SealedAnew & { place: SealedPlace })[] = [];
  for (const place of sealedPlaces) {
    const tell = progressOf(place, shell);
    results.push({ place, ...(await sealAnew({ ...workspace, prefix }, place, tell)) });
  }
  const sumOf = (name: 'done' | 'closed' | 'held') => results.reduce((sum, result) => sum + result[name], 0);
  const all = {
    done: sumOf('done'),
    closed: sumOf('closed'),
    held: sumOf('held'),
    named: results.flatMap(({ named }) => named),
  };
  if (all.closed + all.held > 0) throw new AppError('conflict', describeRest(all));
  const report = await reportKeys(workspace);
  const sealed = results.map(({ place, ...result }) => ({ what: place.what, sealedAnew: result.done }));
  const lines = [
    `${all.done} text(s) were sealed anew with ${report.id}.`,
    keyTable(report),
    advice(report).join('\n'),
  ];
  return { json: { ...report, sealed }, text: lines.filter(Boolean).join('\n\n') };
}

/** A line every two seconds, for people. */
function progressOf({ what }: SealedPlace, { json, stderr }: Console): (done: number) => void {
  let toldAt = performance.now();
  return (done) => {
    if (json || performance.now() - toldAt < 2_000) return;
    toldAt = performance.now();
    stderr.write(`${what}: ${done} sealed anew\n`);
  };
}

function describeRest({ done, closed, named, held }: SealedAnew): string {
  const rows = named
    .slice(0, mostNamed)
    .map(({ what, table, row, keyId }) => `  ${table} ${row.join(' ')} (${what}), by the key ${keyId}`);
  return [
    `${done} text(s) were sealed anew, ${closed + held} were not.`,
    held > 0 && `Somebody holds or changes ${held} of them all the time: run it again.`,
    closed > 0 && 'These cannot be opened, for want of their key or because they were changed:',
    ...rows,
    closed > rows.length && `  and ${closed - rows.length} more`,
  ]
    .filter((line) => line !== false)
    .join('\n');
}
