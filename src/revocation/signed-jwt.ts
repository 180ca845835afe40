import { isDeepStrictEqual } from 'node:util';
import { decodeJwt } from 'jose';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { clockSkew, type IdpKeys, peek, UntrustedJwt } from '../connections/idp-keys.ts';
import { lookUp, withPatience } from '../database/patience.ts';
import { isStorableText } from '../database/storable.ts';
import { quote, seconds, wrongMembers } from '../issues.ts';
import { type Caller, CallerRefused, type Claimed, switchedOff } from './caller.ts';
import type { Candidate, KnownCallers } from './known-callers.ts';

/** Okta's `typ`: it keeps ID tokens, logout tokens and security events out (RFC 8725 §3.11). */
const jwtType = 'global-token-revocation+jwt';

/** Most seconds from `iat` to `exp`. */
const longestLife = 600;

/** Seconds: a spent `jti` is known for longer than a call may be noted before it is carried out. */
const rememberedFor = 26 * 3600;

const claims = z.object({
  jti: z.string().min(1).max(255).refine(isStorableText),
  exp: z.number(),
  iat: z.number(),
  nbf: z.number().optional(),
});

/** Where a call came in, and where from. */
export type Called = Readonly<{
  /** The connection whose own URL was called; null at the URL that all share. */
  connectionId: string | null;
  network: string;
}>;

/** How a JWT is judged that came earlier, while the database was away. */
type Noted = Readonly<{
  /** When it came. */
  at: Date;
  /** By whose keys its signature held then; null: it couldn't be verified. */
  verified: Verified | null;
}>;

/** A connection, with the address of its keys. */
export type Verified = Readonly<{ orgId: string; connection: string; jwksUri: string }>;

export type JwtAuthentication = ReturnType<typeof createJwtAuthentication>;

/**
 * Authenticates an IdP by its signed JWT. The JWT is no RFC 7523 assertion: `iss` is the IdP, `sub`
 * our client id there, and both together name the connection, which must have proven itself (see
 * `proveConnection`). The function @throws CallerRefused; AppError unavailable when the IdP's keys
 * can't be had.
 */
