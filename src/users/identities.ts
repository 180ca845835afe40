import type { Pool, PoolClient } from 'pg';
import { newId } from '../database/ids.ts';
import type { TimePage } from '../database/time-key.ts';

/** A person's subject at a connection, as administrators see it. */
export type LinkedIdentity = Readonly<{
  id: string;
  connection: Readonly<{ id: string; name: string }>;
  issuer: string;
  subject: string;
  /** The address that the identity provider named last, and whether it called that verified. */
  claimedEmail: string | null;
  claimVerified: boolean;
  claimedAt: Date | null;
  /** When it was linked. */
  createdAt: Date;
  /** The last sign-in with it that is still kept. */
  lastUsedAt: Date | null;
}>;

/** A person who has a name that somebody else is to get. */
export type Bearer = Readonly<{ id: string; name: string; email: string }>;

type Db = Pool | PoolClient;

/** Of those who were called by one address lately, as many are named. */
const mostMeant = 10;

/** The person's identities, oldest first; released ones aren't theirs any more. */
export async function listIdentities(
  db: Db,
  orgId: string,
  userId: string,
  { limit, after }: TimePage,
): Promise<readonly LinkedIdentity[]> {
  const { rows } = await db.query<LinkedIdentity>({
    name: 'identities-of-person',
    text: `SELECT i.id, jsonb_build_object('id', c.id, 'name', c.name) AS connection, i.issuer, i.subject,
                  i.claimed_email AS "claimedEmail", i.claim_verified AS "claimVerified", i.claimed_at AS "claimedAt",
                  i.created_at AS "createdAt",
                  (SELECT max(s.created_at) FROM sessions s
                   WHERE s.org_id = i.org_id AND s.user_id = i.user_id AND s.identity_id = i.id) AS "lastUsedAt"
           FROM identities i JOIN connections c ON c.org_id = i.org_id AND c.id = i.connection_id
           WHERE i.org_id = $1 AND i.user_id = $2 AND ($3::timestamptz IS NULL OR (i.created_at, i.id) > ($3, $4))
           ORDER BY i.created_at, i.id LIMIT $5`,
    values: [orgId, userId, after?.createdAt ?? null, after?.id ?? null, limit],
  });
  return rows;
}

/**
 * Who else has the address, or has it as user name where the person's address is their user name
 * too, so that it can't be given; null: nobody.
 */
export async function bearerOfAddress(
  db: Db,
  orgId: string,
  { emailKey, userId }: Readonly<{ emailKey: string; userId: string }>,
): Promise<Bearer | null> {
  const { rows } = await db.query<Bearer>({
    name: 'bearer-of-address',
    text: `SELECT b.id, b.name, b.email FROM users u
           JOIN users b ON b.org_id = u.org_id AND b.id <> u.id
             AND (b.email_key = $3 OR (u.user_name_key IS NULL AND NOT u.provisioned AND b.user_name_key = $3))
           WHERE u.org_id = $1 AND u.id = $2 ORDER BY b.id LIMIT 1`,
    values: [orgId, userId, emailKey],
  });
  return rows[0] ?? null;
}

/** Somebody whom an address that nobody bears means today, and why. */
export type Meant = Bearer &
  Readonly<{
    /** The connection whose identity provider called them so, and when; null: it is their user name. */
    claim: Readonly<{ connection: string; at: Date }> | null;
  }>;

/**
 * Whom else an address means that the person gets: by user name, also from then on; or because an
 * identity provider that is believed called them so last, until somebody bears it.
 */
export async function othersMeant(
  db: Db,
  orgId: string,
  { emailKey, userId }: Readonly<{ emailKey: string; userId: string }>,
): Promise<readonly Meant[]> {
  const { rows } = await db.query<Omit<Meant, 'claim'> & { connection: string | null; at: Date | null }>({
    name: 'others-meant',
    text: `SELECT id, name, email, NULL AS connection, NULL::timestamptz AS at
           FROM users WHERE org_id = $1 AND user_name_key = $3 AND id <> $2
           UNION ALL
           (SELECT u.id, u.name, u.email, n.name, c.claimed_at
            FROM claims c JOIN users u ON u.org_id = c.org_id AND u.id = c.user_id
            JOIN connections n ON n.org_id = c.org_id AND n.id = c.connection_id
            WHERE c.org_id = $1 AND c.address = $3 AND c.user_id <> $2 AND c.believed
            ORDER BY c.claimed_at DESC, u.id LIMIT ${mostMeant})`,
    values: [orgId, userId, emailKey],
  });
  return rows.map(({ id, name, email, connection, at }) => ({
    id,
    name,
    email,
    claim: connection === null || at === null ? null : { connection, at },
  }));
}

/** Who has the subject at the connection, under any of its issuers; null: nobody. */
export async function bearerOfSubject(
  db: Db,
  orgId: string,
  { connectionId, subject }: Readonly<{ connectionId: string; subject: string }>,
): Promise<Bearer | null> {
  const { rows } = await db.query<Bearer>({
    name: 'bearer-of-subject',
    text: `SELECT u.id, u.name, u.email FROM connections c
           JOIN identities i ON i.org_id = c.org_id AND i.connection_id = c.id AND i.subject = $3
             AND (i.issuer = c.issuer OR i.issuer = ANY (c.accepted_issuers))
           JOIN users u ON u.org_id = i.org_id AND u.id = i.user_id
           WHERE c.org_id = $1 AND c.id = $2 LIMIT 1`,
    values: [orgId, connectionId, subject],
  });
  return rows[0] ?? null;
}

