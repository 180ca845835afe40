import { isUniqueViolation } from '../../database/errors.ts';
import { transaction } from '../../database/pool.ts';
import { makePassword, passwordRules } from '../make-password.ts';
import { type Held, writeHeld } from './held-rotation.ts';
import { keepVersion } from './make-current.ts';
import { handOver, putOff } from './put-off.ts';
import type { Next, Rotating } from './rotating.ts';

/** Candidates that a system refuses as a password, until people are asked. */
const mostRefused = 3;

/** Begins a rotation whose turn has come. */
export async function begin(rotating: Rotating, held: Held): Promise<Next> {
  try {
    if (held.searchFirst) {
      await writeHeld(rotating.pool, held, { state: 'uncertain', started_at: 'now' }, rotating.times.lease);
      return 'on';
    }
    return await makeCandidate(rotating, held);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    // Another one of this account was taken up again meanwhile.
    await writeHeld(rotating.pool, held, {}, 5);
    return 'wait';
  }
}

/** Commits a new password before a byte of it leaves. */
export async function makeCandidate(rotating: Rotating, held: Held): Promise<Next> {
  const { pool, vault, times } = rotating;
  const { orgId, account } = held;
  const connector = rotating.connectorOf(account.connector);
  const rules = passwordRules.safeParse(account.passwordRules);
  if (!rules.success) return putOff(rotating, held, 'denied', 'password_rules');
  if (held.refusedCandidates >= mostRefused) return handOver(rotating, held, 'rejected');
  const password = makePassword(rules.data, connector.without);
  await transaction(pool, async (client) => {
    // First the rotation: who lost the claim makes no version.
    const changes = { state: 'candidate', sent_at: null, previous: account.version } as const;
    await writeHeld(client, held, { ...changes, ...(held.state === 'queued' && { started_at: 'now' }) }, times.lease);
    const place = { orgId, accountId: account.id, rotationId: held.id };
    const candidate = await keepVersion(client, place, (version) =>
      vault.seal(orgId, account.id, version, password, client),
    );
    await writeHeld(client, held, { candidate }, times.lease);
  });
  return 'on';
}
