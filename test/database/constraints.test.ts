import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, openPool, type TestDatabase } from '../support/database.ts';
import { insertTwins } from './fixtures.ts';

let database: TestDatabase;
let db: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openPool({ connectionString: database.url, max: 2 });
  await insertTwins(db);
});
afterAll(async () => {
  await db.end();
  await database.drop();
});

/**
 * Runs in a transaction that is rolled back, so that every test finds the twins as they were made.
 */
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

const tables = [
  { view: 'live_sessions', table: 'sessions' },
  { view: 'live_grants', table: 'grants' },
];

describe.each(tables)('$view', ({ view, table }) => {
  const endings: Record<string, string> = {
    'a bump of the user': `UPDATE users SET generation = generation + 1 WHERE org_id = 'org_a' AND id = 'usr'`,
    'a bump of the org': `UPDATE orgs SET generation = generation + 1 WHERE id = 'org_a'`,
    'deactivating the user': `UPDATE users SET active = false WHERE org_id = 'org_a' AND id = 'usr'`,
    'a tombstone': `UPDATE ${table} SET revoked_at = now() WHERE org_id = 'org_a'`,
    'signing out': `UPDATE ${table} SET ended_at = now() WHERE org_id = 'org_a'`,
    idling: `UPDATE ${table} SET idle_expires_at = now() - interval '1 s' WHERE org_id = 'org_a'`,
    'the greatest age': `UPDATE ${table} SET expires_at = now() - interval '1 s' WHERE org_id = 'org_a'`,
    'the end of the IdP session that it came from': `
      WITH named AS (UPDATE ${table} SET idp_sid = 'idp-session')
      INSERT INTO spent (org_id, kind, id, expires_at) VALUES ('org_a', 'idp_session', 'con idp-session', now() + interval '1 day')`,
  };
  test.each(Object.entries(endings))('loses one to %s, and keeps the twin in the other org', (_name, statement) =>
    trying(async (client) => {
      await client.query(statement);
      const { rows } = await client.query(`SELECT org_id FROM ${view}`);
      expect(rows).toEqual([{ org_id: 'org_b' }]);
    }),
  );

  test.each([
    ['another connection', `('org_a', 'idp_session', 'other idp-session', now())`],
    ['another IdP session', `('org_a', 'idp_session', 'con other', now())`],
    ['another kind of thing used once', `('org_a', 'logout_token', 'con idp-session', now())`],
  ])('keeps it when what ended is of %s', (_name, values) =>
    trying(async (client) => {
      await client.query(`UPDATE ${table} SET idp_sid = 'idp-session'`);
      await client.query(`INSERT INTO spent (org_id, kind, id, expires_at) VALUES ${values}`);
      expect((await client.query(`SELECT FROM ${view}`)).rowCount).toBe(2);
    }),
  );

  test('holds both twins to begin with', async () => {
    expect((await db.query(`SELECT org_id FROM ${view} ORDER BY org_id`)).rows).toEqual([
      { org_id: 'org_a' },
      { org_id: 'org_b' },
    ]);
  });
});

