import { type Held, writeHeld } from './held-rotation.ts';
import { type Next, openVersion, type Rotating, tryVersion } from './rotating.ts';
import { noteWrongTry } from './wrong-tries.ts';

const forgotten = 'forgotten';

/**
 * Whether the system refuses the current password that it took before, as one does that was killed
 * or restored before it had written it down. A new rotation of the account would settle that. Once a
 * rotation: of two servers behind one address that don't agree each would be right in turn, for ever.
 */
export async function isForgotten(rotating: Rotating, held: Held): Promise<boolean> {
  const { orgId, id, candidate, account, told } = held;
  if (candidate === null || candidate !== account.version || told.includes(forgotten)) return false;
  const { rowCount } = await rotating.pool.query({
    name: 'rotation-others',
    text: `SELECT FROM account_rotations WHERE org_id = $1 AND account_id = $2 AND id <> $3
             AND state IN ('queued', 'candidate', 'set', 'uncertain', 'promoted', 'manual')`,
    values: [orgId, account.id, id],
  });
  if (rowCount !== 0) return false;
  const outcome = await tryVersion(rotating, held, await openVersion(rotating, orgId, account.id, candidate));
  if (outcome.result === 'refused') await noteWrongTry(rotating.pool, held);
  return outcome.result === 'refused';
}

/** What signs in is searched for behind the candidate, and then the candidate is set again. */
export async function setAgain({ pool, times }: Rotating, held: Held): Promise<Next> {
  const changes = { state: 'uncertain', probe: 1, error: forgotten, failing_since: 'now', attempts: 0 } as const;
  await writeHeld(pool, held, { ...changes, told: [...held.told, forgotten] }, times.lease);
  return 'on';
}
