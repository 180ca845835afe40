import type { Pool } from 'pg';
import { newId } from '../database/ids.ts';
import type { Person, Subject } from './find-user.ts';

type Where = Readonly<{ orgId: string; connectionId: string; ip: string | null; requestId: string }>;

/**
 * Links or creates whoever is not known yet, with the audit event, in one statement; find the person again then. Nothing when
 * another sign-in of the same person was faster (a unique constraint decides).
 */
export async function admitPerson(
  pool: Pool,
  person: Exclude<Person, { kind: 'known' }>,
  subject: Subject,
  where: Where,
): Promise<void> {
  try {
    if (person.kind === 'to_link') await linkIdentity(pool, person.userId, subject, where);
    else await createUser(pool, person, subject, where);
  } catch (error) {
    if ((error as { code?: unknown }).code !== '23505') throw error;
  }
}

async function linkIdentity(pool: Pool, userId: string, subject: Subject, where: Where): Promise<void> {
  const identityId = newId('identity');
  await pool.query({
    name: 'sign-in-link',
    text: `WITH linked AS (
             INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject)
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING org_id, id, user_id
           )
           INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
           SELECT org_id, $7, 'identity.linked', 'connection', $3, 'user', user_id, $8, $9, jsonb_build_object('identity', id)
           FROM linked`,
    values: [
      ...[where.orgId, identityId, where.connectionId, userId, subject.issuer, subject.subject],
      ...[newId('auditEvent'), where.ip, where.requestId],
    ],
  });
}

async function createUser(
  pool: Pool,
  person: Extract<Person, { kind: 'to_create' }>,
  subject: Subject,
  where: Where,
): Promise<void> {
  const userId = newId('user');
  const identityId = newId('identity');
  await pool.query({
    name: 'sign-in-create',
    text: `WITH made AS (
             INSERT INTO users (org_id, id, email, email_key, name, role)
             VALUES ($1, $4, $10, $11, $12, 'member') RETURNING org_id, id
           ), linked AS (
             INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject)
             SELECT org_id, $2, $3, id, $5, $6 FROM made RETURNING org_id, id, user_id
           )
           INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
           SELECT org_id, $7, 'user.added', 'connection', $3, 'user', user_id, $8, $9, jsonb_build_object('identity', id)
           FROM linked`,
    values: [
      ...[where.orgId, identityId, where.connectionId, userId, subject.issuer, subject.subject],
      ...[newId('auditEvent'), where.ip, where.requestId, person.email, person.emailKey, person.name],
    ],
  });
}