describe('triggers', () => {
  test('a generation never decreases', async () => {
    await refused('23001', `UPDATE users SET generation = 5`, `UPDATE users SET generation = 4 WHERE org_id = 'org_a'`);
    await refused('23001', `UPDATE orgs SET generation = 5`, `UPDATE orgs SET generation = 4 WHERE id = 'org_a'`);
  });

  describe.each(tables)('on $table', ({ table }) => {
    test.each(['revoked_at', 'ended_at'])('a dead one keeps its %s', (column) =>
      refused('23001', `UPDATE ${table} SET ${column} = now()`, `UPDATE ${table} SET ${column} = NULL`),
    );

    const hash = table === 'sessions' ? [`sid_hash = '\\x0c'`] : [`client_id = 'mobile-app'`];
    test.each([
      `user_generation = 2`,
      `user_generation = -1`,
      `org_generation = 2`,
      `org_generation = -1`,
      `user_id = 'only_b'`,
      `id = 'other'`,
      ...hash,
    ])('one never changes what it is: %s', (change) =>
      refused('23001', `UPDATE ${table} SET ${change} WHERE org_id = 'org_b'`),
    );

    test.each(['user', 'org'])(
      'one may be taken along to the next generation of the %s, unless it is dead',
      async (of) => {
        const next = `UPDATE ${table} SET ${of}_generation = ${of}_generation + 1 WHERE org_id = 'org_a'`;
        await trying(async (client) => expect((await client.query(next)).rowCount).toBe(1));
        await refused('23001', `UPDATE ${table} SET revoked_at = now()`, next);
        await refused('23001', `UPDATE ${table} SET ended_at = now()`, next);
      },
    );
  });

  test('a token stays consumed, and stays with its grant', async () => {
    const consume = `UPDATE tokens SET consumed_at = now() WHERE org_id = 'org_a'`;
    await refused('23001', consume, `UPDATE tokens SET consumed_at = NULL WHERE org_id = 'org_a'`);
    await refused('23001', consume, `UPDATE tokens SET consumed_at = now() + interval '1 s' WHERE org_id = 'org_a'`);
    await refused('23001', `UPDATE tokens SET org_id = NULL, grant_id = NULL`);
    await refused(
      '23001',
      `INSERT INTO grants SELECT org_id, 'grn2', client_id, user_id, connection_id, identity_id, session_id, user_generation,
              org_generation, idp_sid, scope, user_agent, ip, created_at, last_seen_at, idle_expires_at, expires_at FROM grants`,
      `UPDATE tokens SET grant_id = 'grn2'`,
    );
  });

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

describe('connections and tokens', () => {
  const second = (values: string) =>
    `INSERT INTO connections (org_id, id, name, issuer, authorization_endpoint, token_endpoint, jwks_uri, client_id, client_secret, active, proven_at)
     VALUES ('org_b', 'con2', 'IdP', 'https://idp', 'https://idp/a', 'https://idp/t', 'https://idp/k', 'client', 'sealed', ${values})`;
  const prove = `UPDATE connections SET proven_at = now() WHERE org_id = 'org_a'`;

  test('issuer and client id name one connection among the active, proven ones', async () => {
    await refused('23505', prove, second('true, now()'));
    await trying(async (client) => {
      await client.query(prove);
      await client.query(second('false, now()'));
    });
    await trying(async (client) => {
      await client.query(prove);
      await client.query(second('true, NULL'));
    });
  });

  test('a token has the org of its grant, or neither', async () => {
    const token = (org: string, grant: string) =>
      `INSERT INTO tokens (kind, id_hash, org_id, grant_id, payload, expires_at) VALUES ('Code', '\\x77', ${org}, ${grant}, '{}', now())`;
    await refused('23514', token(`'org_a'`, 'NULL'));
    await refused('23514', token('NULL', `'grn'`));
    await refused('23503', `DELETE FROM grants WHERE org_id = 'org_b'`, token(`'org_b'`, `'grn'`));
    await trying((client) => client.query(token('NULL', 'NULL')));
  });

  test('a grant of one org on a user of another is refused', () =>
    refused(
      '23503',
      `INSERT INTO grants (org_id, id, client_id, user_id, connection_id, identity_id, session_id, user_generation, org_generation, scope, idle_expires_at, expires_at)
       VALUES ('org_a', 'grn2', 'cli', 'only_b', 'con', 'idn', 'ses', 0, 0, 'openid', now(), now())`,
    ));
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

  test('keys for look-ups are lower-cased; what is so outside ASCII is for the product alone to say', async () => {
    await refused('23514', domain('org_a', 'd1', false, 'X.y'));
    await refused('23514', `UPDATE users SET email_key = 'T@x.y'`);
    await refused('23514', `UPDATE users SET email_key = ' t@x.y'`);
    await refused('23514', `UPDATE users SET email_key = 'x.y'`);
    await trying((client) => client.query(`UPDATE users SET email_key = 'té@x.y' WHERE id = 'usr'`));
    await refused('23514', `UPDATE orgs SET slug = 'Upper' WHERE id = 'org_a'`);
  });

  test('people whom a node of the version before provisions are so, and nobody else', () =>
    trying(async (client) => {
      const isProvisioned = async () =>
        (await client.query(`SELECT provisioned FROM users WHERE org_id = 'org_a' AND id = 'new'`)).rows[0].provisioned;
      const insert = (columns: string, values: string) =>
        client.query(
          `INSERT INTO users (org_id, id, email, email_key, name${columns}) VALUES ('org_a', 'new', 'n@x.y', 'n@x.y', 'N'${values})`,
        );
      const named = `'{"name": {"givenName": "N"}}'`;
      for (const [columns, values, expected] of [
        ['', '', false],
        [', profile', `, ${named}`, false],
        [', profile', `, '{"title": "Dr."}'`, true],
        [', external_id', `, 'x'`, true],
        [', user_name, user_name_key', `, 'n', 'n'`, true],
      ] as const) {
        await insert(columns, values);
        expect([columns, values, await isProvisioned()]).toEqual([columns, values, expected]);
        await client.query(`DELETE FROM users WHERE org_id = 'org_a' AND id = 'new'`);
      }
      for (const [change, expected] of [
        [`name = 'M'`, false],
        [`profile = ${named}`, false],
        [`profile = '{"emails": [{"value": "n@x.y"}]}'`, true],
        [`profile = '{"displayName": "N"}'`, true],
        [`external_id = 'x'`, true],
        [`user_name = 'n', user_name_key = 'n'`, true],
      ] as const) {
        await insert('', '');
        await client.query(`UPDATE users SET ${change} WHERE org_id = 'org_a' AND id = 'new'`);
        expect([change, await isProvisioned()]).toEqual([change, expected]);
        await client.query(`DELETE FROM users WHERE org_id = 'org_a' AND id = 'new'`);
      }
    }));

  test('the connection that a node of the version before writes is the only authoritative one', () =>
    trying(async (client) => {
      const authorities = async () => {
        const { rows } = await client.query('SELECT org_id, connection_id FROM domain_connections ORDER BY 1, 2');
        return rows.map((row) => `${row.org_id} ${row.connection_id}`);
      };
      const more = ['next', 'last'].map(
        (
          id,
        ) => `INSERT INTO connections (org_id, id, name, issuer, authorization_endpoint, token_endpoint, jwks_uri, client_id, client_secret)
                 VALUES ('org_a', '${id}', '${id}', 'https://${id}.example', 'a', 't', 'j', '${id}', 's')`,
      );
      for (const statement of more) await client.query(statement);
      for (const org of ['org_a', 'org_b'])
        await client.query(
          `INSERT INTO domains (org_id, id, domain, connection_id) VALUES ('${org}', 'd', 'x.y', 'con')`,
        );
      expect(await authorities()).toEqual(['org_a con', 'org_b con']);
      await client.query(`INSERT INTO domain_connections VALUES ('org_a', 'd', 'next')`);
      await client.query(
        `UPDATE domains SET connection_id = connection_id, verified_at = now() WHERE org_id = 'org_a'`,
      );
      expect(await authorities()).toEqual(['org_a con', 'org_a next', 'org_b con']);
      await client.query(`UPDATE domains SET connection_id = 'last' WHERE org_id = 'org_a'`);
      expect(await authorities()).toEqual(['org_a last', 'org_b con']);
      await client.query(`DELETE FROM domains WHERE org_id = 'org_a'`);
      expect(await authorities()).toEqual(['org_b con']);
    }));

  test('a domain is led by no connection of another org', () =>
    refused(
      '23503',
      `INSERT INTO connections (org_id, id, name, issuer, authorization_endpoint, token_endpoint, jwks_uri, client_id, client_secret)
       VALUES ('org_b', 'only_b', 'B', 'https://b.example', 'a', 't', 'j', 'b', 's')`,
      domain('org_a', 'd1', true),
      `INSERT INTO domain_connections VALUES ('org_a', 'd1', 'only_b')`,
    ));
});
