import pg from 'pg';
import { makePassword, passwordRules } from '../accounts/make-password.ts';
import { transaction } from '../database/pool.ts';

const rules = passwordRules.parse({});
const admin = 'reports_admin';
const role = 'reports';

/**
 * Makes the role `reports` in the PostgreSQL of development, and beside it the role that changes its
 * password and may do no more (docs/accounts.md has the same for others). `isNew`: the role gets a
 * password, too; the administrator gets another one in any case. `url` is the server's owner.
 */
export async function makeReportsRole(url: string, { isNew }: Readonly<{ isNew: boolean }>) {
  const made = { password: makePassword(rules), admin: { userName: admin, password: makePassword(rules) } };
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  try {
    await transaction(pool, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        'SELECT rolname AS name FROM pg_roles WHERE rolname = ANY ($1)',
        [[admin, role]],
      );
      const there = new Set(rows.map(({ name }) => name));
      // With SCRAM the server keeps a verifier. Its log shows no statement of these.
      await client.query("SET LOCAL log_statement = 'none'");
      await client.query("SET LOCAL password_encryption = 'scram-sha-256'");
      const write = async (name: string, attributes: string, password: string) => {
        const how = there.has(name) ? 'ALTER' : 'CREATE';
        await client.query(`${how} ROLE ${name} WITH LOGIN ${attributes} PASSWORD ${pg.escapeLiteral(password)}`);
      };
      await write(admin, 'NOINHERIT CREATEROLE', made.admin.password);
      if (isNew || !there.has(role)) await write(role, '', made.password);
      await client.query(`GRANT ${role} TO ${admin} WITH ADMIN OPTION, INHERIT FALSE, SET FALSE`);
      await client.query(`GRANT pg_signal_backend TO ${admin} WITH INHERIT TRUE`);
    });
  } finally {
    await pool.end();
  }
  return made;
}
