import { checkFormer, cleanUp } from './check-former.ts';
import { findWorking } from './find-working.ts';
import { type Claimed, ClaimLostError, type Held, noneKnown, readHeld, writeHeld } from './held-rotation.ts';
import { begin } from './make-candidate.ts';
import { putOff } from './put-off.ts';
import { type Next, nameOnly, openVersion, type Rotating } from './rotating.ts';
import { setCandidate } from './set-candidate.ts';
import { verifyCandidate } from './verify-candidate.ts';

/**
 * Takes a claimed rotation as far as it goes now. Each step reads where it stands, does one thing at
 * the system, and writes what came of it on condition that the claim is still the latest one: so it
 * can end anywhere, and whoever claims it next goes on from what is written.
 */
export async function rotate(rotating: Rotating, claimed: Claimed, isStopping: () => boolean): Promise<void> {
  const { pool, log } = rotating;
  try {
    for (let next: Next = 'on'; next === 'on'; ) {
      const held = await readHeld(pool, claimed);
      // Others take it over at once.
      if (isStopping()) return await writeHeld(pool, held, {}, 0);
      next = await step(rotating, held);
    }
  } catch (error) {
    if (error instanceof ClaimLostError) return;
    log.warn(
      { err: nameOnly(error), org: claimed.orgId, rotation: claimed.id },
      'a step of a rotation failed; it will be tried again',
    );
    await afterFailure(rotating, claimed, error);
  }
}

function step(rotating: Rotating, held: Held): Promise<Next> {
  switch (held.state) {
    case 'queued':
      return begin(rotating, held);
    case 'candidate':
      return held.sent ? doubt(rotating, held) : setFirst(rotating, held);
    case 'set':
      return verifyCandidate(rotating, held);
    case 'uncertain':
      return findWorking(rotating, held);
    case 'promoted':
      return cleanUp(rotating, held);
    case 'old_works':
      return checkFormer(rotating, held);
    default:
      throw new ClaimLostError();
  }
}

/** Whoever sent it before never wrote what came of it. */
async function doubt({ pool, times }: Rotating, held: Held): Promise<Next> {
  await writeHeld(pool, held, { state: 'uncertain', probe: 0, error: 'interrupted' }, times.lease);
  return 'on';
}

async function setFirst(rotating: Rotating, held: Held): Promise<Next> {
  const { orgId, account, error } = held;
  // What a search has just found refused isn't sent again.
  const version = error === noneKnown ? null : account.version;
  const known = version === null ? null : await openVersion(rotating, orgId, account.id, version);
  return setCandidate(rotating, held, known);
}

/** What throws (a key that was erased, a database that is away) costs a pause and never the rotation. */
async function afterFailure(rotating: Rotating, claimed: Claimed, error: unknown): Promise<void> {
  const word = error instanceof Error && error.name === 'UnsealError' ? 'not_opened' : 'internal';
  try {
    await putOff(rotating, await readHeld(rotating.pool, claimed), 'unavailable', word);
  } catch (failure) {
    // The claim runs out by itself.
    if (!(failure instanceof ClaimLostError))
      rotating.log.warn({ err: nameOnly(failure) }, 'a rotation could not be put off');
  }
}
