import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertTwins } from './fixtures.ts';

let database: TestDatabase;
let db: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  db = new pg.Pool({ connectionString: database.url, max: 2 });
  await insertTwins(db);
});
afterAll(async () => {
  await db.end();
  await database.drop();
});

const live = async (org: string) => (await db.query('SELECT id FROM live_sessions WHERE org_id = $1', [org])).rowCount;

/** Runs in a transaction that is rolled back, so that every test finds the twins as they were made. */
async function trying<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await db.connect();
  await client.query('BEGIN');
  try {
    return await work(client);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

const refused = (code: unknown, ...statements: string[]) =>
  trying(async (client) => {
    const last = statements.pop() ?? '';
    for (const statement of statements) await client.query(statement);
    await expect(client.query(last)).rejects.toMatchObject({ code });
  });

describe('live_sessions', () => {
  const endings: Record<string, string> = {
    'a bump of the user': `UPDATE users SET generation = generation + 1 WHERE org_id = 'org_a' AND id = 'usr'`,
    'a bump of the org': `UPDATE orgs SET generation = generation + 1 WHERE id = 'org_a'`,
    'deactivating the user': `UPDATE users SET active = false WHERE org_id = 'org_a' AND id = 'usr'`,
    'a tombstone': `UPDATE sessions SET revoked_at = now() WHERE org_id = 'org_a'`,
    'signing out': `UPDATE sessions SET ended_at = now() WHERE org_id = 'org_a'`,
    idling: `UPDATE sessions SET idle_expires_at = now() - interval '1 s' WHERE org_id = 'org_a'`,
    'the greatest age': `UPDATE sessions SET expires_at = now() - interval '1 s' WHERE org_id = 'org_a'`,
  };
  test.each(Object.entries(endings))('loses a session to %s, and keeps the twin in the other org', (_name, statement) =>
    trying(async (client) => {
      await client.query(statement);
      const { rows } = await client.query('SELECT org_id FROM live_sessions');
      expect(rows).toEqual([{ org_id: 'org_b' }]);
    }),
  );

  test('holds both twins to begin with', async () => {
    expect([await live('org_a'), await live('org_b')]).toEqual([1, 1]);
  });
});

describe('triggers', () => {
  test('a generation never decreases', async () => {
    await refused('23001', `UPDATE users SET generation = 5`, `UPDATE users SET generation = 4 WHERE org_id = 'org_a'`);
    await refused('23001', `UPDATE orgs SET generation = 5`, `UPDATE orgs SET generation = 4 WHERE id = 'org_a'`);
  });

  test.each(['revoked_at', 'ended_at'])('a dead session keeps its %s', (column) =>
    refused('23001', `UPDATE sessions SET ${column} = now()`, `UPDATE sessions SET ${column} = NULL`),
  );

  test.each([
    `user_generation = 2`,
    `user_generation = -1`,
    `org_generation = 1`,
    `sid_hash = '\\x0c'`,
    `user_id = 'only_b'`,
    `id = 'other'`,
  ])('a session never changes who it is: %s', (change) =>
    refused('23001', `UPDATE sessions SET ${change} WHERE org_id = 'org_b'`),
  );

  test.each([
    `UPDATE audit_events SET action = 'other'`,
    `DELETE FROM audit_events`,
    `TRUNCATE audit_events`,
    `TRUNCATE audit_events CASCADE`,
  ])('the record is append only: %s', (statement) => refused('23001', statement));
});

describe('tenant keys', () => {
  test('a session of one org on a user of another is refused', () =>
    refused(
      '23503',
      `INSERT INTO sessions (org_id, id, sid_hash, user_id, connection_id, identity_id, user_generation, org_generation, idle_expires_at, expires_at)
       VALUES ('org_a', 'ses2', '\\x0d', 'only_b', 'con', 'idn', 0, 0, now(), now())`,
    ));

  test('a todo and an identity of one org on a user of another are refused', async () => {
    await refused('23503', `INSERT INTO todos (org_id, id, user_id, task) VALUES ('org_a', 't', 'only_b', 'x')`);
    await refused(
      '23503',
      `INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject) VALUES ('org_a', 'i2', 'con', 'only_b', 'https://idp', 's2')`,
    );
  });

  // A RESTRICT says 23503 before PostgreSQL 18, and 23001 since.
  const restricted = expect.stringMatching(/^(23503|23001)$/);
  test('a user who is referred to never changes org or id, and is never deleted with what hangs on it', async () => {
    await refused(
      restricted,
      `UPDATE users SET org_id = 'org_b', email_key = 'n@x.y' , id = 'u2' WHERE org_id = 'org_a'`,
    );
    await refused(restricted, `UPDATE users SET id = 'usr2' WHERE org_id = 'org_a'`);
    await refused(restricted, `DELETE FROM users WHERE org_id = 'org_a'`);
    await refused(restricted, `DELETE FROM orgs WHERE id = 'org_a'`);
  });
});

describe('domains and addresses', () => {
  const domain = (org: string, id: string, verified: boolean, name = 'x.y') =>
    `INSERT INTO domains (org_id, id, domain, verified_at) VALUES ('${org}', '${id}', '${name}', ${verified ? 'now()' : 'NULL'})`;

  test('a verified domain belongs to one org', async () => {
    await refused('23505', domain('org_a', 'd1', true), domain('org_b', 'd2', true));
    await trying(async (client) => {
      await client.query(domain('org_a', 'd1', true));
      await client.query(domain('org_b', 'd2', false));
    });
  });

  test('keys for look-ups are lower-cased ASCII', async () => {
    await refused('23514', domain('org_a', 'd1', false, 'X.y'));
    await refused('23514', `UPDATE users SET email_key = 'T@x.y'`);
    await refused('23514', `UPDATE users SET email_key = 'té@x.y'`);
    await refused('23514', `UPDATE orgs SET slug = 'Upper' WHERE id = 'org_a'`);
  });
});
