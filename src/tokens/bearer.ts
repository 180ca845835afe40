import type { Request, RequestHandler } from 'express';
import type { Pool } from 'pg';
import type { Config } from '../config.ts';
import { createBatchLoader } from '../database/batch-loader.ts';
import type { Note } from '../database/notes.ts';
import { AppError } from '../errors.ts';
import { readBearer } from '../http/bearer.ts';
import { hashSecret } from '../keyring.ts';
import { type LiveRow, toPrincipal, touchAfterMs } from '../sessions/principal.ts';
import { type EndRow, endColumns, notSignedIn, type SessionEnd, toSessionEnd } from '../sessions/session-end.ts';

type LiveTokenRow = LiveRow & { id_hash: Buffer };

type Deps = Readonly<{ pool: Pool; config: Config; note: Note }>;

/**
 * For `/api`: a request with `Authorization: Bearer` belongs to the app of that access token alone,
 * and its cookies are not looked at, however good. One statement finds the token with its live
 * grant and the person. Other requests pass untouched.
 */
export function createBearerAuthentication({ pool, config, note }: Deps): RequestHandler {
  const loadLive = createBatchLoader<LiveTokenRow>(pool, {
    name: 'access-tokens-load',
    text: `SELECT t.id_hash, g.org_id, g.id, g.user_id, g.org_slug, g.org_name, g.email, g.name, g.role,
                  coalesce(t.payload->>'scope', '') AS scope, g.authenticated_at, g.last_seen_at
           FROM tokens t JOIN live_grants g ON g.org_id = t.org_id AND g.id = t.grant_id
           WHERE t.kind = 'AccessToken' AND t.id_hash = ANY ($1::bytea[]) AND t.consumed_at IS NULL AND t.expires_at > now()`,
    keyColumn: 'id_hash',
  });

  const authenticateBearer: RequestHandler = async (req, _res, next) => {
    const token = readBearer(req);
    if (token === undefined) return next();
    if (token === null) throw refusal(null);
    const idHash = hashSecret(token);
    const row = await loadLive(idHash);
    if (!row) throw refusal(await explainGrantEnd(pool, idHash));
    if (Date.now() - row.last_seen_at.getTime() >= touchAfterMs) touch(row, req.ip ?? null);
    req.user = { principal: toPrincipal(row, 'grant') };
    next();
  };
  return authenticateBearer;

  /** Notes when and from where it was used, at most once a minute, on condition that it is alive. */
  function touch({ org_id, id }: LiveTokenRow, ip: string | null): void {
    note(id, {
      name: 'grant-touch',
      text: `UPDATE grants g SET last_seen_at = now(), last_seen_ip = $4,
               idle_expires_at = CASE WHEN 'offline_access' = ANY (string_to_array(g.scope, ' '))
                 THEN least(g.expires_at, now() + make_interval(secs => least($3::float8, o.grant_idle_seconds)))
                 ELSE g.idle_expires_at END
             FROM orgs o
             WHERE o.id = g.org_id AND (g.org_id, g.id) IN (
               SELECT org_id, id FROM grants g
               WHERE g.org_id = $1 AND g.id = $2 AND g.revoked_at IS NULL AND g.ended_at IS NULL
                 AND g.last_seen_at < now() - interval '1 minute'
                 AND EXISTS (SELECT FROM live_grants l WHERE l.org_id = g.org_id AND l.id = g.id)
               FOR NO KEY UPDATE SKIP LOCKED)`,
      values: [org_id, id, config.grantIdleSeconds, ip],
    });
  }
}

/**
 * Makes each of `handlers`, which are about cookies, pass over an app's request: no browser adds a
 * token by itself. The end of a router of their own would cost every request a turn of the event
 * loop.
 */
export function unlessBearer(...handlers: RequestHandler[]): RequestHandler[] {
  return handlers.map((handler) => (req, res, next) => (isBearer(req) ? next() : handler(req, res, next)));
}

function isBearer(req: Request): boolean {
  return req.user?.principal?.credential.type === 'grant';
}

/** Why the token's grant is dead; null where it lives (the token has expired) or no row tells. */
async function explainGrantEnd(pool: Pool, idHash: Buffer): Promise<SessionEnd | null> {
  const { rows } = await pool.query<EndRow>({
    name: 'access-token-explain',
    text: `SELECT ${endColumns('g', 'grant')}
           FROM tokens t
           JOIN grants g ON g.org_id = t.org_id AND g.id = t.grant_id
           JOIN users u ON u.org_id = g.org_id AND u.id = g.user_id
           JOIN orgs o ON o.id = g.org_id
           WHERE t.kind = 'AccessToken' AND t.id_hash = $1
             AND NOT EXISTS (SELECT FROM live_grants l WHERE l.org_id = g.org_id AND l.id = g.id)`,
    values: [idHash],
  });
  return rows[0] ? toSessionEnd(rows[0]) : null;
}

/** RFC 6750 §3.1. The code of the grant's end, if it has ended, says that a refresh is no help. */
function refusal(end: SessionEnd | null): AppError {
  const headers = { 'WWW-Authenticate': 'Bearer realm="api", error="invalid_token"', 'Cache-Control': 'no-store' };
  if (!end)
    return new AppError(
      'invalid_token',
      'The access token is unknown, has expired or was given back. Refresh it, or sign in again.',
      { headers },
    );
  const { code, detail, members } = notSignedIn(end);
  return new AppError(code, detail, { members, headers });
}
