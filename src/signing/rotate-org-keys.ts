import type { Pool, PoolClient } from 'pg';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import type { Keyring } from '../keyring.ts';
import { insertOrgKey, lockOrgKeys, makeOrgKey, type OrgKeyDeps } from './org-keys.ts';
import { aheadSeconds, keptFor, leastAheadSeconds, type Rotation, type SigningKey, shownKeys } from './rotation.ts';

/** The age at which a key gets a successor by itself. */
const greatestAge = '90 days';
/** Orgs of one turn of the chore: making a key costs a tenth of a second. */
const orgsAtOnce = 20;

const successorOf = `SELECT min(s.active_from) FROM org_signing_keys s
  WHERE s.org_id = k.org_id AND (s.active_from, s.created_at) > (k.active_from, k.created_at)`;

/** The newest first. */
export async function listOrgKeys(db: Pool | PoolClient, orgId: string): Promise<readonly SigningKey[]> {
  const keys = `SELECT k.id, k.active_from AS signs_from, k.created_at, (${successorOf}) AS successor
                FROM org_signing_keys k WHERE k.org_id = $1`;
  const { rows } = await db.query<SigningKey>(shownKeys(keys), [orgId]);
  return rows;
}

/** The keys of every org that has any, each org's newest first, for at most `limit` orgs by slug. */
export async function listAllOrgKeys(
  db: Pool,
  limit: number,
): Promise<readonly (SigningKey & Readonly<{ org: string }>)[]> {
  const { rows: orgs } = await db.query<{ id: string; slug: string }>(
    `SELECT o.id, o.slug FROM orgs o WHERE EXISTS (SELECT FROM org_signing_keys k WHERE k.org_id = o.id)
     ORDER BY o.slug LIMIT $1`,
    [limit],
  );
  const lists = await Promise.all(
    orgs.map(async ({ id, slug }) => (await listOrgKeys(db, id)).map((key) => ({ org: slug, ...key }))),
  );
  return lists.flat();
}

/**
 * Makes a new key of the org: `ahead` it signs in a day, `now` in a minute, when every node publishes
 * it (one that is published already is only brought forward). After a leak it signs at once, and all
 * others are gone at once. Returns all keys. @throws AppError conflict where `ahead` finds one published
 */
export async function rotateOrgKeys(
  { pool, keyring }: OrgKeyDeps,
  orgId: string,
  rotation: Rotation,
): Promise<readonly SigningKey[]> {
  const made = await makeOrgKey(keyring, orgId);
  return transaction(pool, async (client) => {
    await lockOrgKeys(client, orgId);
    const known = await listOrgKeys(client, orgId);
    const next = known.find(({ state }) => state === 'published');
    if (rotation === 'leaked') await client.query('DELETE FROM org_signing_keys WHERE org_id = $1', [orgId]);
    if (rotation === 'now' && next)
      await client.query(
        `UPDATE org_signing_keys SET active_from = least(active_from, now() + make_interval(secs => $3))
         WHERE org_id = $1 AND id = $2`,
        [orgId, next.id, leastAheadSeconds],
      );
    else if (rotation === 'ahead' && next)
      throw new AppError(
        'conflict',
        `The key ${next.id} is published already, and signs from ${next.signsFrom.toISOString()} on. Add --now to let it sign in a minute.`,
      );
    else {
      // The very first has nothing to wait for.
      const seconds = { ahead: aheadSeconds, now: leastAheadSeconds, leaked: 0 }[rotation];
      await insertOrgKey(client, orgId, made, known.length === 0 ? 0 : seconds);
    }
    return listOrgKeys(client, orgId);
  });
}

/** Removes keys whose signatures are gone. */
export async function sweepOrgKeys(client: PoolClient): Promise<boolean> {
  await client.query(`DELETE FROM org_signing_keys k WHERE (${successorOf}) < now() - interval '${keptFor}'`);
  return false;
}

/** The chore that publishes a successor where an org's newest key is old; it signs a day later. */
export const createRenewOrgKeys =
  ({ keyring }: { keyring: Keyring }) =>
  async (client: PoolClient): Promise<boolean> => {
    const { rows } = await client.query<{ org_id: string }>(
      `SELECT org_id FROM org_signing_keys GROUP BY org_id
       HAVING max(active_from) < now() - interval '${greatestAge}' ORDER BY org_id LIMIT ${orgsAtOnce}`,
    );
    for (const { org_id: orgId } of rows) {
      await lockOrgKeys(client, orgId);
      const isOld = `SELECT FROM org_signing_keys WHERE org_id = $1 HAVING max(active_from) < now() - interval '${greatestAge}'`;
      if ((await client.query(isOld, [orgId])).rowCount !== 1) continue;
      await insertOrgKey(client, orgId, await makeOrgKey(keyring, orgId), aheadSeconds);
    }
    return rows.length === orgsAtOnce;
  };
