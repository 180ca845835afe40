import type { Pool, PoolClient, QueryConfig } from 'pg';
import type { By } from '../by.ts';
import { withRetry } from '../database/errors.ts';
import { newId } from '../database/ids.ts';
import type { Credential } from '../sessions/principal.ts';
import { observed } from './observed.ts';
import { type Once, onceValues, spending } from './once.ts';

/** How a user is named, all within one org. Several names must all mean the same user. */
export type Subject = Readonly<{
  userIds?: readonly string[];
  /** Lower-cased ASCII, as `emailKey` makes them. */
  emailKeys?: readonly string[];
  identities?: readonly Readonly<{ issuer: string; subject: string }>[];
}>;

export type Revocation = Readonly<{
  orgId: string;
  /** Who caused it. */
  initiator: 'idp' | 'admin' | 'user' | 'scim' | 'signal' | 'policy' | 'operator';
  by: By;
  /** For administrators; never shown to the person. */
  reason?: string | null;
  /** The neutral part, which the person reads. */
  reasonForPerson?: string | null;
  /** The subject identifier as it was received. */
  asked?: unknown;
}>;

/** `more`: the person had very many; what is counted here is dead like the rest, which a job counts into the revocation. */
export type Revoked = Readonly<{
  revocationId: string;
  userId: string;
  sessionsEnded: number;
  grantsEnded: number;
  more: boolean;
}>;

export type Outcome =
  | (Revoked & Readonly<{ result: 'revoked' }>)
  | Readonly<{ result: 'unknown' }>
  | Readonly<{ result: 'ambiguous' }>
  /** `once` was spent before: nothing was done. */
  | Readonly<{ result: 'replayed' }>;

export type UserRevocation = Revocation &
  Readonly<{
    subject: Subject;
    /** Also switches the user off, in the same UPDATE: two updates of one row in one statement would lose one of them. */
    deactivate?: boolean;
    /**
     * The connection whose IdP asks: it reaches only users with an identity on it, or with an address of a verified domain
     * that it is authoritative for. Everybody else is unknown to it.
     */
    reach?: { connectionId: string };
  }> &
  (
    | Readonly<{ /** Spent in the same statement. */ once?: Once; keep?: undefined; rename?: undefined }>
    /** "Sign out everywhere else": this one stays, if it was live until this very revocation. */
    | Readonly<{ keep?: Credential; once?: undefined; rename?: undefined }>
    /** Provisioning changes what the person is found by, in the same UPDATE. */
    | Readonly<{ rename?: NewNames; keep?: undefined; once?: undefined }>
  );

/** Keys are the look-up forms (`emailKey`). `userName` null: the address is it. */
export type NewNames = Readonly<{
  email: string;
  emailKey: string;
  userName: string | null;
  userNameKey: string | null;
}>;

/**
 * Ends every session and every app's grant of one user of one org, for good: everything that ends a person's access goes
 * through here. One statement does all or nothing: spends what may be used once, finds the user, bumps the generation,
 * tombstones sessions and grants, inserts the revocation and its audit event. When it has committed, nothing born before
 * counts on any node. With a client in place of the pool it runs inside that transaction (and is not retried).
 */
export function revokeAccess(db: Pool | PoolClient, revocation: UserRevocation): Promise<Outcome> {
  return observed(
    db,
    revocation.initiator,
    () => revoke(db, revocation),
    ({ result }) => ({ result }),
  );
}

