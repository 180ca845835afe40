import { importJWK, type JWK, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import type { Pool, PoolClient } from 'pg';
import type { Config } from '../config.ts';
import { transaction } from '../database/pool.ts';
import { orgSigningKeyPurpose } from '../database/sealed-places.ts';
import { type Keyring, UnsealError } from '../keyring.ts';
import { newSigningJwk } from './rotation.ts';

/** Who an org is to the apps behind: whatever leaves in its name bears this `iss`. */
export const orgIssuer = ({ publicUrl }: Pick<Config, 'publicUrl'>, orgId: string) => `${publicUrl}/orgs/${orgId}`;

export type OrgKeyDeps = Readonly<{ pool: Pool; keyring: Keyring }>;

/**
 * The org's private keys: the first signs, all are published at its issuer. The very first is made
 * when it is needed. @throws Error where ENCRYPTION_KEYS can't open them
 */
export async function loadOrgKeys(deps: OrgKeyDeps, orgId: string): Promise<JWK[]> {
  const stored = await readKeys(deps.pool, orgId);
  const sealed = stored.length > 0 ? stored : [await makeFirst(deps, orgId)];
  return Promise.all(sealed.map(({ id, private_key }) => open(deps.keyring, orgId, id, private_key)));
}

type SealedKey = { id: string; private_key: string };

/** The one that signs first: of the active keys the newest. */
async function readKeys(db: Pool | PoolClient, orgId: string): Promise<SealedKey[]> {
  const { rows } = await db.query<SealedKey>({
    name: 'org-keys-read',
    text: `SELECT id, private_key FROM org_signing_keys WHERE org_id = $1
           ORDER BY active_from > now(), active_from DESC, created_at DESC, id`,
    values: [orgId],
  });
  return rows;
}

async function makeFirst({ pool, keyring }: OrgKeyDeps, orgId: string): Promise<SealedKey> {
  const made = await makeOrgKey(keyring, orgId);
  return transaction(pool, async (client) => {
    await lockOrgKeys(client, orgId);
    const [other] = await readKeys(client, orgId);
    if (other) return other;
    await insertOrgKey(client, orgId, made, 0);
    return made;
  });
}

/** Whoever makes a key of the org sees all that others have made. */
export async function lockOrgKeys(client: PoolClient, orgId: string): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(7262003, hashtext($1))`, [orgId]);
}

export async function makeOrgKey(keyring: Keyring, orgId: string): Promise<SealedKey> {
  const jwk = await newSigningJwk();
  const sealed = await keyring.encrypt(JSON.stringify(jwk), orgSigningKeyPurpose(orgId, jwk.kid));
  return { id: jwk.kid, private_key: sealed };
}

/** It signs from `seconds` on. The column would round this moment up, and 0 be too late. */
export async function insertOrgKey(
  client: PoolClient,
  orgId: string,
  { id, private_key }: SealedKey,
  seconds: number,
): Promise<void> {
  const text = `
    INSERT INTO org_signing_keys (org_id, id, private_key, active_from)
    VALUES ($1, $2, $3, date_trunc('milliseconds', now()) + make_interval(secs => $4))`;
  await client.query(text, [orgId, id, private_key, seconds]);
}

async function open(keyring: Keyring, orgId: string, id: string, sealed: string): Promise<JWK> {
  try {
    return JSON.parse(await keyring.decrypt(sealed, orgSigningKeyPurpose(orgId, id)));
  } catch (cause) {
    if (!(cause instanceof UnsealError)) throw cause;
    throw new Error(
      `The keys that sign in the name of the organisation ${orgId} cannot be opened: ENCRYPTION_KEYS lacks the key that they were sealed with. Add it again, behind the current one.`,
      { cause },
    );
  }
}

export type SignAsOrg = (
  orgId: string,
  header: Omit<JWTHeaderParameters, 'alg' | 'kid'>,
  claims: JWTPayload,
  options?: Readonly<{ issuer?: string }>,
) => Promise<string>;

/** Signs with one key of one org. */
export type SignClaims = (header: Omit<JWTHeaderParameters, 'alg' | 'kid'>, claims: JWTPayload) => Promise<string>;
export type OrgSignerDeps = OrgKeyDeps & { config: Pick<Config, 'publicUrl'> };

/** Opened keys that a node keeps for signing: opening one takes as long as a signature. */
const mostOpened = 200;

/**
 * Gives what signs with exactly the org's own key, under its own issuer. Which key that is is read
 * each time: one that leaked signs nothing more. `issuer`: for an assertion of a client (RFC 7523),
 * which is its own issuer.
 */
export function createOrgSigner(deps: OrgSignerDeps): (orgId: string, issuer?: string) => Promise<SignClaims> {
  // By their sealed text, which no other key has.
  const opened = new Map<string, ReturnType<typeof importJWK>>();
  const openOnce = (orgId: string, { id, private_key: sealed }: SealedKey) => {
    const known = opened.get(sealed);
    if (known) return known;
    const opening = open(deps.keyring, orgId, id, sealed).then((jwk) => importJWK(jwk, 'RS256'));
    opening.catch(() => opened.delete(sealed));
    const [oldest] = opened.keys();
    if (opened.size >= mostOpened && oldest !== undefined) opened.delete(oldest);
    opened.set(sealed, opening);
    return opening;
  };
  return async (orgId, issuer = orgIssuer(deps.config, orgId)) => {
    const [stored] = await readKeys(deps.pool, orgId);
    const sealed = stored ?? (await makeFirst(deps, orgId));
    const key = await openOnce(orgId, sealed);
    return (header, claims) =>
      new SignJWT({ ...claims, iss: issuer }).setProtectedHeader({ ...header, alg: 'RS256', kid: sealed.id }).sign(key);
  };
}

/** Signs once, as `createOrgSigner` says. */
export function createSignAsOrg(deps: OrgSignerDeps): SignAsOrg {
  const signerOf = createOrgSigner(deps);
  return async (orgId, header, claims, { issuer } = {}) => (await signerOf(orgId, issuer))(header, claims);
}
