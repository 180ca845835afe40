import type { Held } from './held-rotation.ts';
import { promote } from './promote.ts';
import { putOff } from './put-off.ts';
import { type Next, openVersion, type Rotating, tryVersion } from './rotating.ts';
import { noteWrongTry } from './wrong-tries.ts';

/**
 * The system says that it took the candidate: does it sign in? This try isn't one with a password
 * that may be wrong, so that it waits for none. A system that can't be asked is believed.
 */
export async function verifyCandidate(rotating: Rotating, held: Held): Promise<Next> {
  const candidate = await openVersion(rotating, held.orgId, held.account.id, held.candidate as number);
  const outcome = await tryVersion(rotating, held, candidate);
  switch (outcome.result) {
    case 'accepted':
      return promote(rotating, held);
    case 'unproven':
      return promote(rotating, held, 'unproven');
    case 'unavailable':
      return putOff(rotating, held, 'unavailable', outcome.error);
    case 'refused':
      await noteWrongTry(rotating.pool, held);
      return putOff(rotating, held, 'not_accepted', 'not_accepted', { state: 'uncertain', probe: 0 });
  }
}