async function revoke(db: Pool | PoolClient, revocation: UserRevocation): Promise<Outcome> {
  const revocationId = newId('revocation');
  const { subject, reach, once, keep, rename } = revocation;
  const variant = once ? 'once' : keep ? 'keep' : rename ? 'rename' : 'plain';
  const query = {
    name: `revoke-access-${variant}`,
    text: revokeUserSql[variant],
    values: [
      revocation.orgId,
      subject.userIds ?? [],
      subject.emailKeys ?? [],
      (subject.identities ?? []).map((identity) => identity.issuer),
      (subject.identities ?? []).map((identity) => identity.subject),
      revocation.deactivate ?? false,
      ...recordValues(revocation, revocationId),
      reach?.connectionId ?? null,
      ...(once ? onceValues(once) : []),
      ...(keep ? keepValues(keep) : []),
      ...(rename ? [rename.email, rename.emailKey, rename.userName, rename.userNameKey] : []),
    ],
  };
  const { rows } = await runStatement(db, query);
  const { fresh, matched, user_id: userId, sessions_ended: sessionsEnded, grants_ended: grantsEnded } = rows[0];
  const more: boolean = rows[0].tombstones_pending;
  if (!fresh) return { result: 'replayed' };
  if (userId) return { result: 'revoked', revocationId, userId, sessionsEnded, grantsEnded, more };
  return { result: matched > 1 ? 'ambiguous' : 'unknown' };
}

/**
 * Ends every session and grant of everyone in an org: one bump, however many people. The tombstones are written by a job.
 * `keep`: "sign everyone out but me"; that one stays, if it was live until this very revocation.
 */
export async function revokeOrgAccess(
  db: Pool | PoolClient,
  revocation: Revocation & Readonly<{ keep?: Credential }>,
): Promise<{ revocationId: string } | null> {
  const revocationId = newId('revocation');
  const { keep } = revocation;
  const query = {
    name: `revoke-org-access-${keep ? 'keep' : 'plain'}`,
    text: revokeOrgSql[keep ? 'keep' : 'plain'],
    values: [revocation.orgId, ...recordValues(revocation, revocationId), ...(keep ? keepValues(keep) : [])],
  };
  const { rows } = await observed(
    db,
    revocation.initiator,
    () => runStatement(db, query),
    ({ rowCount }) => ({ result: rowCount ? 'revoked' : 'unknown' }),
  );
  return rows.length > 0 ? { revocationId } : null;
}

/** With a client inside its transaction; with a pool by itself, and again after a failure that a second try may cure. */
export function runStatement(db: Pool | PoolClient, query: QueryConfig) {
  return 'release' in db ? db.query(query) : withRetry(() => db.query(query));
}

/** What a statement writes into the revocation and its audit event. */
export function recordValues(revocation: Revocation, revocationId: string): unknown[] {
  return [
    revocationId,
    newId('auditEvent'),
    revocation.initiator,
    revocation.asked === undefined ? null : JSON.stringify(revocation.asked),
    revocation.reason ?? null,
    revocation.by.actor.type,
    revocation.by.actor.id,
    revocation.by.ip,
    revocation.by.requestId,
    revocation.reasonForPerson ?? null,
  ];
}

function keepValues({ type, id }: Credential): [session: string | null, grant: string | null] {
  return type === 'session' ? [id, null] : [null, id];
}

