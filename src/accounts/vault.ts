import { randomBytes } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { accountKeyPurpose } from '../database/sealed-places.ts';
import { createKeyring, type Keyring, UnsealError } from '../keyring.ts';

/**
 * Seals and opens the passwords of an org's shared accounts, under a key of the org's own that the
 * keyring seals: `keys rotate` seals that key anew, and without it every password is lost at once.
 * The key is read each time: one that was erased opens nothing on any node.
 */
export function createVault({ pool, keyring }: Readonly<{ pool: Pool; keyring: Keyring }>) {
  type Db = Pool | PoolClient;
  const read = async (db: Db, orgId: string) => {
    const { rows } = await db.query<{ key: string }>({
      name: 'account-key-read',
      text: 'SELECT key FROM org_account_keys WHERE org_id = $1',
      values: [orgId],
    });
    return rows[0]?.key;
  };
  /** Holds the key's row until the transaction ends: an erasure waits, and then finds what was sealed. */
  const hold = async (db: Db, orgId: string) => {
    const { rows } = await db.query<{ key: string }>({
      name: 'account-key-hold',
      text: 'SELECT key FROM org_account_keys WHERE org_id = $1 FOR KEY SHARE',
      values: [orgId],
    });
    return rows[0]?.key;
  };
  const open = async (orgId: string, sealed: string) => {
    try {
      const key = await keyring.decrypt(sealed, accountKeyPurpose(orgId));
      return createKeyring([Buffer.from(key, 'base64')]);
    } catch (cause) {
      if (!(cause instanceof UnsealError)) throw cause;
      throw new Error(
        `The key of the shared accounts of the organisation ${orgId} cannot be opened: ENCRYPTION_KEYS lacks the key that it was sealed with. Add it again, behind the current one.`,
        { cause },
      );
    }
  };
  /** The very first key is made when it is needed; of two nodes the first one's stays. */
  const keyToSeal = async (db: Db, orgId: string) => {
    const known = await hold(db, orgId);
    if (known !== undefined) return open(orgId, known);
    const made = await keyring.encrypt(randomBytes(32).toString('base64'), accountKeyPurpose(orgId));
    await db.query('INSERT INTO org_account_keys (org_id, key) VALUES ($1, $2) ON CONFLICT DO NOTHING', [orgId, made]);
    return open(orgId, (await hold(db, orgId)) ?? made);
  };
  const keyToOpen = async (db: Db, orgId: string) => {
    const known = await read(db, orgId);
    if (known === undefined) throw new UnsealError(new Error('the key of the shared accounts was erased'));
    return open(orgId, known);
  };
  const versionPurpose = (orgId: string, accountId: string, version: number) =>
    `account-version:${orgId}:${accountId}:${version}`;
  const adminPurpose = (orgId: string, accountId: string) => `account-admin:${orgId}:${accountId}`;

  return {
    /** Seals a version's password: moved to another row it doesn't open. `db`: inside a transaction. */
    async seal(orgId: string, accountId: string, version: number, password: string, db: Db = pool): Promise<string> {
      return (await keyToSeal(db, orgId)).encrypt(password, versionPurpose(orgId, accountId, version));
    },
    /** @throws UnsealError where the org's key was erased, or the text isn't of this version */
    async open(orgId: string, accountId: string, version: number, sealed: string, db: Db = pool): Promise<string> {
      return (await keyToOpen(db, orgId)).decrypt(sealed, versionPurpose(orgId, accountId, version));
    },
    /** The same for the password of the account's own administrator. */
    async sealAdmin(orgId: string, accountId: string, password: string, db: Db = pool): Promise<string> {
      return (await keyToSeal(db, orgId)).encrypt(password, adminPurpose(orgId, accountId));
    },
    async openAdmin(orgId: string, accountId: string, sealed: string, db: Db = pool): Promise<string> {
      return (await keyToOpen(db, orgId)).decrypt(sealed, adminPurpose(orgId, accountId));
    },
  };
}

export type Vault = ReturnType<typeof createVault>;
