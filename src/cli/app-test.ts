import type { Command } from 'commander';
import { z } from 'zod';
import { byOperator } from '../by.ts';
import type { ForwardOutcome } from '../downstream/forward.ts';
import { createSendBackchannelLogout } from '../downstream/send-backchannel-logout.ts';
import { createSendGtr } from '../downstream/send-gtr.ts';
import { createSendTest } from '../downstream/send-test.ts';
import { AppError } from '../errors.ts';
import { createSignAsOrg, orgIssuer } from '../signing/org-keys.ts';
import { action, type Console, text } from './command.ts';
import type { Workspace } from './workspace.ts';

/** `app test`: what an app answers to a call about somebody who doesn't exist. */
export function registerAppTest(app: Command, shell: Console): void {
  app
    .command('test')
    .description('tell an app of somebody who does not exist: 404 proves its address and what we show there')
    .argument('<app>', 'id of the app')
    .requiredOption('--org <org>', 'slug, verified domain or id')
    .action(
      action(shell, z.object({ app: text, org: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const row = await workspace.apps.find(org.id, input.app);
        if (!row) throw new AppError('not_found', 'The organisation has no such app.');
        if (row.kind === 'ssf')
          throw new AppError('conflict', 'A receiver of security events asks for a verification event by itself.');
        const outcome = await sendTest(workspace, org.id, input.app, row.kind);
        const { result, status, error = null } = outcome;
        await workspace.apps.noteTest(org.id, row.id, byOperator, { result, status, error });
        return { json: { id: row.id, result, status, error }, text: sentence(outcome) };
      }),
    );
}

async function sendTest(
  workspace: Workspace,
  orgId: string,
  appId: string,
  kind: 'gtr' | 'oidc',
): Promise<ForwardOutcome> {
  const { pool, keyring, appFetch: guardedFetch } = workspace;
  const config = { publicUrl: await workspace.publicUrl() };
  const signAsOrg = createSignAsOrg({ pool, keyring, config });
  const deps = { pool, keyring, guardedFetch, signAsOrg, issuerOf: (id: string) => orgIssuer(config, id) };
  const send = kind === 'gtr' ? createSendGtr(deps) : createSendBackchannelLogout(deps);
  const outcome = await createSendTest({ pool, keyring, send })(orgId, appId);
  if (!outcome) throw new AppError('not_found', 'The organisation has no such app.');
  return outcome;
}

function sentence(outcome: ForwardOutcome): string {
  const { result, status, error = null } = outcome;
  if (error === 'unknown_there')
    return 'The app took the call, and knows nobody of this name (404): that is as it should be.';
  if (error === 'unproven')
    return 'It answers 404 to strangers, too: there is no such address, or it does not check who calls.';
  const answered = status === null ? 'It gave no answer' : `It answered ${status}`;
  if (result === 'delivered') return `The app took the call. ${answered}, as if it knew somebody who does not exist.`;
  return `The app did not take the call. ${answered}${error === null ? '' : `: ${error}`}.`;
}
