import type { PoolClient } from 'pg';
import { transaction } from '../../database/pool.ts';
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
    const detail = { version, cause: held.cause, ...(await revocationsOf(client, held)) };
    await record(client, held, 'account.rotated', detail);
    if (held.cause === 'reconcile') await record(client, held, 'account.reconciled', { version, result: 'rotated' });
  });
  return 'on';
}

/** Revocations that an event names: its detail is kept short. */
const mostNamed = 20;

/** The weightiest of its causes alone; of several all of them, that one first, up to a number. */
async function revocationsOf(client: PoolClient, { orgId, id, revocationId }: Held) {
  if (revocationId === null) return {};
  const { rows } = await client.query<{ id: string; all: number }>({
    name: 'rotation-revocations',
    text: `SELECT revocation_id AS id, (count(*) OVER ())::int AS all FROM account_rotation_revocations
           WHERE org_id = $1 AND rotation_id = $2 ORDER BY revocation_id <> $3, revocation_id LIMIT ${mostNamed}`,
    values: [orgId, id, revocationId],
  });
  const causes = rows[0]?.all ?? 0;
  return { revocation: revocationId, ...(causes > 1 && { revocations: rows.map((row) => row.id).join(' '), causes }) };
}
