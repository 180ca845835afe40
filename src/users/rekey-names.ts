import type { PoolClient } from 'pg';
import type { Logger } from 'pino';
import { isUniqueViolation } from '../database/errors.ts';
import { userNameKey } from './email.ts';

/** People looked at in one part. */
const most = 500;

type Named = Readonly<{ org_id: string; id: string; user_name: string; user_name_key: string }>;

/**
 * A chore that gives user names outside ASCII the key of today, once after a start: a version before
 * made them otherwise, and whoever has such a key isn't found by their name. PostgreSQL can't make
 * keys. Two people whose names are one now keep their keys, and a line tells of them.
 */
export function createRekeyNames({ log }: { log: Pick<Logger, 'warn'> }) {
  let after: readonly [string, string] | null = ['', ''];
  return async (client: PoolClient): Promise<boolean> => {
    if (after === null) return false;
    const { rows } = await client.query<Named>(
      `SELECT org_id, id, user_name, user_name_key FROM users
       WHERE (org_id, id) > ($1, $2) AND user_name_key IS NOT NULL AND user_name ~ '[^\\x21-\\x7e]'
       ORDER BY org_id, id LIMIT ${most}`,
      [...after],
    );
    for (const row of rows) await rekey(client, row, log);
    const last = rows.length === most ? rows.at(-1) : undefined;
    after = last ? [last.org_id, last.id] : null;
    return last !== undefined;
  };
}

async function rekey(client: PoolClient, { org_id: orgId, id, ...name }: Named, log: Pick<Logger, 'warn'>) {
  const key = userNameKey(name.user_name);
  if (key === name.user_name_key) return;
  await client.query('SAVEPOINT rekey');
  try {
    // Whoever was renamed meanwhile has a key of today.
    await client.query(
      'UPDATE users SET user_name_key = $3 WHERE org_id = $1 AND id = $2 AND user_name = $4 AND user_name_key = $5',
      [orgId, id, key, name.user_name, name.user_name_key],
    );
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT rekey');
    log.warn({ orgId, userId: id }, 'two people of an org have one user name by the rules of today; rename one');
  }
}
