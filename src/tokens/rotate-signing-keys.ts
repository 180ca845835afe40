import type { Pool, PoolClient } from 'pg';
import type { Chore } from '../database/chores.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import { insertKey, type KeyDeps, makeKey, makingLock } from './signing-keys.ts';

/** Seconds that a new key is published before it signs: apps may keep the published keys a day. */
export const aheadSeconds = 24 * 3600;

/** The least: within these every node publishes the new key. */
export const leastAheadSeconds = 60;

/** How long a key stays published after another signs. An ID token lives five minutes. */
const keptFor = '1 day';

export type SigningKey = Readonly<{
  id: string;
  /** `published`: it will sign; `kept`: it has signed, and its tokens may still count. */
  state: 'signs' | 'published' | 'kept';
  signsFrom: Date;
  /** When it goes; null: no other has taken its place. */
  goesAt: Date | null;
}>;

const successorOf = `SELECT min(s.active_from) FROM signing_keys s
  WHERE (s.active_from, s.created_at) > (k.active_from, k.created_at)`;

/** The newest first. */
export async function listSigningKeys(db: Pool | PoolClient): Promise<readonly SigningKey[]> {
  const { rows } = await db.query<SigningKey>(
    `SELECT id, signs_from AS "signsFrom", successor + interval '${keptFor}' AS "goesAt",
            CASE WHEN signs_from > now() THEN 'published' WHEN successor <= now() THEN 'kept' ELSE 'signs' END AS state
     FROM (SELECT k.id, k.active_from AS signs_from, k.created_at, (${successorOf}) AS successor FROM signing_keys k) AS keys
     ORDER BY signs_from DESC, created_at DESC, id`,
  );
  return rows;
}

export type Rotation = 'ahead' | 'now' | 'leaked';

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