// The user is matched in the statement itself, by every name that was given; it goes on only if exactly one matches.
// What an org-wide sign-out ended before is left to it, and a sign-in that committed while this waited for the user's row is
// dead by its generation without a tombstone. `revoked_xid` is compared with the snapshot that a sign-in seals at its start, so that one under way cannot complete.
// A table that a request has no use for isn't named in its statement: naming it costs, even where nothing is written.
const revokeUser = (variant: 'plain' | 'once' | 'keep' | 'rename') => `
  WITH ${variant === 'once' ? `burnt AS (${spending(18)}), ` : ''}named AS (
    SELECT u.id FROM users u WHERE u.org_id = $1 AND u.id = ANY ($2::text[]) AND u.deleted_at IS NULL
    UNION
    SELECT u.id FROM users u WHERE u.org_id = $1 AND u.email_key = ANY ($3::text[])
    UNION
    SELECT i.user_id FROM unnest($4::text[], $5::text[]) AS asked (issuer, subject)
    JOIN connections c ON c.org_id = $1 AND (c.issuer = asked.issuer OR asked.issuer = ANY (c.accepted_issuers))
      AND ($17::text IS NULL OR c.id = $17)
    JOIN identities i ON i.org_id = $1 AND i.connection_id = c.id AND i.subject = asked.subject
      AND (i.issuer = c.issuer OR i.issuer = ANY (c.accepted_issuers))
  ), target AS (
    SELECT n.id FROM named n
    WHERE CASE WHEN $17::text IS NULL THEN true ELSE
      EXISTS (SELECT FROM identities i WHERE i.org_id = $1 AND i.connection_id = $17 AND i.user_id = n.id)
      OR EXISTS (SELECT FROM users u JOIN domains d ON d.org_id = $1 AND d.domain = substring(u.email_key FROM '[^@]*$')
                 WHERE u.org_id = $1 AND u.id = n.id AND d.verified_at IS NOT NULL AND d.connection_id = $17) END
  ), bumped AS (
    UPDATE users u SET generation = u.generation + 1, active = u.active AND NOT $6, revoked_at = clock_timestamp(),
                       revoked_xid = pg_current_xact_id(), last_revocation_id = $7${variant === 'rename' ? renamed : ''}
    FROM target, orgs o
    WHERE u.org_id = $1 AND u.id = target.id AND (SELECT count(*) FROM target) = 1 AND o.id = $1
      ${variant === 'once' ? 'AND EXISTS (SELECT FROM burnt)' : ''}
    RETURNING u.org_id, u.id, u.revoked_at, u.generation, u.generation - 1 AS last_generation,
              o.generation AS org_generation, $7 AS revocation_id
  ), ${variant === 'keep' ? kept('sessions', '$18') + kept('grants', '$19') : ''}
  ${tombstones('sessions', variant === 'keep' ? 'AND d.id IS DISTINCT FROM $18' : '')},
  ${tombstones('grants', variant === 'keep' ? 'AND d.id IS DISTINCT FROM $19' : '')},
  counted AS (
    SELECT (SELECT count(*) FILTER (WHERE was_live) FROM ended_sessions) AS sessions,
           (SELECT count(*) FILTER (WHERE was_live) FROM ended_grants) AS grants,
           greatest((SELECT count(*) FROM found_sessions), (SELECT count(*) FROM found_grants)) > ${mostAtOnce} AS more
  ), recorded AS (
    INSERT INTO revocations (org_id, id, user_id, initiator, subject, reason, caller_id, sessions_ended, grants_ended,
                             request_id, reason_for_person, user_generation, tombstones_pending, created_at, duration_ms)
    SELECT org_id, $7, id, $9::"Initiator", $10::jsonb, $11, CASE WHEN $12 IN ('api_key', 'connection') THEN $13 END,
           sessions, grants, $15, $16, generation, more, revoked_at, ${duration}
    FROM bumped, counted
    RETURNING org_id, id, user_id, sessions_ended, grants_ended, tombstones_pending
  ), audited AS (
    INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
    SELECT org_id, $8, CASE WHEN $6 THEN 'user.deactivated' ELSE 'access.revoked' END, $12, $13, 'user', user_id, $14, $15,
           jsonb_build_object('revocation', id, 'initiator', $9::text, 'sessionsEnded', sessions_ended,
                              'grantsEnded', grants_ended, 'more', tombstones_pending)
    FROM recorded
  )
  SELECT ${variant === 'once' ? 'EXISTS (SELECT FROM burnt)' : 'true'} AS fresh, (SELECT count(*)::int FROM target) AS matched,
         recorded.user_id, recorded.sessions_ended, recorded.grants_ended, recorded.tombstones_pending
  FROM (VALUES (1)) AS always (row) LEFT JOIN recorded ON true`;

/** Sessions, and as many grants, of a person that are tombstoned at once. The rest is as dead; a job explains and counts it. */
export const mostAtOnce = 100;

