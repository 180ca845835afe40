import type pg from 'pg';

/**
 * Two orgs with the same connection, user, identity and session ids in each: twins, told apart by
 * org_id alone.
 */
export async function insertTwins(db: pg.Pool): Promise<void> {
  for (const [org, sid] of [
    ['org_a', '\\x0a'],
    ['org_b', '\\x0b'],
  ]) {
    await db.query(`INSERT INTO orgs (id, slug, name) VALUES ($1, translate($1, '_', '-'), $1)`, [org]);
    await db.query(
      `INSERT INTO connections (org_id, id, name, issuer, authorization_endpoint, token_endpoint, jwks_uri, client_id, client_secret)
       VALUES ($1, 'con', 'IdP', 'https://idp', 'https://idp/a', 'https://idp/t', 'https://idp/k', 'client', 'sealed')`,
      [org],
    );
    await db.query(`INSERT INTO users (org_id, id, email, email_key, name) VALUES ($1, 'usr', 'T@x.y', 't@x.y', 'T')`, [
      org,
    ]);
    await db.query(
      `INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject) VALUES ($1, 'idn', 'con', 'usr', 'https://idp', 's')`,
      [org],
    );
    await db.query(
      `INSERT INTO sessions (org_id, id, sid_hash, user_id, connection_id, identity_id, user_generation, org_generation, idle_expires_at, expires_at)
       VALUES ($1, 'ses', $2, 'usr', 'con', 'idn', 0, 0, now() + interval '1 hour', now() + interval '1 day')`,
      [org, sid],
    );
    await db.query(
      `INSERT INTO grants (org_id, id, client_id, user_id, connection_id, identity_id, session_id, user_generation, org_generation, scope, idle_expires_at, expires_at)
       VALUES ($1, 'grn', 'cli', 'usr', 'con', 'idn', 'ses', 0, 0, 'openid', now() + interval '1 hour', now() + interval '1 day')`,
      [org],
    );
    await db.query(
      `INSERT INTO tokens (kind, id_hash, org_id, grant_id, payload, expires_at) VALUES ('AccessToken', $2, $1, 'grn', '{}', now() + interval '5 minutes')`,
      [org, sid],
    );
    await db.query(`INSERT INTO audit_events (org_id, id, action, actor_type) VALUES ($1, 'evt', 'test', 'system')`, [
      org,
    ]);
  }
  await db.query(
    `INSERT INTO users (org_id, id, email, email_key, name) VALUES ('org_b', 'only_b', 'b@x.y', 'b@x.y', 'B')`,
  );
}
