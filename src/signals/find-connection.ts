import type { Pool } from 'pg';
import type { IdpJwtConnection } from '../connections/idp-keys.ts';
import type { LogoutTokenEnds } from '../database/generated/enums.ts';
import { isReference } from '../database/ids.ts';
import { lookUp } from '../database/patience.ts';
import type { Claimed } from '../revocation/caller.ts';

export type SignalConnection = IdpJwtConnection &
  Readonly<{
    /** The connection's issuer, and its accepted issuers. */
    issuers: readonly string[];
    clientId: string;
    active: boolean;
    /** What a logout token with a `sid` ends. */
    logoutTokenEnds: LogoutTokenEnds;
    /** `orgs.event_actions`, unread. */
    eventActions: unknown;
  }>;

const printable = /^[\x20-\x7e]{1,2000}$/;

const columns = `o.id AS "orgId", c.id, c.jwks_uri AS "jwksUri", c.client_id AS "clientId", c.active, c.logout_token_ends AS "logoutTokenEnds",
  array_prepend(c.issuer, coalesce(c.accepted_issuers, '{}')) AS issuers, o.event_actions AS "eventActions"`;

/**
 * The org's connection that a token of `issuer` for `clientIds` may be of, or null: first an active
 * one of both, then a proven one. Of another client id, or of another spelling of the issuer, it is
 * found too, as one that is switched off: its keys tell whether the refused token is its IdP's.
 */
export async function findByToken(
  pool: Pool,
  orgRef: string,
  issuer: string,
  clientIds: readonly string[],
): Promise<SignalConnection | null> {
  if (!isReference(orgRef) || ![issuer, ...clientIds].every((text) => printable.test(text))) return null;
  const { rows } = await lookUp<SignalConnection>(pool, {
    name: 'signal-connection-by-token',
    text: `SELECT ${columns}
           FROM orgs o JOIN connections c ON c.org_id = o.id
           WHERE (o.slug = lower($1) OR o.id = $1)
             AND (c.issuer = $2 OR $2 = ANY (c.accepted_issuers) OR c.client_id = ANY ($3::text[]))
           ORDER BY coalesce(c.issuer = $2 OR $2 = ANY (c.accepted_issuers), false) DESC, c.active DESC,
                    c.client_id = ANY ($3::text[]) DESC, c.proven_at NULLS LAST, c.created_at, c.id LIMIT 1`,
    values: [orgRef, issuer, clientIds],
  });
  return rows[0] ?? null;
}

export type FramingConnection = Readonly<{
  orgId: string;
  id: string;
  /** Where its IdP's own pages are. */
  urls: readonly string[];
  /** Whether a session or grant of it, dead or alive, carries the `sid`. */
  knowsSid: boolean;
  /** Whether it knows somebody by that subject. */
  isSubject: boolean;
}>;

/** The org's active connections of `issuer`, or of any, whatever their client ids. */
export async function findFramingConnections(
  pool: Pool,
  orgRef: string,
  { iss: issuer, sid }: { iss?: string | undefined; sid: string },
): Promise<FramingConnection[]> {
  if (!isReference(orgRef) || (issuer !== undefined && !printable.test(issuer))) return [];
  const { rows } = await lookUp<FramingConnection>(pool, {
    name: 'framing-connections',
    text: `SELECT o.id AS "orgId", c.id, array_remove(
             c.accepted_issuers || ARRAY[c.issuer, c.authorization_endpoint, c.end_session_endpoint], NULL) AS urls,
             ${carries('sessions')} OR ${carries('grants')} AS "knowsSid",
             c.id IN (SELECT i.connection_id FROM identities i
                      WHERE i.org_id = c.org_id AND i.connection_id = c.id AND i.subject = $3
                        AND i.issuer = ANY (array_prepend(c.issuer, c.accepted_issuers))) AS "isSubject"
           FROM orgs o JOIN connections c ON c.org_id = o.id
           WHERE (o.slug = lower($1) OR o.id = $1) AND c.active
             AND ($2::text IS NULL OR c.issuer = $2 OR $2 = ANY (c.accepted_issuers))
           ORDER BY c.id`,
    values: [orgRef, issuer ?? null, sid],
  });
  return rows;
}

// It says IN for EXISTS: PostgreSQL may answer that one by reading the whole table once.
const carries = (table: 'sessions' | 'grants') =>
  `c.id IN (SELECT d.connection_id FROM ${table} d
                     WHERE d.org_id = c.org_id AND d.connection_id = c.id AND d.idp_sid = $3)`;

/** The connection of that id, also one that is switched off; it says which org is meant. */
export async function findById(pool: Pool, id: string): Promise<SignalConnection | null> {
  if (!isReference(id)) return null;
  const { rows } = await lookUp<SignalConnection>(pool, {
    name: 'signal-connection-by-id',
    text: `SELECT ${columns} FROM orgs o JOIN connections c ON c.org_id = o.id WHERE c.id = $1`,
    values: [id],
  });
  // An id is unique in its org, and random: should two orgs ever share it, neither is meant.
  return rows.length === 1 ? (rows[0] ?? null) : null;
}

/** The org of that short name or id, as whose call a stranger's is recorded; or nobody. */
export async function findCalledOrg(pool: Pool, orgRef: string): Promise<Claimed[]> {
  if (!isReference(orgRef)) return [];
  const { rows } = await lookUp<{ id: string }>(pool, {
    name: 'signal-org',
    text: 'SELECT id FROM orgs WHERE slug = lower($1) OR id = $1',
    values: [orgRef],
  });
  return rows.map(({ id }) => ({ orgId: id, type: 'org', id }));
}