/** Two steps of a statement that has `bumped` users: `found_…`, and the tombstones themselves, `ended_…`. */
export const tombstones = (table: 'sessions' | 'grants', unless = '') => `found_${table} AS (
    SELECT bumped.id AS user_id, bumped.revoked_at, bumped.revocation_id, bumped.last_generation, d.id
    FROM bumped, LATERAL (
      SELECT d.id FROM ${table} d
      WHERE d.org_id = $1 AND d.user_id = bumped.id AND d.revoked_at IS NULL AND d.ended_at IS NULL
        AND d.org_generation = bumped.org_generation ${unless}
      LIMIT ${mostAtOnce + 1}
    ) d
  ), ended_${table} AS (
    UPDATE ${table} d SET revoked_at = f.revoked_at, revocation_id = f.revocation_id${table === 'sessions' ? ", data = '{}', id_token = NULL" : ''}
    FROM found_${table} f
    WHERE d.org_id = $1 AND d.id = f.id AND d.revoked_at IS NULL AND d.ended_at IS NULL
    RETURNING d.user_id, d.user_generation = f.last_generation AND d.expires_at > now() AND d.idle_expires_at > now() AS was_live
  )`;

// From exactly the generation before, and only while it is live: a revocation at the same time, the user's or the org's, wins.
const kept = (table: 'sessions' | 'grants', id: string) => `kept_${table} AS (
    UPDATE ${table} k SET user_generation = bumped.generation
    FROM bumped
    WHERE k.org_id = $1 AND k.id = ${id} AND k.user_id = bumped.id AND k.user_generation = bumped.last_generation
      AND k.org_generation = bumped.org_generation AND k.revoked_at IS NULL AND k.ended_at IS NULL
      AND k.expires_at > now() AND k.idle_expires_at > now()
  ), `;

const renamed = ', email = $18, email_key = $19, user_name = $20, user_name_key = $21, updated_at = clock_timestamp()';

// One clock, the database's. What waited for a lock is in it, what Node and the network took isn't.
export const duration = 'extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000';

const revokeUserSql = {
  plain: revokeUser('plain'),
  once: revokeUser('once'),
  keep: revokeUser('keep'),
  rename: revokeUser('rename'),
};

const revokeOrg = (variant: 'plain' | 'keep') => `
  WITH bumped AS (
    UPDATE orgs SET generation = generation + 1, revoked_at = clock_timestamp(), revoked_xid = pg_current_xact_id(),
                    last_revocation_id = $2
    WHERE id = $1
    RETURNING id, revoked_at, generation
  ), ${variant === 'keep' ? keptInOrg('sessions', '$12') + keptInOrg('grants', '$13') : ''}recorded AS (
    INSERT INTO revocations (org_id, id, initiator, subject, reason, caller_id, request_id, reason_for_person,
                             org_generation, tombstones_pending, created_at, duration_ms)
    SELECT id, $2, $4::"Initiator", $5::jsonb, $6, CASE WHEN $7 IN ('api_key', 'connection') THEN $8 END, $10, $11, generation, true, revoked_at,
           ${duration}
    FROM bumped
    RETURNING org_id, id
  )
  INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
  SELECT org_id, $3, 'access.revoked_for_everyone', $7, $8, 'org', org_id, $9, $10,
         jsonb_build_object('revocation', id, 'initiator', $4::text)
  FROM recorded
  RETURNING id`;

// From exactly the org's generation before, and only while it is live: another org-wide sign-out, or a revocation of the
// person, at the same time wins.
const keptInOrg = (table: 'sessions' | 'grants', id: string) => `kept_${table} AS (
    UPDATE ${table} k SET org_generation = bumped.generation
    FROM bumped
    WHERE k.org_id = $1 AND k.id = ${id} AND k.org_generation = bumped.generation - 1
      AND k.revoked_at IS NULL AND k.ended_at IS NULL AND k.expires_at > now() AND k.idle_expires_at > now()
  ), `;

const revokeOrgSql = { plain: revokeOrg('plain'), keep: revokeOrg('keep') };
