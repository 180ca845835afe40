import type { Pool } from 'pg';

/** Thrown with every reason at once, each saying what to do. */
export class UnfitServerError extends Error {
  readonly reasons: readonly string[];
  constructor(reasons: readonly string[]) {
    super(`The database server can't keep the promise:\n${reasons.map((reason) => `  - ${reason}`).join('\n')}`);
    this.name = 'UnfitServerError';
    this.reasons = reasons;
  }
}

type ServerFacts = Record<
  'version' | 'fsync' | 'synchronous_commit' | 'standbys' | 'full_page_writes' | 'isolation' | 'timezone' | 'messages',
  string
>;

/**
 * Refuses a server that may lose a committed revocation, or isn't the truth, and connections
 * without our settings. Asks through the application's own pool, because a pooler in between
 * matters; that pool itself refuses a standby, at every connection.
 * @throws UnfitServerError
 */
export async function checkServer(pool: Pool): Promise<void> {
  const { rows } = await pool.query<ServerFacts>(
    `SELECT current_setting('server_version_num') AS version, current_setting('fsync') AS fsync,
            current_setting('synchronous_commit') AS synchronous_commit,
            current_setting('synchronous_standby_names') AS standbys,
            current_setting('client_min_messages') AS messages,
            current_setting('full_page_writes') AS full_page_writes,
            current_setting('default_transaction_isolation') AS isolation, current_setting('TimeZone') AS timezone`,
  );
  const facts = rows[0];
  if (!facts) throw new Error('The server answered the check with no row.');
  const version = Math.floor(Number(facts.version) / 10_000);
  const reasons = [
    version < 15 && `It is PostgreSQL ${version}. Use 15 or later.`,
    facts.fsync === 'off' &&
      'fsync is off: a crash may bring signed-out sessions back. Set fsync = on in postgresql.conf and reload.',
    facts.synchronous_commit === 'off' &&
      'synchronous_commit is off: a revocation could be answered and then lost. Set it to on, for the server, the database or the role (ALTER ROLE … SET synchronous_commit = on).',
    facts.synchronous_commit === 'local' &&
      facts.standbys !== '' &&
      'synchronous_commit is local: a revocation could be answered before any of synchronous_standby_names has it. Set it to on, for the server, the database or the role (ALTER ROLE … SET synchronous_commit = on).',
    ['error', 'fatal', 'panic'].includes(facts.messages) &&
      `client_min_messages is ${facts.messages}: the warning that a commit reached no standby would be lost. If a pooler is in front, run ALTER ROLE … SET client_min_messages = warning.`,
    facts.full_page_writes === 'off' &&
      'full_page_writes is off: a crash may damage pages. Set full_page_writes = on in postgresql.conf and reload.',
    facts.isolation !== 'read committed' &&
      `default_transaction_isolation is ${facts.isolation}. If a pooler is in front, run ALTER ROLE … SET default_transaction_isolation = 'read committed'.`,
    !/^(UTC|Etc\/UTC|GMT)$/i.test(facts.timezone) &&
      `The sessions' TimeZone is ${facts.timezone}, and times would be read wrongly. If a pooler is in front, run ALTER ROLE … SET timezone = 'UTC'.`,
  ].filter((reason) => reason !== false);
  if (reasons.length > 0) throw new UnfitServerError(reasons);
}
