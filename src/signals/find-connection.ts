import type { Pool } from 'pg';
import type { IdpJwtConnection } from '../connections/idp-keys.ts';
import { isReference } from '../database/ids.ts';

export type SignalConnection = IdpJwtConnection &
  Readonly<{
    /** The connection's issuer, and its accepted issuers. */
    issuers: readonly string[];
    clientId: string;
    /** `orgs.event_actions`, unread. */
    eventActions: unknown;
  }>;

const printable = /^[\x20-\x7e]{1,2000}$/;

const columns = `o.id AS "orgId", c.id, c.jwks_uri AS "jwksUri", c.client_id AS "clientId",
  array_prepend(c.issuer, coalesce(c.accepted_issuers, '{}')) AS issuers, o.event_actions AS "eventActions"`;

/** The org's active connection of `issuer` and one of `clientIds`, a proven one first; or null. */
export async function findByIssuer(
  pool: Pool,
  orgRef: string,
  issuer: string,
  clientIds: readonly string[],
): Promise<SignalConnection | null> {
  if (!isReference(orgRef) || ![issuer, ...clientIds].every((text) => printable.test(text))) return null;
  const { rows } = await pool.query<SignalConnection>({
    name: 'signal-connection-by-issuer',
    text: `SELECT ${columns}
           FROM orgs o JOIN connections c ON c.org_id = o.id
           WHERE (o.slug = lower($1) OR o.id = $1) AND c.active AND (c.issuer = $2 OR $2 = ANY (c.accepted_issuers))
             AND c.client_id = ANY ($3::text[])
           ORDER BY c.proven_at NULLS LAST, c.created_at, c.id LIMIT 1`,
    values: [orgRef, issuer, clientIds],
  });
  return rows[0] ?? null;
}

/** The active connection of that id; it says which org is meant. */
export async function findById(pool: Pool, id: string): Promise<SignalConnection | null> {
  if (!isReference(id)) return null;
  const { rows } = await pool.query<SignalConnection>({
    name: 'signal-connection-by-id',
    text: `SELECT ${columns} FROM orgs o JOIN connections c ON c.org_id = o.id WHERE c.id = $1 AND c.active`,
    values: [id],
  });
  // An id is unique in its org, and random: should two orgs ever share it, neither is meant.
  return rows.length === 1 ? (rows[0] ?? null) : null;
}
