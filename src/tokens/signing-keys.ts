import { exportJWK, generateKeyPair } from 'jose';
import type { JWK } from 'oidc-provider';
import type { Pool, PoolClient } from 'pg';
import { newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import { type Keyring, UnsealError } from '../keyring.ts';

/** A fixed number for the advisory lock: among nodes that start together one makes the key. */
const makingLock = 7_262_002;
const purpose = (id: string) => `signing-key:${id}`;

/**
 * The authorization server's private keys, the newest first: the newest signs ID tokens, all are
 * published. The first is made when it is needed. Every node has the same. @throws Error where
 * ENCRYPTION_KEYS can't open them
 */
export async function loadSigningKeys({ pool, keyring }: { pool: Pool; keyring: Keyring }): Promise<JWK[]> {
  const stored = await readKeys(pool);
  const sealed = stored.length > 0 ? stored : await makeFirst(pool, keyring);
  return Promise.all(sealed.map(({ id, private_key }) => open(keyring, id, private_key)));
}

type SealedKey = { id: string; private_key: string };

async function readKeys(db: Pool | PoolClient): Promise<SealedKey[]> {
  const { rows } = await db.query<SealedKey>('SELECT id, private_key FROM signing_keys ORDER BY created_at DESC, id');
  return rows;
}

/** RS256, which every OpenID Connect client can verify (Core §15.1). */
async function makeFirst(pool: Pool, keyring: Keyring): Promise<SealedKey[]> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const id = newId('signingKey');
  const jwk = { ...(await exportJWK(privateKey)), kid: id, use: 'sig', alg: 'RS256' };
  const made = { id, private_key: await keyring.encrypt(JSON.stringify(jwk), purpose(id)) };
  return transaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [makingLock]);
    const others = await readKeys(client);
    if (others.length > 0) return others;
    await client.query('INSERT INTO signing_keys (id, private_key) VALUES ($1, $2)', [made.id, made.private_key]);
    return [made];
  });
}

async function open(keyring: Keyring, id: string, sealed: string): Promise<JWK> {
  try {
    return JSON.parse(await keyring.decrypt(sealed, purpose(id)));
  } catch (cause) {
    if (!(cause instanceof UnsealError)) throw cause;
    throw new Error(
      'The keys that sign ID tokens cannot be opened: ENCRYPTION_KEYS lacks the key that they were sealed with. Add it again, behind the current one.',
      { cause },
    );
  }
}
