import type { Pool } from 'pg';

/** Names on record for all people, as if each of them had had an event. */
export async function plantNames(pool: Pool): Promise<void> {
  await pool.query(
    `INSERT INTO audit_names (org_id, ref, salt, subject_id, name, email, email_key, user_name, user_name_key)
     SELECT org_id,
            sha256(salt || convert_to(id, 'UTF8') || '\\x00' || convert_to(name, 'UTF8') || '\\x00' || convert_to(email, 'UTF8')
                   || '\\x00' || convert_to(coalesce(user_name, ''), 'UTF8')),
            salt, id, name, email, email_key, user_name, user_name_key
     FROM (SELECT *, uuid_send(gen_random_uuid()) AS salt FROM users WHERE deleted_at IS NULL OFFSET 0) salted`,
  );
}