export function createJwtAuthentication(deps: {
  config: Config;
  pool: Pool;
  idpKeys: IdpKeys;
  knownCallers: KnownCallers;
  /** Milliseconds that the database has for an answer. */
  patienceMs: number;
}) {
  const endpoint = `${deps.config.publicUrl}/global-token-revocation`;

  async function authenticate(token: string, called: Called, noted?: Noted): Promise<Caller> {
    const { iss, sub } = readAudience(token, called);
    const looking = findConnections(deps.pool, iss, sub, called.connectionId);
    const found = await withPatience(looking, deps.patienceMs);
    const [connection, another] = found;
    if (!connection)
      throw new CallerRefused('no_connection', details.unknown, () => findUnfit(token, { iss, sub }, called));
    if (another) throw new CallerRefused('ambiguous', details.unknown, async () => claimedBy(found));
    const caller = await callerOf(token, connection, called, noted);
    deps.knownCallers.keepConnection(iss, sub, called.connectionId, connection);
    return caller;
  }

  /**
   * By whose keys the JWT holds, as far as this node can tell without the database; null where it
   * knows nothing of its connection. @throws as above
   */
  async function verifyFromMemory(token: string, called: Called): Promise<Verified | null> {
    const { iss, sub } = readAudience(token, called);
    const connection = deps.knownCallers.findConnection(iss, sub, called.connectionId);
    if (!connection) return null;
    await callerOf(token, connection, called);
    return verifiedBy(connection);
  }

  function readAudience(token: string, { connectionId, network }: Called) {
    const peeked = peek(token);
    if (!peeked) throw new CallerRefused('malformed', details.malformed);
    // The audience comes first: a JWT that is meant for another server ends nothing here. For the
    // record it makes a difference whose it is.
    const audience = connectionId === null ? endpoint : `${endpoint}/${connectionId}`;
    // One string, or a list of it alone: RFC 7519 §4.1.3 has both mean the same.
    const named = Array.isArray(peeked.aud) && peeked.aud.length === 1 ? peeked.aud[0] : peeked.aud;
    if (named !== audience)
      throw new CallerRefused('audience', detailOfAudience(audience), async () => {
        const found = await findConnections(deps.pool, peeked.iss, peeked.sub, connectionId);
        const [connection, another] = found;
        if (!connection || another || !(await isOwn(token, peeked, connection, network))) return claimedBy(found);
        return [ownCall(connection, `It is ${quote(peeked.aud)}.`)];
      });
    return peeked;
  }

  async function callerOf(token: string, connection: Candidate, { network }: Called, noted?: Noted): Promise<Caller> {
    const { org_id: orgId, id } = connection;
    // Another connection, or another set of keys, says nothing of what held then.
    const held = isDeepStrictEqual(noted?.verified, verifiedBy(connection));
    const payload = held ? decodeJwt(token) : await verify(token, connection, network);
    const once = { kind: 'caller_jwt', ...judgeClaims(payload, connection, noted?.at) } as const;
    return { orgId, type: 'connection', id, scopes: ['revoke'], allowed: connection.jwt_callers, once };
  }

  function verifySignature(token: string, candidate: Candidate, network: string): Promise<unknown> {
    const { org_id: orgId, id, jwks_uri: jwksUri } = candidate;
    return deps.idpKeys.verify(token, { orgId, id, jwksUri }, { types: [jwtType], network });
  }

  async function verify(token: string, connection: Candidate, network: string): Promise<unknown> {
    try {
      return await verifySignature(token, connection, network);
    } catch (error) {
      if (!(error instanceof UntrustedJwt)) throw error;
      const claimed = error.isSigned ? [ownCall(connection, `It is ${quote(error.typ)}.`)] : claimedBy([connection]);
      throw new CallerRefused(error.reason, trustDetails[error.reason], async () => claimed);
    }
  }

  /**
   * Why the connection whose own address was called doesn't vouch for a JWT of its issuer. At the
   * URL that all share, only one that was proven and is switched off: anybody can add a connection
   * of any issuer, and would read here what its IdP signs.
   */
  async function findUnfit(
    token: string,
    { iss, sub }: { iss: string | null; sub: string | null },
    { connectionId, network }: Called,
  ): Promise<Claimed[]> {
    const named = connectionId ?? sub;
    if (!isStorable(iss) || !isStorable(named)) return [];
    const { rows } = await lookUp<Candidate & { active: boolean }>(deps.pool, {
      name: connectionId === null ? 'caller-connection-off' : 'caller-connection-unfit',
      text: `SELECT c.org_id, c.id, c.jwks_uri, o.jwt_callers, c.active, c.client_id
             FROM connections c JOIN orgs o ON o.id = c.org_id
             WHERE (c.issuer = $1 OR $1 = ANY (c.accepted_issuers))
               AND ${connectionId === null ? 'c.client_id = $2 AND NOT c.active AND c.proven_at IS NOT NULL' : 'c.id = $2'}
             LIMIT 2`,
      values: [iss, named],
    });
    const [connection, another] = rows;
    if (!connection || another || !(await isOwn(token, { sub }, connection, network))) return [];
    if (!connection.active) return [{ ...ownCall(connection, switchedOff.found), reason: switchedOff.reason }];
    if (sub !== connection.client_id)
      return [
        { ...ownCall(connection, `The connection has another client id than ${quote(sub)}.`), reason: 'subject' },
      ];
    return [{ ...ownCall(connection, 'The connection is not proven yet.'), reason: 'not_proven' }];
  }

  /**
   * Whether the connection's IdP made the JWT, and as a call of this endpoint: by its `typ`, or by
   * its `sub`, which no token of a person or of another app has. False where the keys can't be had.
   */
  function isOwn(
    token: string,
    { sub }: { sub: string | null },
    connection: Candidate,
    network: string,
  ): Promise<boolean> {
    return verifySignature(token, connection, network).then(
      () => true,
      (error) => error instanceof UntrustedJwt && error.isSigned && sub === connection.client_id,
    );
  }

  return { authenticate, verifyFromMemory };
}

