import { type Adapter, type AdapterPayload, errors, Provider } from 'oidc-provider';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { askingRequest, endGrant } from './grants.ts';
import { idHash as hashOf } from './id-hash.ts';
import { parseReference, toReference } from './references.ts';

export type StorageDeps = Readonly<{
  pool: Pool;
  accessPool: Pool;
  config: Pick<Config, 'grantIdleSeconds'>;
  log: Logger;
  announce: () => void;
  /** Whose issuer stores; undefined: the product's own. */
  orgId?: string;
}>;

type TokenKind =
  | 'AccessToken'
  | 'AuthorizationCode'
  | 'ClientCredentials'
  | 'DeviceCode'
  | 'Interaction'
  | 'RefreshToken'
  | 'ReplayDetection'
  | 'Session';

declare module 'http' {
  interface IncomingMessage {
    /** The request has used up a code: sent again it would end the grant. */
    codeUsedUp?: boolean;
  }
}

/** Kinds that look unknown once used; a second use of a code or a refresh token ends the grant. */
const goneOnceUsed: ReadonlySet<TokenKind> = new Set<TokenKind>(['ClientCredentials', 'Interaction', 'Session']);
/** Kinds that rest on no grant: they say nothing about anybody. */
const free: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'ClientCredentials',
  'Interaction',
  'ReplayDetection',
  'Session',
]);

export const nothing: Adapter = {
  upsert: () => Promise.reject(new Error('this is never stored')),
  find: async () => undefined,
  findByUserCode: async () => undefined,
  findByUid: async () => undefined,
  consume: async () => {},
  destroy: async () => {},
  // A grant's `destroy` ends all that is under it.
  revokeByGrantId: async () => {},
};

/** Rows of `tokens` of one kind. */
export function tokenAdapter(deps: StorageDeps, kind: TokenKind): Adapter {
  const { pool, config, orgId } = deps;
  const hash = (id: string) => hashOf(orgId, id);
  return {
    ...nothing,

    /** Inserts under a live grant; freely only if the payload says nothing about anybody. */
    async upsert(id, payload, expiresIn = 0) {
      if (kind === 'ReplayDetection') return spend(id, payload, expiresIn);
      await (free.has(kind) ? upsertFree(id, payload, expiresIn) : insertUnderGrant(id, payload, expiresIn));
    },

    async find(id) {
      const payload = await find(hash(id));
      return payload && { ...payload, jti: id };
    },

    /** Uses it up, once. A second use ends the grant: nobody knows which use was the app's own. */
    async consume(id) {
      const idHash = hash(id);
      const { rowCount } = await pool.query({
        name: 'token-consume',
        text: `UPDATE tokens t SET consumed_at = now()
               WHERE t.kind = $1 AND t.id_hash = $2 AND t.consumed_at IS NULL AND ${counts}`,
        values: [kind, idHash],
      });
      if (rowCount !== 1) return refuseUse(deps, kind, idHash);
      if (Provider.ctx) Provider.ctx.req.codeUsedUp = true;
    },

    /** Uses it up and erases it: of two requests from one interaction, only one goes on. */
    async destroy(id) {
      // The end of its grant covers a token that is given back. Erased first, it would be unknown to
      // the retry of a request whose second statement failed.
      if (kind === 'RefreshToken' || kind === 'AccessToken') return;
      const { rowCount } = await pool.query({
        name: 'token-destroy',
        text: `UPDATE tokens SET consumed_at = now(), payload = '{}'
               WHERE kind = $1 AND id_hash = $2 AND consumed_at IS NULL`,
        values: [kind, hash(id)],
      });
      if (kind === 'Interaction' && rowCount !== 1)
        throw new errors.SessionNotFound('the sign-in for the app was already completed');
    },
  };

  async function insertUnderGrant(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    const grant = parseReference(payload.grantId);
    if (!grant || grant.orgId !== (orgId ?? grant.orgId)) throw dead();
    const { rowCount } = await pool.query({
      name: `token-insert-${kind}`,
      text: kind === 'AccessToken' ? insertAccessTokenSql : insertTokenSql,
      values: [
        kind,
        hash(id),
        withoutSecrets(payload),
        expiresIn,
        grant.orgId,
        grant.id,
        payload.clientId,
        ...(kind === 'AccessToken' ? useOf(config) : []),
      ],
    });
    if (rowCount !== 1) throw dead();
  }

  /**
   * An assertion counts once (RFC 7523 §3): the library looks for its `jti` and then stores it, and
   * of two requests that both found nothing only one stores it.
   */
  async function spend(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    const { rowCount } = await pool.query({
      name: 'token-spend',
      text: `INSERT INTO tokens (kind, id_hash, payload, expires_at)
             VALUES ($1, $2, $3, now() + make_interval(secs => $4)) ON CONFLICT (kind, id_hash) DO NOTHING`,
      values: [kind, hash(id), impersonal(kind, payload), expiresIn],
    });
    if (rowCount !== 1) throw new errors.InvalidClientAuth('client assertion tokens must only be used once');
  }

  /** A row that was destroyed, or has expired, stays so. */
  async function upsertFree(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    await pool.query({
      name: 'token-upsert-free',
      text: `INSERT INTO tokens AS t (kind, id_hash, payload, expires_at)
             VALUES ($1, $2, $3, now() + make_interval(secs => $4))
             ON CONFLICT (kind, id_hash) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at
             WHERE t.consumed_at IS NULL AND t.expires_at > now()`,
      values: [kind, hash(id), impersonal(kind, payload), expiresIn],
    });
  }

  async function find(idHash: Buffer): Promise<AdapterPayload | undefined> {
    const payload = await findToken(pool, kind, idHash);
    return payload?.consumed && goneOnceUsed.has(kind) ? undefined : payload;
  }
}

