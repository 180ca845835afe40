import type { JWK } from 'oidc-provider';
import type { Pool, PoolClient } from 'pg';
import { transaction } from '../database/pool.ts';
import { signingKeyPurpose } from '../database/sealed-places.ts';
import { type Keyring, UnsealError } from '../keyring.ts';
import { newSigningJwk } from '../signing/rotation.ts';

/** A fixed number for the advisory lock: whoever makes a key sees all that others have made. */
export const makingLock = 7_262_002;

/** Milliseconds after which a node reads the keys again. */
export const rereadMs = 10_000;

export type KeyDeps = Readonly<{ pool: Pool; keyring: Keyring }>;

/**
 * The authorization server's private keys: the first signs ID tokens, all are published. The very
 * first is made when it is needed. Every node has the same, within `rereadMs`. @throws Error where
 * ENCRYPTION_KEYS can't open them
 */
export async function loadSigningKeys({ pool, keyring }: KeyDeps): Promise<JWK[]> {
  const stored = await readKeys(pool);
  const sealed = stored.length > 0 ? stored : [await makeFirst({ pool, keyring })];
  return Promise.all(sealed.map(({ id, private_key }) => open(keyring, id, private_key)));
}

type SealedKey = { id: string; private_key: string };

/** The one that signs first: of the active keys the newest. */
async function readKeys(db: Pool | PoolClient): Promise<SealedKey[]> {
  const { rows } = await db.query<SealedKey>(
    'SELECT id, private_key FROM signing_keys ORDER BY active_from > now(), active_from DESC, created_at DESC, id',
  );
  return rows;
}

async function makeFirst({ pool, keyring }: KeyDeps): Promise<SealedKey> {
  const made = await makeKey(keyring);
  return transaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [makingLock]);
    const [other] = await readKeys(client);
    if (other) return other;
    await insertKey(client, made, 0);
    return made;
  });
}

export async function makeKey(keyring: Keyring): Promise<SealedKey> {
  const jwk = await newSigningJwk();
  return { id: jwk.kid, private_key: await keyring.encrypt(JSON.stringify(jwk), signingKeyPurpose(jwk.kid)) };
}

/** It signs from `seconds` on. The column would round this moment up, and 0 be too late. */
export function insertKey(client: PoolClient, { id, private_key }: SealedKey, seconds: number): Promise<unknown> {
  const text = `
    INSERT INTO signing_keys (id, private_key, active_from)
    VALUES ($1, $2, date_trunc('milliseconds', now()) + make_interval(secs => $3))`;
  return client.query(text, [id, private_key, seconds]);
}

async function open(keyring: Keyring, id: string, sealed: string): Promise<JWK> {
  try {
    return JSON.parse(await keyring.decrypt(sealed, signingKeyPurpose(id)));
  } catch (cause) {
    if (!(cause instanceof UnsealError)) throw cause;
    throw new Error(
      'The keys that sign ID tokens cannot be opened: ENCRYPTION_KEYS lacks the key that they were sealed with. Add it again, behind the current one.',
      { cause },
    );
  }
}
