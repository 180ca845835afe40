import { transaction } from '../../database/pool.ts';
import type { SetOutcome, Target } from '../connectors/connector.ts';
import { administratorOf, noteAdministratorTry, takeAdministratorTry, verdictOf } from './administrator-tries.ts';
import { type Held, noneKnown, writeHeld } from './held-rotation.ts';
import { makeCandidate } from './make-candidate.ts';
import { promote } from './promote.ts';
import { handOver, isRefusedForLong, putOff, waitForTry } from './put-off.ts';
import { type Known, limitOf, type Next, nameOnly, openVersion, type Rotating, targetOf } from './rotating.ts';
import { whoSets } from './who-sets.ts';

/**
 * Sets the candidate. `known`: the password that signs in now, as far as is known. Of one that is
 * uncertain it may have been set before: what is certain is only what this try adds.
 */
export async function setCandidate(rotating: Rotating, held: Held, known: Known | null): Promise<Next> {
  if (held.account.connector === 'manual') return handOver(rotating, held, 'manual');
  if (held.candidate === null) return makeCandidate(rotating, held);
  const candidate = await openVersion(rotating, held.orgId, held.account.id, held.candidate);
  const who = await whoSets(rotating, held, known);
  if ('wait' in who) {
    if (isLockedOut(held, known)) return handOver(rotating, held, noneKnown);
    // The account changes its password itself, and none of those that are kept signs in.
    if (who.wait === 'administrator_unknown' && held.state === 'uncertain') return handOver(rotating, held, who.wait);
    return putOff(rotating, held, who.wait === 'administrator_unknown' ? 'denied' : 'unavailable', who.wait);
  }
  const administrator = administratorOf(held);
  const mayTry = await takeAdministratorTry(rotating.pool, administrator, rotating.times.wrong);
  if (mayTry === 'denied') return putOff(rotating, held, 'denied', 'wrong_administrator');
  if (mayTry === 'under way') return waitForTry(rotating, held);
  const change = { password: candidate.password, old: known?.password ?? null };
  // Which of two was right meanwhile, another account may have learnt while this one waited for its turn.
  const again = who.setters.length > 1 ? await whoSets(rotating, held, known) : who;
  const { setters } = 'setters' in again ? again : who;
  let [setter] = setters;
  let outcome: SetOutcome = { result: 'denied', error: 'no_administrator' };
  for (setter of setters) {
    outcome = await send(rotating, held, targetOf(held, setter.admin), change);
    // Another password cures nothing else.
    if (outcome.result !== 'denied' || outcome.error !== 'wrong_administrator') break;
  }
  const verdict = 'error' in outcome ? verdictOf(outcome) : 'accepted';
  await noteAdministratorTry(rotating.pool, administrator, verdict, setter.version);
  return settle(rotating, held, known, outcome);
}

/**
 * The last thing before a byte leaves is the question whether the claim still holds, and the system
 * has less time than the claim then has: nothing is sent on one that ran out. The time counts from
 * before the question, so that a node that stood still in between sends nothing either.
 */
async function send(
  rotating: Rotating,
  held: Held,
  target: Target<unknown>,
  change: Readonly<{ password: string; old: string | null }>,
): Promise<SetOutcome> {
  const connector = rotating.connectorOf(held.account.connector);
  const begun = performance.now();
  await writeHeld(rotating.pool, held, { sent_at: 'now' }, rotating.times.lease);
  if (performance.now() - begun > rotating.times.limitsMs.set) return { result: 'unavailable', error: 'stood_still' };
  return connector.set(target, change, limitOf(rotating, 'set', begun)).catch((error): SetOutcome => {
    rotating.log.warn({ err: nameOnly(error), org: held.orgId, rotation: held.id }, 'a connector failed to set');
    return { result: 'unknown', error: 'connector_failed' };
  });
}

/** Whether no administrator sets its password. */
export const changesItself = ({ account }: Held): boolean =>
  account.adminAccountId === account.id || (account.adminAccountId === null && account.adminUserName === null);

/** It changes its own password, and a search has found that none of those that are kept signs in. */
const isLockedOut = (held: Held, known: Known | null): boolean =>
  known === null && held.error === noneKnown && changesItself(held);

async function settle(rotating: Rotating, held: Held, known: Known | null, outcome: SetOutcome): Promise<Next> {
  const mayBeSet = held.state === 'uncertain';
  switch (outcome.result) {
    case 'set':
      await writeHeld(rotating.pool, held, { state: 'set', error: null }, rotating.times.lease);
      return 'on';
    case 'unknown':
      return putOff(rotating, held, 'unavailable', outcome.error, { state: 'uncertain', probe: 0 });
    case 'unavailable':
      return putOff(rotating, held, 'unavailable', outcome.error, mayBeSet ? {} : { sent_at: null });
    case 'denied':
      // Neither a kept password nor the administrator gets in: nothing is left to try.
      if (mayBeSet && known === null) return handOver(rotating, held, outcome.error);
      if (isLockedOut(held, known)) return handOver(rotating, held, noneKnown);
      // One that changes itself is refused too where it was set, and the system said no: it is searched for first.
      if (!mayBeSet && changesItself(held) && isRefusedForLong(rotating, held, 'denied')) {
        const searched = { state: 'uncertain', probe: 0, attempts: 1, error: outcome.error } as const;
        await writeHeld(rotating.pool, held, searched, rotating.times.lease);
        return 'on';
      }
      return putOff(rotating, held, 'denied', outcome.error, mayBeSet ? {} : { sent_at: null });
    case 'rejected':
      // It let in whoever gave the candidate as the old one, and only doesn't take the same again.
      if (known?.version === held.candidate && outcome.error !== 'characters')
        return promote(rotating, held, 'unproven');
      await giveUpCandidate(rotating, held, outcome.error);
      return 'on';
  }
}

/** A candidate that may have been set by an earlier try is kept as a former one. */
async function giveUpCandidate({ pool, times }: Rotating, held: Held, error: string): Promise<void> {
  await transaction(pool, async (client) => {
    const changes = { state: 'candidate', candidate: null, sent_at: null, probe: 0, error } as const;
    await writeHeld(client, held, { ...changes, refused_candidates: held.refusedCandidates + 1 }, times.lease);
    await client.query(
      `UPDATE account_versions SET state = CASE WHEN $4 THEN 'former'::"AccountVersionState" ELSE 'dead' END
       WHERE org_id = $1 AND account_id = $2 AND version = $3 AND state = 'candidate'`,
      [held.orgId, held.account.id, held.candidate, held.state === 'uncertain'],
    );
  });
}
