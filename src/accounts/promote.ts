import { transaction } from '../database/pool.ts';
import { type Held, writeHeld } from './held-rotation.ts';
import { makeCurrent } from './make-current.ts';
import { record } from './put-off.ts';
import type { Next, Rotating } from './rotating.ts';

/** The candidate signs in: it is the current version, and what was is a former one, at once. */
export async function promote(rotating: Rotating, held: Held, error: string | null = null): Promise<Next> {
  const version = held.candidate as number;
  await transaction(rotating.pool, async (client) => {
    const done = {
      state: 'promoted',
      promoted_at: 'now',
      failing_since: null,
      why: null,
      attempts: 0,
      probe: 0,
      error,
    } as const;
    await writeHeld(client, held, done, rotating.times.lease);
    const previous = await makeCurrent(client, held.orgId, held.account.id, version);
    await writeHeld(client, held, { previous }, rotating.times.lease);
    const detail = { version, cause: held.cause, ...(held.revocationId && { revocation: held.revocationId }) };
    await record(client, held, 'account.rotated', detail);
    if (held.cause === 'reconcile') await record(client, held, 'account.reconciled', { version, result: 'rotated' });
  });
  return 'on';
}