const verifiedBy = ({ org_id: orgId, id: connection, jwks_uri: jwksUri }: Candidate): Verified => {
  return { orgId, connection, jwksUri };
};

/** Searches all orgs, as a look-up by a secret's hash does; the found connection says the org. */
async function findConnections(
  pool: Pool,
  issuer: string | null,
  clientId: string | null,
  connectionId: string | null,
): Promise<Candidate[]> {
  if (!isStorable(issuer) || !isStorable(clientId) || (connectionId !== null && !isStorable(connectionId))) return [];
  const { rows } = await lookUp<Candidate>(pool, {
    name: 'caller-connections',
    text: `SELECT c.org_id, c.id, c.client_id, c.jwks_uri, o.jwt_callers
           FROM connections c JOIN orgs o ON o.id = c.org_id
           WHERE c.client_id = $2 AND (c.issuer = $1 OR $1 = ANY (c.accepted_issuers))
             AND c.active AND c.proven_at IS NOT NULL AND ($3::text IS NULL OR c.id = $3)
           LIMIT 10`,
    values: [issuer, clientId, connectionId],
  });
  return rows;
}

const isStorable = (text: string | null) => text !== null && text.length <= 2048 && isStorableText(text);

function claimedBy(found: readonly Candidate[]): Claimed[] {
  return found.map(({ org_id: orgId, id }) => ({ orgId, type: 'connection', id }));
}

/** The IdP of the connection signed what is refused. `found`: for administrators, what it says. */
const ownCall = ({ org_id: orgId, id }: Candidate, found: string): Claimed => {
  return { orgId, type: 'connection', id, signed: true, found };
};

/** Times are seconds since 1970. The life is exp − iat, for Okta dates `nbf` back. */
function judgeClaims(payload: unknown, connection: Candidate, at = new Date()): { id: string; expiresAt: Date } {
  const refuse = (reason: string, detail: string, found: string) =>
    new CallerRefused(reason, detail, async () => [ownCall(connection, found)]);
  const parsed = claims.safeParse(payload);
  if (!parsed.success)
    throw refuse('claims', details.claims, `Missing or malformed: ${wrongMembers(parsed.error, 'all').join(', ')}.`);
  const { jti, exp, iat, nbf } = parsed.data;
  const now = at.getTime() / 1000;
  if (exp <= iat || exp - iat > longestLife)
    throw refuse('lifetime', details.lifetime, `It lives for ${seconds(exp - iat)}.`);
  if (exp + clockSkew <= now) throw refuse('expired', details.expired, `That was ${seconds(now - exp)} ago.`);
  const begins = Math.max(iat, nbf ?? iat);
  if (begins - clockSkew > now) throw refuse('not_yet', details.notYet, `It begins in ${seconds(begins - now)}.`);
  return { id: `${connection.id} ${jti}`, expiresAt: new Date((now + rememberedFor) * 1000) };
}

// The texts are about the token that was sent, never about whether somebody exists here.
const details = {
  malformed: 'The credential is not a usable JWT.',
  unknown:
    'No identity provider that is known here vouches for this JWT with its "iss", "sub" (our client id) and key.',
  claims: 'The JWT needs "jti" (a text of 1 to 255 characters), "iat" and "exp" (numbers); "nbf" is a number.',
  lifetime: 'The JWT must live for at most 10 minutes: "exp" lies after "iat", by no more than 600 seconds.',
  expired: 'The JWT has expired.',
  notYet: 'The JWT is not valid yet: its "iat" or "nbf" lies in the future.',
};
const detailOfAudience = (audience: string) =>
  `The "aud" of the JWT must be exactly ${audience}, the address that it is sent to.`;
const trustDetails: Record<UntrustedJwt['reason'], string> = {
  malformed: details.malformed,
  algorithm: 'The JWT must be signed with an asymmetric algorithm such as RS256.',
  type: `The "typ" of the JWT must be "${jwtType}".`,
  unknown_key: details.unknown,
  signature: details.unknown,
};
