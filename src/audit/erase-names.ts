import type { PoolClient } from 'pg';

/**
 * Erases what the record says of a person beside their id: every name and address that they had,
 * those that a refused call gave to somebody of the same address or user name, and what was asked
 * for and given as the reason when their access ended, except by the revocation `keep`. What was
 * asked for goes from others' revocations too, where one address meant them all. Events stay, each
 * with a hash that leads nowhere. What was passed on to apps behind, or could not be, loses
 * its names and its copy of the reasons too.
 * `unlessKept`: an org whose policy keeps the names of removed people
 * keeps these.
 */
export async function eraseNames(
  client: PoolClient,
  orgId: string,
  { userId, keep, unlessKept = false }: Readonly<{ userId: string; keep: string | null; unlessKept?: boolean }>,
): Promise<void> {
  const erasable = unlessKept ? 'NOT (SELECT keep_names_of_removed FROM orgs WHERE id = $1)' : 'true';
  await client.query(
    `DELETE FROM audit_names asked USING audit_names theirs
     WHERE asked.org_id = $1 AND asked.subject_id = '' AND theirs.org_id = $1 AND theirs.subject_id = $2
       AND (asked.email_key IN (theirs.email_key, theirs.user_name_key)
            OR asked.user_name_key IN (theirs.email_key, theirs.user_name_key))
       AND ${erasable}`,
    [orgId, userId],
  );
  await client.query(`DELETE FROM audit_names WHERE org_id = $1 AND subject_id = $2 AND ${erasable}`, [orgId, userId]);
  // Subjects of lists and groups, which many revocations share, hold no address.
  await client.query(
    `UPDATE revocations r SET subject = NULL FROM revocations own
     WHERE own.org_id = $1 AND own.user_id = $2 AND own.subject::text LIKE '%@%'
       AND r.org_id = $1 AND r.user_id <> $2 AND r.subject = own.subject
       AND r.created_at BETWEEN own.created_at - interval '1 minute' AND own.created_at + interval '1 minute' AND ${erasable}`,
    [orgId, userId],
  );
  await client.query(
    `UPDATE forwards SET names = '{}', said = said - 'reasonAdmin' - 'reasonUser'
     WHERE org_id = $1 AND user_id = $2 AND status <> 'pending' AND ${erasable}`,
    [orgId, userId],
  );
  await client.query(
    `UPDATE revocations SET subject = NULL, reason = NULL, reason_for_person = NULL
     WHERE org_id = $1 AND user_id = $2 AND id IS DISTINCT FROM $3 AND ${erasable}`,
    [orgId, userId, keep],
  );
}
