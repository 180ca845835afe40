import { type Adapter, type AdapterPayload, Provider } from 'oidc-provider';
import { idHash } from './id-hash.ts';
import { parseReference } from './references.ts';
import { dead, refuseUse, type StorageDeps, tokenAdapter, usedGrant, useOf, withoutSecrets } from './stored-tokens.ts';

type NewToken = Readonly<{ id: string; payload: AdapterPayload; expiresIn: number }>;
type Use = Readonly<{ used: string; successor: NewToken; accessToken: NewToken }>;

declare module 'http' {
  interface IncomingMessage {
    /** The refresh token that this refresh gives; its access token brings it to the database. */
    successor?: NewToken;
  }
}

/**
 * A refresh token is used up by the statement that inserts its successor and the access token, or
 * not at all: a refresh that failed may be sent again. Further uses within the org's grace are
 * another tab's, or those of an app that lost the answer; any other use ends the grant.
 */
export function refreshTokenAdapter(deps: StorageDeps): Adapter {
  const tokens = tokenAdapter(deps, 'RefreshToken');
  return {
    ...tokens,

    async upsert(id, payload, expiresIn = 0) {
      const ctx = Provider.ctx;
      // The library names the token that is being used by then.
      if (ctx?.oidc.entities.RotatedRefreshToken) ctx.req.successor = { id, payload, expiresIn };
      else await tokens.upsert(id, payload, expiresIn);
    },

    async find(id) {
      const payload = (await tokens.find(id)) ?? undefined;
      // Whether this use counts is for `refresh` to say.
      if (payload && Provider.ctx?.oidc.route === 'token') delete payload.consumed;
      return payload;
    },

    consume: async () => {},
  };
}

/** Access tokens; that of a refresh is inserted with its refresh token. */
export function accessTokenAdapter(deps: StorageDeps): Adapter {
  const tokens = tokenAdapter(deps, 'AccessToken');
  return {
    ...tokens,

    async upsert(id, payload, expiresIn = 0) {
      const successor = Provider.ctx?.req.successor;
      const used = Provider.ctx?.oidc.entities.RotatedRefreshToken?.jti;
      await (successor && used !== undefined
        ? refresh(deps, { used, successor, accessToken: { id, payload, expiresIn } })
        : tokens.upsert(id, payload, expiresIn));
    },
  };
}

async function refresh(deps: StorageDeps, { used, successor, accessToken }: Use): Promise<void> {
  const grant = parseReference(successor.payload.grantId);
  if (!grant || grant.orgId !== (deps.orgId ?? grant.orgId)) throw dead();
  const usedHash = idHash(deps.orgId, used);
  // RFC 6749 §6: without a scope the app asks for all that the token has.
  const scope = String(Provider.ctx?.oidc.params?.scope ?? successor.payload.scope);
  const { rowCount } = await deps.pool.query({
    name: 'refresh-token-use',
    text: refreshSql,
    values: [
      'AccessToken',
      idHash(deps.orgId, accessToken.id),
      withoutSecrets(accessToken.payload),
      accessToken.expiresIn,
      grant.orgId,
      grant.id,
      successor.payload.clientId,
      ...useOf(deps.config),
      idHash(deps.orgId, successor.id),
      withoutSecrets(successor.payload),
      successor.expiresIn,
      usedHash,
      inOrder(scope),
    ],
  });
  if (rowCount !== 1) await refuseUse(deps, 'RefreshToken', usedHash);
}

const inOrder = (scope: string) => [...new Set(scope.split(' '))].sort().join(' ');

/** How many successors a refresh token may have, each made by one use. */
const mostSuccessors = 3;

/**
 * Uses of one grant's refresh tokens wait here for each other. Each condition on a token is put to
 * the row that is updated: after the wait PostgreSQL re-checks that row in its newest version, and
 * everything else in the old snapshot. That is why a used token names the heir, the successor that
 * was used first: siblings that the snapshot lacks could not be updated.
 */
const refreshSql = `
  WITH holder AS (${usedGrant}),
  heir AS (
    UPDATE tokens p SET heir_hash = t.id_hash
    FROM holder, tokens t
    WHERE t.kind = 'RefreshToken' AND t.id_hash = $13 AND p.kind = 'RefreshToken' AND p.id_hash = t.parent_hash
      AND (p.heir_hash IS NULL OR p.heir_hash = t.id_hash)
    RETURNING p.id_hash
  ),
  used AS (
    UPDATE tokens t
    SET consumed_at = coalesce(t.consumed_at, now()), uses = t.uses + 1, used_scope = coalesce(t.used_scope, $14),
      expires_at = greatest(t.expires_at, now() + make_interval(secs => $12))
    FROM holder JOIN orgs o ON o.id = holder.org_id LEFT JOIN heir ON true
    WHERE t.kind = 'RefreshToken' AND t.id_hash = $13 AND t.org_id = holder.org_id AND t.grant_id = holder.id
      AND (t.parent_hash IS NULL OR heir.id_hash IS NOT NULL)
      AND (t.consumed_at IS NULL
        OR (t.heir_hash IS NULL AND t.uses < ${mostSuccessors} AND t.used_scope = $14 AND o.refresh_grace_seconds > 0
          AND t.consumed_at > now() - make_interval(secs => o.refresh_grace_seconds)))
    RETURNING t.org_id, t.grant_id
  ),
  successor AS (
    INSERT INTO tokens (kind, id_hash, payload, expires_at, org_id, grant_id, parent_hash)
    SELECT 'RefreshToken', $10, $11, now() + make_interval(secs => $12), org_id, grant_id, $13 FROM used
  )
  INSERT INTO tokens (kind, id_hash, payload, expires_at, org_id, grant_id)
  SELECT $1, $2, $3, now() + make_interval(secs => $4), org_id, grant_id FROM used`;
