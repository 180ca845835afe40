import { transaction } from '../../database/pool.ts';
import { administratorOf, noteAdministratorTry, takeAdministratorTry, verdictOf } from './administrator-tries.ts';
import { type Held, writeHeld } from './held-rotation.ts';
import { putOff, record, takeWrongTryOrWait, waitForTry } from './put-off.ts';
import { limitOf, type Next, nameOnly, openVersion, type Rotating, targetOf, tryVersion } from './rotating.ts';
import { saveSet } from './save-set.ts';
import { isForgotten, setAgain } from './set-again.ts';
import { whoSets } from './who-sets.ts';

/** Tries to find out whether the former password is refused, until the next rotation needn't wait for it. */
const mostUnavailable = 4;
/** The former password is refused, and whoever signed in with it before is still in. */
const connectionsLeft = 'connections_not_ended';
const notSaved = 'not_saved';

/**
 * The new one is current: what was opened with the former one ends, once, and the former one is to
 * be refused.
 */
export async function cleanUp(rotating: Rotating, held: Held): Promise<Next> {
  if (held.probe > 0) return checkFormer(rotating, held);
  const ended = await endConnections(rotating, held);
  if (ended === 'under way') return waitForTry(rotating, held);
  const error = ended === 'ended' ? null : ended.error;
  if (error !== null && held.attempts < mostUnavailable) return putOff(rotating, held, 'unavailable', error);
  // Those that were ended aren't ended again: by the next time they have been opened with the new one.
  const unproven = held.error === 'unproven' ? held.error : null;
  const changes = { probe: 1, connections_left: error !== null, error: error ?? unproven } as const;
  await writeHeld(rotating.pool, held, changes, rotating.times.lease);
  return 'on';
}

/**
 * Ends what was opened with the former password, where that can be done, or says why it may live on.
 * `under way`: another account tries the administrator's password.
 */
async function endConnections(
  rotating: Rotating,
  held: Held,
): Promise<'ended' | 'under way' | Readonly<{ error: string }>> {
  const { pool, times } = rotating;
  const { version, userName, connector: kind } = held.account;
  const { endConnections: end } = rotating.connectorOf(kind);
  if (!end) return 'ended';
  const current = version === null ? null : await openVersion(rotating, held.orgId, held.account.id, version);
  const who = await whoSets(rotating, held, current);
  if ('wait' in who && held.attempts < mostUnavailable) return { error: who.wait };
  const [above] = 'setters' in who ? who.setters : [];
  const administrator = above?.admin ? administratorOf(held) : null;
  const mayTry = await takeAdministratorTry(pool, administrator, times.wrong);
  if (mayTry === 'under way') return mayTry;
  if (mayTry === 'denied') return { error: 'wrong_administrator' };
  // Who needs no administrator may end what they have opened themselves.
  const itself = current && { userName, password: current.password };
  // Nothing is ended on a claim that ran out: what was opened with the new password by then would end.
  const begun = performance.now();
  await writeHeld(pool, held, {}, times.lease);
  const target = targetOf(held, above?.admin ?? itself);
  const outcome = await end(target, limitOf(rotating, 'endConnections', begun)).catch((error) => {
    rotating.log.warn(
      { err: nameOnly(error), org: held.orgId, rotation: held.id },
      'a connector failed to end connections',
    );
    return { error: 'connector_failed' };
  });
  const verdict = 'error' in outcome ? verdictOf(outcome) : 'accepted';
  await noteAdministratorTry(pool, administrator, verdict, above?.version ?? null);
  return 'error' in outcome ? outcome : 'ended';
}

/**
 * Whether what was set is saved there, and the former password refused, by one try with what may be
 * a wrong password.
 */
export async function checkFormer(rotating: Rotating, held: Held): Promise<Next> {
  const { pool, times } = rotating;
  const saved = await saveSet(rotating, held);
  if (saved === 'unavailable' && held.state !== 'old_works' && held.attempts < mostUnavailable)
    return putOff(rotating, held, 'unavailable', notSaved);
  // Until it is saved, the former one is not tried: it may be back at any moment. Perhaps it is.
  if (saved !== 'saved')
    return (await isForgotten(rotating, held)) ? setAgain(rotating, held) : oldWorks(rotating, held, notSaved);
  if (held.state === 'old_works' && held.connectionsLeft && (await endConnections(rotating, held)) === 'ended') {
    await writeHeld(pool, held, { connections_left: false }, times.lease);
    return 'on';
  }
  // It has been refused already: only connections were left.
  if (held.error === connectionsLeft) return finish(rotating, held);
  const { version, sinceVersion } = held.account;
  // There was none, or it was made current again.
  if (held.previous === null || held.previous === version) return finish(rotating, held);
  // It is for another place: this one is not told it, so that nothing is known of it.
  if (held.previous < sinceVersion) return finish(rotating, held, 'cancelled');
  const known = await openVersion(rotating, held.orgId, held.account.id, held.previous);
  const wrongTry = await takeWrongTryOrWait(rotating, held);
  if (wrongTry === null) return 'wait';
  const outcome = await tryVersion(rotating, held, known);
  switch (outcome.result) {
    case 'refused':
      return finish(rotating, held);
    case 'accepted':
      if (await isForgotten(rotating, held)) return setAgain(rotating, held);
      await wrongTry.release();
      return oldWorks(rotating, held, null);
    case 'unproven':
      await wrongTry.release();
      return oldWorks(rotating, held, 'unproven');
    case 'unavailable':
      if (held.state === 'old_works' || held.attempts >= mostUnavailable)
        return oldWorks(rotating, held, outcome.error);
      return putOff(rotating, held, 'unavailable', outcome.error);
  }
}

async function finish(rotating: Rotating, held: Held, state: 'done' | 'cancelled' = 'done'): Promise<Next> {
  if (held.connectionsLeft) return oldWorks(rotating, held, connectionsLeft);
  const isMended = held.error === connectionsLeft || held.error === notSaved;
  const changes = { state, finished_at: 'now', failing_since: null } as const;
  await writeHeld(rotating.pool, held, { ...changes, ...(isMended && { error: null }) }, 0);
  return 'wait';
}

/** Tried for a day, and told once. The next rotation doesn't wait for it. */
async function oldWorks({ pool, times }: Rotating, held: Held, error: string | null): Promise<Next> {
  const first = held.state !== 'old_works';
  const tells = !held.told.includes('old_works');
  const attempts = first ? 0 : held.attempts;
  const pause = times.oldWorks[Math.min(attempts, times.oldWorks.length - 1)] ?? 60;
  await transaction(pool, async (client) => {
    await writeHeld(
      client,
      held,
      {
        state: 'old_works',
        error,
        attempts: attempts + 1,
        failing_since: null,
        ...(tells && { told: [...held.told, 'old_works'] }),
        ...(held.promotedFor >= times.giveUp && { finished_at: 'now' }),
      },
      pause,
    );
    if (tells) await record(client, held, 'account.old_works', { version: held.previous, ...(error && { error }) });
  });
  return 'wait';
}