/** Links a subject under the connection's issuer and returns the identity's id. */
export async function insertIdentity(
  client: PoolClient,
  orgId: string,
  { userId, connectionId, subject }: Readonly<{ userId: string; connectionId: string; subject: string }>,
): Promise<string> {
  const id = newId('identity');
  await client.query({
    name: 'identity-insert',
    text: `INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject)
           SELECT org_id, $3, id, $4, issuer, $5 FROM connections WHERE org_id = $1 AND id = $2`,
    values: [orgId, connectionId, id, userId, subject],
  });
  return id;
}

const released =
  'connection_id = NULL, claimed_email = NULL, claimed_email_key = NULL, claim_verified = false, claimed_at = NULL';
// Another subject: so a trigger keeps when the former one was freed. No connection has a released
// row, so nobody who is called that at an identity provider stands in its way.
const releasedWithSubject = `${released}, subject = 'released ' || id`;

/**
 * Releases these people's subjects at a connection: nobody is known by them any longer, nor by what
 * the identity provider claimed. The caller ends all access of these people in the same
 * transaction. Returns how many there were.
 */
export async function releaseIdentities(
  client: PoolClient,
  orgId: string,
  { connectionId, userIds }: Readonly<{ connectionId: string; userIds: readonly string[] }>,
): Promise<number> {
  const { rowCount } = await client.query({
    name: 'identities-release',
    text: `UPDATE identities SET ${releasedWithSubject}
           WHERE org_id = $1 AND connection_id = $2 AND user_id = ANY ($3::text[])`,
    values: [orgId, connectionId, userIds],
  });
  return rowCount ?? 0;
}

/** The same of all subjects of a person who is removed, and of the rows that were released before. */
export async function releasePerson(client: PoolClient, orgId: string, userId: string): Promise<void> {
  await client.query({
    name: 'identities-release-person',
    text: `UPDATE identities SET ${releasedWithSubject} WHERE org_id = $1 AND user_id = $2`,
    values: [orgId, userId],
  });
}

/**
 * The same of everybody at a connection; the caller ends all access in the org in the same
 * transaction. That stops sign-ins under way, so the subjects stay as they are, in a third of the
 * time.
 */
export async function releaseAllIdentities(client: PoolClient, orgId: string, connectionId: string): Promise<number> {
  const { rowCount } = await client.query({
    name: 'identities-release-all',
    // Whoever was removed by an earlier version still has a row at the connection.
    text: `UPDATE identities i SET ${released} FROM users u
           WHERE i.org_id = $1 AND i.connection_id = $2 AND u.org_id = $1 AND u.id = i.user_id AND u.deleted_at IS NULL`,
    values: [orgId, connectionId],
  });
  return rowCount ?? 0;
}

/** How many people a connection can link again by their address after their subject is released. */
export type Linking = Readonly<{
  /** It speaks for the domain. */
  byAddress: number;
  /**
   * Nobody speaks for the domain: only an address in ASCII that the identity provider calls
   * verified.
   */
  ifVerified: number;
  byHand: number;
  /** All of the org's active owners who can sign in by now are among the last. */
  noOwnerLeft: boolean;
}>;

/** Reads it for these people, or (null) for everybody who has a subject at the connection. */
export async function readLinking(
  db: Db,
  orgId: string,
  { connectionId, userIds }: Readonly<{ connectionId: string; userIds: readonly string[] | null }>,
): Promise<Linking> {
  const { rows } = await db.query<Linking>({
    name: 'linking',
    text: linkingSql,
    values: [orgId, connectionId, userIds],
  });
  return rows[0] as Linking;
}

// The words are those of `is_believed`. A domain is asked about once, not once for each of its
// addresses: a call costs 20 µs. An owner without any identity is linked by an address at some other
// time, or never.
const linkingSql = `
  WITH linked AS MATERIALIZED (
    SELECT u.id, u AS person, split_part(u.email_key, '@', -1) AS domain, u.email_key ~ '^[\\x21-\\x7e]+$' AS plain,
           u.role = 'owner' AND u.active AS owner
    FROM identities i JOIN users u ON u.org_id = i.org_id AND u.id = i.user_id
    WHERE i.org_id = $1 AND i.connection_id = $2 AND u.deleted_at IS NULL AND ($3::text[] IS NULL OR u.id = ANY ($3))
  ), standings AS MATERIALIZED (
    SELECT domain, address_standing($1, $2, 'somebody@' || domain) AS standing FROM (SELECT DISTINCT domain FROM linked) d
  ), judged AS MATERIALIZED (
    SELECT id, owner, standing, standing = 'open' AND plain AND may_mean($2, person) AS open FROM linked JOIN standings USING (domain)
  ), lost AS MATERIALIZED (
    SELECT id FROM judged
    WHERE owner AND standing <> 'own' AND NOT open
      AND NOT EXISTS (SELECT FROM identities i JOIN connections c ON c.org_id = i.org_id AND c.id = i.connection_id AND c.active
                      WHERE i.org_id = $1 AND i.user_id = judged.id AND i.connection_id <> $2)
  )
  SELECT count(*) FILTER (WHERE standing = 'own')::int AS "byAddress", count(*) FILTER (WHERE open)::int AS "ifVerified",
         count(*) FILTER (WHERE standing <> 'own' AND NOT open)::int AS "byHand",
         EXISTS (SELECT FROM lost) AND NOT EXISTS (
           SELECT FROM users u WHERE u.org_id = $1 AND u.role = 'owner' AND u.active AND u.deleted_at IS NULL
             AND u.id NOT IN (SELECT id FROM lost)
             AND EXISTS (SELECT FROM identities i JOIN connections c ON c.org_id = i.org_id AND c.id = i.connection_id AND c.active
                         WHERE i.org_id = $1 AND i.user_id = u.id)
         ) AS "noOwnerLeft"
  FROM judged`;
