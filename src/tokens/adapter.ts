import { hash } from 'node:crypto';
import { type Adapter, type AdapterFactory, type AdapterPayload, errors, Provider } from 'oidc-provider';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { inOAuthTerms } from './failures.ts';
import { endGrant, findGrant } from './grants.ts';
import { parseReference, toReference } from './references.ts';

type Deps = Readonly<{ pool: Pool; config: Config; log: Logger; announce: () => void }>;
type Kind = 'AccessToken' | 'AuthorizationCode' | 'DeviceCode' | 'Interaction' | 'RefreshToken' | 'Session';

const kinds: ReadonlySet<string> = new Set<Kind>([
  ...(['AccessToken', 'AuthorizationCode', 'DeviceCode', 'Interaction', 'RefreshToken', 'Session'] as const),
]);
/** A second use of the others is told from an unknown one: it ends the grant. */
const goneOnceUsed: ReadonlySet<string> = new Set<Kind>(['AccessToken', 'Interaction', 'Session']);

/** Only the SHA-256 of a token is stored: reading the table gives no one a token. */
export function hashToken(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

/**
 * The library's storage on PostgreSQL. Of a grant's codes and tokens none is ever written but by an INSERT under that very
 * grant, alive and locked; none is found unless the grant is alive; using one up is conditional. So nothing comes back to
 * life here, however a request and a revocation, or two requests, fall together: who loses hears invalid_grant.
 */
export function createAdapter(deps: Deps): AdapterFactory {
  return (kind) => {
    const adapter =
      kind === 'Grant' ? grantAdapter(deps) : kinds.has(kind) ? tokenAdapter(deps, kind as Kind) : nothing;
    const guard =
      <A extends unknown[], T>(method: (...args: A) => Promise<T>) =>
      (...args: A) =>
        inOAuthTerms(deps.log, () => method(...args));
    return {
      upsert: guard(adapter.upsert),
      find: guard(adapter.find),
      findByUserCode: guard(adapter.findByUserCode),
      findByUid: guard(adapter.findByUid),
      consume: guard(adapter.consume),
      destroy: guard(adapter.destroy),
      revokeByGrantId: guard(adapter.revokeByGrantId),
    };
  };
}

const nothing: Adapter = {
  upsert: () => Promise.reject(new Error('this is never stored')),
  find: async () => undefined,
  findByUserCode: async () => undefined,
  findByUid: async () => undefined,
  consume: async () => {},
  destroy: async () => {},
  // What is under a grant ends with it: `destroy` of the grant does it all. An access token that is given back ends alone.
  revokeByGrantId: async () => {},
};

/** Grants are inserted by an approval alone (approve.ts). */
function grantAdapter({ pool, announce }: Deps): Adapter {
  return {
    ...nothing,
    async find(id) {
      const reference = parseReference(id);
      return reference ? findGrant(pool, reference) : undefined;
    },
    async destroy(id) {
      const reference = parseReference(id);
      if (!reference) return;
      await endGrant(pool, reference, Provider.ctx?.oidc.route === 'revocation' ? 'by_app' : 'token_used_twice');
      announce();
    },
  };
}

function tokenAdapter({ pool, config, announce }: Deps, kind: Kind): Adapter {
  const upsert: Adapter['upsert'] = async (id, payload, expiresIn = 0) => {
    if (kind === 'Session' || kind === 'Interaction') return upsertFree(id, payload, expiresIn);
    if (kind === 'DeviceCode') return upsertDeviceCode(id, payload, expiresIn);
    const grant = parseReference(payload.grantId);
    if (!grant) throw new errors.InvalidGrant('it belongs to no grant');
    const { rowCount } = await pool.query({
      name: `token-insert-${kind}`,
      text: kind === 'AccessToken' ? insertAccessTokenSql : insertTokenSql,
      values: [
        ...[kind, hashToken(id), storable(payload), expiresIn, grant.orgId, grant.id, payload.clientId],
        ...(kind === 'AccessToken' ? [config.grantIdleSeconds] : []),
      ],
    });
    if (rowCount !== 1) throw dead();
  };

  /** What says nothing about anybody. One that was destroyed, or has expired, stays so. */
  async function upsertFree(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    await pool.query({
      name: 'token-upsert-free',
      text: `INSERT INTO tokens AS t (kind, id_hash, payload, expires_at)
             VALUES ($1, $2, $3, now() + make_interval(secs => $4))
             ON CONFLICT (kind, id_hash) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at
             WHERE t.consumed_at IS NULL AND t.expires_at > now()`,
      values: [kind, hashToken(id), impersonal(kind, payload), expiresIn],
    });
  }

  /** A device code is made, taken in hand by one browser, and then approved under a live grant or refused: once each. */
  async function upsertDeviceCode(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    const idHash = deviceCodeHash(id);
    const { error, inFlight, accountId } = payload;
    if (!error && !inFlight && !accountId) {
      await pool.query({
        name: 'device-code-insert',
        text: `INSERT INTO tokens (kind, id_hash, user_code_hash, payload, expires_at)
               VALUES ('DeviceCode', $1, $2, $3, now() + make_interval(secs => $4))`,
        values: [idHash, hashToken(payload.userCode ?? ''), storable(payload), expiresIn],
      });
      return;
    }
    const grant = error ? null : parseReference(payload.grantId);
    const { rowCount } = await pool.query(
      grant
        ? {
            name: 'device-code-approve',
            text: approveDeviceCodeSql,
            values: [idHash, storable(payload), grant.orgId, grant.id, payload.clientId],
          }
        : {
            name: 'device-code-update',
            text: `UPDATE tokens t SET payload = $2
                   WHERE t.kind = 'DeviceCode' AND t.id_hash = $1 AND ${pending} AND ($3 OR NOT t.payload ? 'inFlight')`,
            values: [idHash, storable(withoutPerson(payload)), error !== undefined],
          },
    );
    if (rowCount !== 1) throw dead();
  }

  async function find(idHash: Buffer): Promise<AdapterPayload | undefined> {
    const { rows } = await pool.query({
      name: 'token-find',
      text: `SELECT ${foundColumns} FROM tokens t WHERE t.kind = $1 AND t.id_hash = $2`,
      values: [kind, idHash],
    });
    return rows[0] && found(rows[0]);
  }

  function found(row: FoundRow): AdapterPayload | undefined {
    if (!row.counts || (row.consumed !== null && goneOnceUsed.has(kind))) return undefined;
    return {
      ...row.payload,
      ...(row.grant_id === null ? {} : { grantId: toReference({ orgId: row.org_id, id: row.grant_id }) }),
      ...(row.consumed === null ? {} : { consumed: row.consumed }),
    };
  }

  return {
    upsert,

    async find(id) {
      const payload = await find(kind === 'DeviceCode' ? deviceCodeHash(id) : hashToken(id));
      return payload && { ...payload, jti: id };
    },

    async findByUserCode(userCode) {
      const { rows } = await pool.query({
        name: 'device-code-by-user-code',
        text: `SELECT ${foundColumns}, t.id_hash FROM tokens t WHERE t.kind = 'DeviceCode' AND t.user_code_hash = $1`,
        values: [hashToken(userCode)],
      });
      const payload = rows[0] && found(rows[0]);
      return payload && { ...payload, userCode, jti: standIn(rows[0].id_hash) };
    },

    findByUid: async () => undefined,

    async consume(id) {
      const idHash = hashToken(id);
      const { rowCount } = await pool.query({
        name: 'token-consume',
        text: `UPDATE tokens t SET consumed_at = now()
               WHERE t.kind = $1 AND t.id_hash = $2 AND t.consumed_at IS NULL AND ${counts}`,
        values: [kind, idHash],
      });
      if (rowCount === 1) return;
      // Somebody was faster: it was used twice, and nobody knows by whom.
      const payload = await find(idHash);
      const grant = payload?.consumed ? parseReference(payload.grantId) : null;
      if (grant) {
        await endGrant(pool, grant, 'token_used_twice');
        announce();
      }
      throw dead();
    },

    /** Used up, and what it held is erased. Of two requests that come back from one interaction, one goes on. */
    async destroy(id) {
      const { rowCount } = await pool.query({
        name: 'token-destroy',
        text: `UPDATE tokens SET consumed_at = now(), payload = '{}' WHERE kind = $1 AND id_hash = $2 AND consumed_at IS NULL`,
        values: [kind, hashToken(id)],
      });
      if (kind === 'Interaction' && rowCount !== 1)
        throw new errors.SessionNotFound('the sign-in for the app was already completed');
    },

    revokeByGrantId: nothing.revokeByGrantId,
  };
}

type FoundRow = {
  payload: AdapterPayload;
  org_id: string;
  grant_id: string | null;
  consumed: number | null;
  counts: boolean;
};

const counts = `(t.grant_id IS NULL
  OR EXISTS (SELECT FROM live_grants l WHERE l.org_id = t.org_id AND l.id = t.grant_id))`;
const foundColumns = `t.payload, t.org_id, t.grant_id, extract(epoch FROM t.consumed_at)::int AS consumed, ${counts} AS counts`;
/** A device code that no one has answered. */
const pending = `t.grant_id IS NULL AND t.consumed_at IS NULL AND t.expires_at > now() AND NOT t.payload ? 'error'`;

// The grant's own tombstones are compared beside the view: after waiting for a lock, PostgreSQL re-checks the locked row in
// its newest version, but what the view reads still in the old snapshot. A generation that moves meanwhile needs no lock:
// the token is then born dead.
const held = (org: string, id: string, client: string) => `
  FROM grants g JOIN live_grants l ON l.org_id = g.org_id AND l.id = g.id
  WHERE g.org_id = ${org} AND g.id = ${id} AND g.client_id = ${client} AND g.revoked_at IS NULL AND g.ended_at IS NULL
  FOR NO KEY UPDATE OF g`;

const insertTokenSql = `
  WITH holder AS (SELECT g.org_id, g.id ${held('$5', '$6', '$7')})
  INSERT INTO tokens (kind, id_hash, payload, expires_at, org_id, grant_id)
  SELECT $1, $2, $3, now() + make_interval(secs => $4), org_id, id FROM holder`;

/** Also moves the grant's idle time on; without a refresh token the grant ends with its access token. */
const insertAccessTokenSql = `
  WITH holder AS (
    UPDATE grants g SET last_seen_at = now(), idle_expires_at = least(g.expires_at, now() + make_interval(secs =>
      CASE WHEN 'offline_access' = ANY (string_to_array(g.scope, ' ')) THEN $8::float8 ELSE $4 END))
    WHERE g.org_id = $5 AND g.id = $6 AND g.client_id = $7 AND g.revoked_at IS NULL AND g.ended_at IS NULL
      AND EXISTS (SELECT FROM live_grants l WHERE l.org_id = g.org_id AND l.id = g.id)
    RETURNING g.org_id, g.id
  )
  INSERT INTO tokens (kind, id_hash, payload, expires_at, org_id, grant_id)
  SELECT $1, $2, $3, now() + make_interval(secs => $4), org_id, id FROM holder`;

const approveDeviceCodeSql = `
  WITH holder AS (SELECT g.org_id, g.id ${held('$3', '$4', '$5')})
  UPDATE tokens t SET payload = $2, org_id = holder.org_id, grant_id = holder.id
  FROM holder WHERE t.kind = 'DeviceCode' AND t.id_hash = $1 AND ${pending}`;

/** Without the secrets themselves; where it belongs stands in columns. */
function storable({ jti: _jti, grantId: _grantId, userCode: _userCode, ...payload }: AdapterPayload): AdapterPayload {
  return payload;
}

/**
 * The library's session proves nothing here and says nothing about anybody: it only carries the form of the device page. Nor
 * does an interaction remember who approved one before it.
 */
function impersonal(kind: Kind, payload: AdapterPayload): AdapterPayload {
  if (kind === 'Session') {
    const { uid, iat, exp, state } = payload;
    return { kind, uid, iat, exp, state };
  }
  const { session: _session, lastSubmission: _lastSubmission, ...rest } = storable(payload);
  return rest;
}

function withoutPerson(payload: AdapterPayload): AdapterPayload {
  const { accountId: _accountId, authTime: _authTime, claims: _claims, scope: _scope, ...rest } = payload;
  return rest;
}

/**
 * The page where a person types the short code finds the device code by that, and passes it on by its hash: the code
 * itself isn't stored. Only those pages can; from a client such a name is hashed like any other code, and unknown.
 */
const standIn = (idHash: Buffer) => `sha256:${idHash.toString('hex')}`;

function deviceCodeHash(id: string): Buffer {
  const route = Provider.ctx?.oidc.route;
  const stands = (route === 'code_verification' || route === 'device_resume') && id.startsWith('sha256:');
  return stands ? Buffer.from(id.slice('sha256:'.length), 'hex') : hashToken(id);
}

/** At the token endpoint the app hears it; elsewhere a browser waits for the answer. */
function dead(): errors.OIDCProviderError {
  return Provider.ctx?.oidc.route === 'token'
    ? new errors.InvalidGrant('it was used before, or its grant has ended')
    : new errors.AccessDenied('the approval no longer holds');
}
