import type { Pool } from 'pg';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { clockSkew, type IdpKeys, peek, UntrustedJwt } from '../connections/idp-keys.ts';
import { isStorableText } from '../database/storable.ts';
import { type Caller, CallerRefused, type Claimed } from './caller.ts';

/** Okta's `typ`: it keeps ID tokens, logout tokens and security events out (RFC 8725 §3.11). */
const jwtType = 'global-token-revocation+jwt';

/** Most seconds from `iat` to `exp`. */
const longestLife = 600;

const claims = z.object({
  jti: z.string().min(1).max(255).refine(isStorableText),
  exp: z.number(),
  iat: z.number(),
  nbf: z.number().optional(),
});

type Candidate = Readonly<{ org_id: string; id: string; jwks_uri: string; jwt_callers: boolean }>;

/**
 * Authenticates an IdP by its signed JWT. The JWT is no RFC 7523 assertion: `iss` is the IdP, `sub`
 * our client id there, and both together name the connection, which must have proven itself (see
 * `proveConnection`). The function @throws CallerRefused; AppError unavailable when the IdP's keys
 * can't be had.
 */
export function createJwtAuthentication(deps: { config: Config; pool: Pool; idpKeys: IdpKeys }) {
  const endpoint = `${deps.config.publicUrl}/global-token-revocation`;

  /** @param connectionId the connection whose own URL was called; null at the URL that all share */
  return async function authenticateJwt(token: string, connectionId: string | null): Promise<Caller> {
    const peeked = peek(token);
    if (!peeked) throw new CallerRefused('malformed', details.malformed);
    // The audience comes first: nothing else is done for a JWT that is meant for another server.
    const audience = connectionId === null ? endpoint : `${endpoint}/${connectionId}`;
    // One string, or a list of it alone: RFC 7519 §4.1.3 has both mean the same.
    const named = Array.isArray(peeked.aud) && peeked.aud.length === 1 ? peeked.aud[0] : peeked.aud;
    if (named !== audience)
      throw new CallerRefused('audience', `${details.audience} ${audience}`, async () =>
        claimedBy(await findConnections(deps.pool, peeked.iss, peeked.sub, connectionId)),
      );
    const found = await findConnections(deps.pool, peeked.iss, peeked.sub, connectionId);
    const [connection, another] = found;
    if (!connection) throw new CallerRefused('no_connection', details.unknown);
    if (another) throw new CallerRefused('ambiguous', details.unknown, async () => claimedBy(found));
    const { org_id: orgId, id } = connection;
    const payload = await verify(token, { orgId, id, jwksUri: connection.jwks_uri });
    const once = { kind: 'caller_jwt', ...judgeClaims(payload, { orgId, id }) } as const;
    return { orgId, type: 'connection', id, scopes: ['revoke'], allowed: connection.jwt_callers, once };
  };

  async function verify(token: string, connection: { orgId: string; id: string; jwksUri: string }): Promise<unknown> {
    try {
      return await deps.idpKeys.verify(token, connection, { types: [jwtType] });
    } catch (error) {
      if (!(error instanceof UntrustedJwt)) throw error;
      throw new CallerRefused(error.reason, trustDetails[error.reason], claimedAs(connection));
    }
  }
}

/** Searches all orgs, as a look-up by a secret's hash does; the found connection says the org. */
async function findConnections(
  pool: Pool,
  issuer: string | null,
  clientId: string | null,
  connectionId: string | null,
): Promise<Candidate[]> {
  const storable = (text: string | null) => text !== null && text.length <= 2048 && isStorableText(text);
  if (!storable(issuer) || !storable(clientId) || (connectionId !== null && !storable(connectionId))) return [];
  const { rows } = await pool.query<Candidate>({
    name: 'caller-connections',
    text: `SELECT c.org_id, c.id, c.jwks_uri, o.jwt_callers
           FROM connections c JOIN orgs o ON o.id = c.org_id
           WHERE c.client_id = $2 AND (c.issuer = $1 OR $1 = ANY (c.accepted_issuers))
             AND c.active AND c.proven_at IS NOT NULL AND ($3::text IS NULL OR c.id = $3)
           LIMIT 10`,
    values: [issuer, clientId, connectionId],
  });
  return rows;
}

function claimedBy(found: readonly Candidate[]): Claimed[] {
  return found.map(({ org_id: orgId, id }) => ({ orgId, type: 'connection', id }));
}

const claimedAs =
  ({ orgId, id }: { orgId: string; id: string }) =>
  async (): Promise<Claimed[]> => [{ orgId, type: 'connection', id }];

/** Times are seconds since 1970. The life is exp − iat, for Okta dates `nbf` back. */
function judgeClaims(payload: unknown, connection: { orgId: string; id: string }): { id: string; expiresAt: Date } {
  const refuse = (reason: string, detail: string) => new CallerRefused(reason, detail, claimedAs(connection));
  const parsed = claims.safeParse(payload);
  if (!parsed.success) throw refuse('claims', details.claims);
  const { jti, exp, iat, nbf } = parsed.data;
  const now = Date.now() / 1000;
  if (exp <= iat || exp - iat > longestLife) throw refuse('lifetime', details.lifetime);
  if (exp + clockSkew <= now) throw refuse('expired', details.expired);
  if (iat - clockSkew > now || (nbf ?? iat) - clockSkew > now) throw refuse('not_yet', details.notYet);
  return { id: `${connection.id} ${jti}`, expiresAt: new Date((exp + clockSkew) * 1000) };
}

// The texts are about the token that was sent, never about whether somebody exists here.
const details = {
  malformed: 'The credential is not a usable JWT.',
  audience: 'The "aud" of the JWT must be exactly the address that it is sent to:',
  unknown:
    'No identity provider that is known here vouches for this JWT with its "iss", "sub" (our client id) and key.',
  claims: 'The JWT needs "jti" (a text of 1 to 255 characters), "iat" and "exp" (numbers); "nbf" is a number.',
  lifetime: 'The JWT must live for at most 10 minutes: "exp" lies after "iat", by no more than 600 seconds.',
  expired: 'The JWT has expired.',
  notYet: 'The JWT is not valid yet: its "iat" or "nbf" lies in the future.',
};
const trustDetails: Record<UntrustedJwt['reason'], string> = {
  malformed: details.malformed,
  algorithm: 'The JWT must be signed with an asymmetric algorithm such as RS256.',
  type: `The "typ" of the JWT must be "${jwtType}".`,
  unknown_key: details.unknown,
  signature: details.unknown,
};
