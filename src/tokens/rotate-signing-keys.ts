import type { Pool, PoolClient } from 'pg';
import type { Chore } from '../database/chores.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import {
  aheadSeconds,
  keptFor,
  leastAheadSeconds,
  type Rotation,
  type SigningKey,
  shownKeys,
} from '../signing/rotation.ts';
import { insertKey, type KeyDeps, makeKey, makingLock } from './signing-keys.ts';

const successorOf = `SELECT min(s.active_from) FROM signing_keys s
  WHERE (s.active_from, s.created_at) > (k.active_from, k.created_at)`;

/** The newest first. */
export async function listSigningKeys(db: Pool | PoolClient): Promise<readonly SigningKey[]> {
  const keys = `SELECT k.id, k.active_from AS signs_from, k.created_at, (${successorOf}) AS successor FROM signing_keys k`;
  const { rows } = await db.query<SigningKey>(shownKeys(keys));
  return rows;
}

/**
 * Makes a new key: `ahead` it signs in a day, `now` in a minute, when every node publishes it (one
 * that is published already is only brought forward). After a leak it signs at once, and all others
 * are gone at once. Returns all keys. @throws AppError conflict where `ahead` finds one published
 */
export async function rotateSigningKeys(
  { pool, keyring }: KeyDeps,
  rotation: Rotation,
): Promise<readonly SigningKey[]> {
  const made = await makeKey(keyring);
  return transaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [makingLock]);
    const known = await listSigningKeys(client);
    const next = known.find(({ state }) => state === 'published');
    if (rotation === 'leaked') await client.query('DELETE FROM signing_keys');
    if (rotation === 'now' && next)
      await client.query(
        `UPDATE signing_keys SET active_from = least(active_from, now() + make_interval(secs => $2)) WHERE id = $1`,
        [next.id, leastAheadSeconds],
      );
    else if (rotation === 'ahead' && next)
      throw new AppError(
        'conflict',
        `The key ${next.id} is published already, and signs from ${next.signsFrom.toISOString()} on. Add --now to let it sign in a minute.`,
      );
    else {
      // The very first has nothing to wait for.
      const seconds = { ahead: aheadSeconds, now: leastAheadSeconds, leaked: 0 }[rotation];
      await insertKey(client, made, known.length === 0 ? 0 : seconds);
    }
    return listSigningKeys(client);
  });
}

/** Removes keys whose tokens are gone. */
export const sweepSigningKeys: Chore = async (client) => {
  await client.query(`DELETE FROM signing_keys k WHERE (${successorOf}) < now() - interval '${keptFor}'`);
  return false;
};
