import type { Pool } from 'pg';
import type { By } from '../by.ts';
import { isUniqueViolation } from '../database/errors.ts';
import { newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import type { IssuedSubject, SignInPerson } from './find-user.ts';

type ActingConnection = Readonly<{ orgId: string; connectionId: string; by: By }>;

type Newcomer = Exclude<SignInPerson, { kind: 'known' }>;

/**
 * Links or creates a person who isn't known yet, with the audit event; find the person again then.
 * Does nothing when another sign-in of the same person was faster (a unique constraint decides), or
 * when the org no longer lets the connection say who this is.
 */
export async function admitPerson(
  pool: Pool,
  person: Newcomer,
  subject: IssuedSubject,
  acting: ActingConnection,
): Promise<void> {
  try {
    if (person.kind === 'to_link') await linkIdentity(pool, person, subject, acting);
    else await createUser(pool, person, subject, acting);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
  }
}

async function linkIdentity(
  pool: Pool,
  person: Extract<Newcomer, { kind: 'to_link' }>,
  subject: IssuedSubject,
  acting: ActingConnection,
): Promise<void> {
  const { userId, email, emailKey, emailVerified } = person;
  await transaction(pool, async (client) => {
    // Of two connections that link one person the second sees the first; no role changes meanwhile.
    await client.query({
      name: 'sign-in-lock',
      text: `SELECT FROM users WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE`,
      values: [acting.orgId, userId],
    });
    await client.query({
      name: 'sign-in-link',
      text: `WITH linked AS (
               INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject,
                                       claimed_email, claimed_email_key, claim_verified, claimed_at)
               SELECT u.org_id, $4, $2, u.id, $6, $7, $12, $3, $11, clock_timestamp() FROM users u
               WHERE u.org_id = $1 AND u.id = $5 AND u.id = bearer_meant_by($1, $2, $3) AND is_believed($2, $3, $11, u)
               RETURNING org_id, id, user_id
             )
             INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
             SELECT org_id, $8, 'identity.linked', 'connection', $2, 'user', user_id, $9, $10, jsonb_build_object('identity', id)
             FROM linked`,
      values: [
        acting.orgId,
        acting.connectionId,
        emailKey,
        newId('identity'),
        userId,
        subject.issuer,
        subject.subject,
        newId('auditEvent'),
        acting.by.ip,
        acting.by.requestId,
        emailVerified,
        email,
      ],
    });
  });
}

async function createUser(
  pool: Pool,
  person: Extract<Newcomer, { kind: 'to_create' }>,
  subject: IssuedSubject,
  acting: ActingConnection,
): Promise<void> {
  await pool.query({
    name: 'sign-in-create',
    text: `WITH made AS (
             INSERT INTO users (org_id, id, email, email_key, name, role)
             SELECT $1, $4, $5, $3, $6, 'member'
             WHERE NOT EXISTS (SELECT FROM named_by_address($1, $3, NULL))
               AND CASE address_standing($1, $2, $3) WHEN 'own' THEN true WHEN 'open' THEN $13 ELSE false END
             RETURNING org_id, id
           ), linked AS (
             INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject,
                                     claimed_email, claimed_email_key, claim_verified, claimed_at)
             SELECT org_id, $7, $2, id, $8, $9, $5, $3, $13, clock_timestamp() FROM made RETURNING org_id, id, user_id
           )
           INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
           SELECT org_id, $10, 'user.added', 'connection', $2, 'user', user_id, $11, $12, jsonb_build_object('identity', id)
           FROM linked`,
    values: [
      acting.orgId,
      acting.connectionId,
      person.emailKey,
      newId('user'),
      person.email,
      person.name,
      newId('identity'),
      subject.issuer,
      subject.subject,
      newId('auditEvent'),
      acting.by.ip,
      acting.by.requestId,
      person.emailVerified,
    ],
  });
}
