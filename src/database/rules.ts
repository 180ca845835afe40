import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import pRetry from 'p-retry';
import type pg from 'pg';
import { isConflict } from './errors.ts';
import { stopIndexBuild } from './index-build.ts';
import { describeScriptError, MigrationError } from './migration-error.ts';

export const rulesPath = path.resolve(import.meta.dirname, '../../prisma/rules');

/** The text of prisma/rules, its SHA-256 in hex, and the number that version.json gives it. */
export type Rules = Readonly<{ version: number; sql: string; sha256: string }>;

export async function readRules(): Promise<Rules> {
  const { version } = JSON.parse(await readFile(path.join(rulesPath, 'version.json'), 'utf8'));
  const files = (await readdir(rulesPath)).filter((file) => file.endsWith('.sql')).sort();
  const texts = await Promise.all(files.map((file) => readFile(path.join(rulesPath, file), 'utf8')));
  const sql = texts.join('\n');
  return { version, sql, sha256: hash('sha256', sql, 'hex') };
}

/**
 * Puts views, functions and triggers in place, all or none, if the database's are of a lower
 * version. Those of a higher one stay: this node is then the older of two that run beside each
 * other. The caller holds the migration lock on `client`. Returns whether they were applied.
 * @throws MigrationError
 */
export async function applyRules(client: pg.Client, rules: Rules): Promise<boolean> {
  try {
    // A transaction that waits for a lock holds up all behind it, revocations among them: so each
    // wait is short, and there are many.
    return await pRetry(() => attempt(client, rules), {
      retries: 19,
      minTimeout: 500,
      maxTimeout: 3_000,
      randomize: true,
      shouldRetry: ({ error }) => isBusy(error),
    });
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    const advice = isBusy(error) ? ' A long transaction holds a lock (see pg_stat_activity): try again after it.' : '';
    throw new MigrationError(
      `The database's rules, version ${rules.version}, could not be put in place: ${describeScriptError(error, rules.sql)} Nothing of them was kept.${advice}`,
      { cause: error },
    );
  }
}

/**
 * Locks the triggers' tables before a view that each load of a session reads: all waiting is done
 * by then, and the rest takes less than the five seconds that a request waits for a lock.
 */
const lockTables =
  'LOCK TABLE orgs, domains, connections, users, identities, sessions, grants, tokens, api_keys, audit_events, audit_names IN SHARE ROW EXCLUSIVE MODE';

async function attempt(client: pg.Client, rules: Rules): Promise<boolean> {
  const { version, sql, sha256 } = rules;
  await client.query('BEGIN');
  try {
    await client.query(`SET LOCAL lock_timeout = '500ms'`);
    const { rows } = await client.query<{ version: number; sha256: string }>(
      'SELECT version, sha256 FROM rules_versions ORDER BY version DESC LIMIT 1',
    );
    const present = rows[0];
    if (present?.version === version && present.sha256 !== sha256)
      throw new MigrationError(
        `The rules of this database, version ${version}, have another text than prisma/rules: raise the number in prisma/rules/version.json.`,
      );
    const needed = present === undefined || present.version < version;
    if (needed) {
      await stopIndexBuild(client);
      await client.query(lockTables);
      await client.query(sql);
      await client.query('INSERT INTO rules_versions (version, sha256) VALUES ($1, $2)', [version, sha256]);
    }
    await client.query('COMMIT');
    return needed;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** Another transaction had the lock (55P03), or both would have waited for each other. */
function isBusy(error: unknown): boolean {
  return isConflict(error) || (error as { code?: unknown }).code === '55P03';
}