/** `org_id` and `grant_id` are set, or null, together. */
type TokenRow = { payload: AdapterPayload; consumed: number | null } & (
  | { org_id: string; grant_id: string }
  | { org_id: null; grant_id: null }
);

/**
 * The payload, unless the token's grant is dead. A used token has `consumed`, in seconds, and so
 * has a refresh token whose sibling was used.
 */
export async function findToken(pool: Pool, kind: TokenKind, idHash: Buffer): Promise<AdapterPayload | undefined> {
  const { rows } = await pool.query<TokenRow>({
    name: `token-find-${kind}`,
    text: `SELECT t.payload, t.org_id, t.grant_id, extract(epoch FROM ${kind === 'RefreshToken' ? usedUpSql : 't.consumed_at'})::int AS consumed
           FROM tokens t WHERE t.kind = $1 AND t.id_hash = $2 AND ${counts}`,
    values: [kind, idHash],
  });
  const row = rows[0];
  return (
    row && {
      ...row.payload,
      ...(row.grant_id === null ? {} : { grantId: toReference({ orgId: row.org_id, id: row.grant_id }) }),
      ...(row.consumed === null ? {} : { consumed: row.consumed }),
    }
  );
}

/** When a refresh token was used, or that a sibling was. */
const usedUpSql = `coalesce(t.consumed_at, (
  SELECT now() FROM tokens p WHERE p.kind = t.kind AND p.id_hash = t.parent_hash AND p.heir_hash <> t.id_hash))`;

/** Refuses a use that doesn't count, and ends the grant if the token was used before. */
export async function refuseUse(deps: StorageDeps, kind: TokenKind, idHash: Buffer): Promise<never> {
  const payload = await findToken(deps.pool, kind, idHash);
  const grant = payload?.consumed ? parseReference(payload.grantId) : null;
  if (grant) {
    await endGrant(deps.accessPool, grant, 'token_used_twice');
    deps.announce();
  }
  throw dead();
}

/** Leaves out the secrets, and the grant's id, which stands in columns. */
export function withoutSecrets(payload: AdapterPayload): AdapterPayload {
  const { jti: _jti, grantId: _grantId, userCode: _userCode, ...rest } = payload;
  return rest;
}

/** At the token endpoint the app hears this; elsewhere a browser waits for the answer. */
export function dead(): errors.OIDCProviderError {
  return Provider.ctx?.oidc.route === 'token'
    ? new errors.InvalidGrant('it was used before, or its grant has ended')
    : new errors.AccessDenied('the approval no longer holds');
}

/**
 * The library's session proves nothing here and says nothing about anybody: it only carries the
 * form of the device page. An interaction doesn't remember who approved an earlier one; that of a
 * device remembers the browser (`begunIn`) in which the code was confirmed.
 */
function impersonal(kind: TokenKind, payload: AdapterPayload): AdapterPayload {
  if (kind === 'Session') {
    const { uid, iat, exp, state } = payload;
    return { kind, uid, iat, exp, state };
  }
  const { session: _session, lastSubmission: _lastSubmission, ...rest } = withoutSecrets(payload);
  const begunIn = rest.deviceCode ? Provider.ctx?.oidc.session?.uid : undefined;
  return begunIn ? { ...rest, begunIn } : rest;
}

const counts = `(t.grant_id IS NULL
  OR EXISTS (SELECT FROM live_grants l WHERE l.org_id = t.org_id AND l.id = t.grant_id))`;

/**
 * A live grant of this client, locked. Its own tombstones are compared beside the view: after a
 * wait for a lock, PostgreSQL re-checks the row in its newest version, but the view in the old
 * snapshot. A generation that moves meanwhile needs no lock: the token is then born dead.
 */
export const lockedGrant = (org: string, id: string, client: string) => `
  SELECT g.org_id, g.id FROM grants g JOIN live_grants l ON l.org_id = g.org_id AND l.id = g.id
  WHERE g.org_id = ${org} AND g.id = ${id} AND g.client_id = ${client} AND g.revoked_at IS NULL AND g.ended_at IS NULL
  FOR NO KEY UPDATE OF g`;

const insertTokenSql = `
  WITH holder AS (${lockedGrant('$5', '$6', '$7')})
  INSERT INTO tokens (kind, id_hash, payload, expires_at, org_id, grant_id)
  SELECT $1, $2, $3, now() + make_interval(secs => $4), org_id, id FROM holder`;

/**
 * A live grant, locked by the note of this use ($8 and $9 as `useOf` gives them), which moves its
 * idle time on. Without a refresh token the grant ends with its access token, after $4 seconds.
 */
export const usedGrant = `
  UPDATE grants g SET last_seen_at = now(), last_seen_ip = $9, idle_expires_at = least(g.expires_at, now() + make_interval(secs =>
    CASE WHEN 'offline_access' = ANY (string_to_array(g.scope, ' ')) THEN least($8::float8, o.grant_idle_seconds) ELSE $4 END))
  FROM orgs o
  WHERE o.id = g.org_id AND g.org_id = $5 AND g.id = $6 AND g.client_id = $7 AND g.revoked_at IS NULL AND g.ended_at IS NULL
    AND EXISTS (SELECT FROM live_grants l WHERE l.org_id = g.org_id AND l.id = g.id)
  RETURNING g.org_id, g.id`;

export const useOf = ({ grantIdleSeconds }: StorageDeps['config']) => [grantIdleSeconds, askingRequest().ip ?? null];

const insertAccessTokenSql = `
  WITH holder AS (${usedGrant})
  INSERT INTO tokens (kind, id_hash, payload, expires_at, org_id, grant_id)
  SELECT $1, $2, $3, now() + make_interval(secs => $4), org_id, id FROM holder`;
