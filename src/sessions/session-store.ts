import type { Request } from 'express';
import session, { type SessionData } from 'express-session';
import type { Pool } from 'pg';
import type { By } from '../by.ts';
import type { Config } from '../config.ts';
import { createBatchLoader } from '../database/batch-loader.ts';
import { newId } from '../database/ids.ts';
import type { Note } from '../database/notes.ts';
import { hashSecret } from '../keyring.ts';
import { insertSession } from './insert-session.ts';
import { type LiveRow, type Principal, toPrincipal, touchAfterMs } from './principal.ts';
import { erased, explainEnd, type SessionEnd } from './session-end.ts';

declare module 'express-session' {
  interface SessionData {
    passport?: { user?: Express.User };
  }
}

declare global {
  namespace Express {
    interface Request {
      /** Why the session of the request's cookie is dead, where a row still tells. */
      sessionEnd?: SessionEnd;
    }
  }
}

/** A row of the view `live_sessions`. */
type LiveSessionRow = LiveRow & { sid_hash: Buffer; data: object; expires_at: Date };

/** What the store knows of a session object that it loaded or inserted; never stored in the row. */
type LiveSession = { orgId: string; id: string; data: string; lastSeenAt: number; ip: string | null };
type Stored = LiveSession | { end: SessionEnd };

/**
 * The express-session store. express-session calls `set` blindly at the end of a request that
 * changed its session, which brings destroyed sessions back on every store that upserts. Here a
 * loaded session is only UPDATEd, on condition that it is live; a new one is only INSERTed, from a
 * sign-in's ticket; anything else writes nothing. No liveness is kept in this process.
 */
export class PostgresSessionStore extends session.Store {
  readonly #pool: Pool;
  readonly #config: Config;
  readonly #note: Note;
  readonly #loadLive: (sidHash: Buffer) => Promise<LiveSessionRow | null>;
  /** The keys are the session objects of requests: an entry dies with its request. */
  readonly #stored = new WeakMap<object, Stored>();

  constructor({ pool, config, note }: { pool: Pool; config: Config; note: Note }) {
    super();
    this.#pool = pool;
    this.#config = config;
    this.#note = note;
    this.#loadLive = createBatchLoader<LiveSessionRow>(pool, {
      name: 'sessions-load',
      text: `SELECT sid_hash, org_id, id, user_id, org_slug, org_name, email, name, role, data,
                    authenticated_at, last_seen_at, expires_at, language
             FROM live_sessions WHERE sid_hash = ANY ($1::bytea[])`,
      keyColumn: 'sid_hash',
    });
  }

  /**
   * Yields the live session with its principal in one joined statement; nothing for an unknown id.
   * A dead one yields an anonymous session with the same id, which can never be saved: a 401 can
   * then say why (`req.sessionEnd`).
   */
  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    this.#load(hashSecret(sid)).then(
      (loaded) => callback(null, loaded),
      // express-session takes an error with the code ENOENT (a lost Unix socket) for "no session".
      (cause) => callback(new Error('the session could not be loaded', { cause })),
    );
  }

  /** Inserts at sign-in, updates a live session, else writes nothing. @throws SignInSuperseded */
  override set(sid: string, data: SessionData, callback?: (error?: unknown) => void): void {
    this.#save(sid, data).then(() => callback?.(), callback);
  }

  /** Notes when and from where it was seen, at most once a minute, on condition that it is live. */
  override touch(_sid: string, data: SessionData, callback?: (error?: unknown) => void): void {
    const stored = this.#stored.get(data);
    if (stored && !('end' in stored) && Date.now() - stored.lastSeenAt >= touchAfterMs) this.#touch(stored);
    // At once: nobody waits for a note, and express-session would split its answer.
    callback?.();
  }

  /** Ends a live session and records it; signing out is `endDevice`, which knows the request. */
  override destroy(sid: string, callback?: (error?: unknown) => void): void {
    this.#end(hashSecret(sid), { ip: null, requestId: null }).then(() => callback?.(), callback);
  }

  /** Ends the browser's session and makes a new one: Passport asks for it at each sign-in. */
  override regenerate(req: Request, callback: (error?: unknown) => void): void {
    const generate = () => (this as unknown as { generate: (req: Request) => void }).generate(req);
    this.#end(hashSecret(req.sessionID), { ip: req.ip ?? null, requestId: req.id })
      .finally(generate)
      .then(() => callback(), callback);
  }

  override createSession(req: Request, data: SessionData): ReturnType<session.Store['createSession']> {
    const created = super.createSession(req, data);
    const stored = this.#stored.get(data);
    if (!stored) return created;
    if ('end' in stored) req.sessionEnd = stored.end;
    else stored.ip = req.ip ?? null;
    this.#stored.set(created, stored);
    return created;
  }

  async #load(sidHash: Buffer): Promise<SessionData | null> {
    const row = await this.#loadLive(sidHash);
    if (!row) return this.#loadDead(sidHash);
    // The data is copied: concurrent requests share the row, and must not share its objects.
    const data = JSON.stringify(row.data);
    const loaded: SessionData = {
      ...JSON.parse(data),
      cookie: this.#cookie(row.expires_at),
      passport: { user: withoutTrace(toPrincipal(row, 'session')) },
    };
    this.#stored.set(loaded, {
      orgId: row.org_id,
      id: row.id,
      data,
      lastSeenAt: row.last_seen_at.getTime(),
      ip: null,
    });
    return loaded;
  }

  async #loadDead(sidHash: Buffer): Promise<SessionData | null> {
    const end = await explainEnd(this.#pool, sidHash);
    if (!end) return null;
    const dead: SessionData = { cookie: this.#cookie(new Date()) };
    this.#stored.set(dead, { end });
    return dead;
  }

  #cookie(expires: Date): SessionData['cookie'] {
    const { cookie } = sessionCookie(this.#config);
    return { ...cookie, expires, originalMaxAge: cookie.maxAge } as unknown as SessionData['cookie'];
  }

  async #save(sid: string, session: SessionData): Promise<void> {
    const { cookie: _cookie, passport, ...own } = session;
    const data = JSON.stringify(own);
    const stored = this.#stored.get(session);
    const ticket = passport?.user?.ticket;
    if (!stored && ticket) {
      const id = await insertSession(this.#pool, this.#config, { sidHash: hashSecret(sid), ticket, data });
      this.#stored.set(session, { orgId: ticket.orgId, id, data, lastSeenAt: Date.now(), ip: ticket.ip });
      return;
    }
    if (!stored || 'end' in stored || stored.data === data) return;
    // The row's own tombstones are compared again beside the view: after a wait for a lock,
    // PostgreSQL re-checks the row in its newest version, but subqueries in the old snapshot.
    await this.#pool.query({
      name: 'session-save',
      text: `UPDATE sessions s SET data = $3
             WHERE s.org_id = $1 AND s.id = $2 AND s.revoked_at IS NULL AND s.ended_at IS NULL
               AND EXISTS (SELECT FROM live_sessions l WHERE l.org_id = s.org_id AND l.id = s.id)`,
      values: [stored.orgId, stored.id, data],
    });
    stored.data = data;
  }

  #touch(stored: LiveSession): void {
    this.#note(stored.id, {
      name: 'session-touch',
      text: `UPDATE sessions s SET last_seen_at = now(), last_seen_ip = $4,
               idle_expires_at = now() + make_interval(secs => least($3::float8, o.session_idle_seconds))
             FROM orgs o
             WHERE o.id = s.org_id AND (s.org_id, s.id) IN (
               SELECT org_id, id FROM sessions s
               WHERE s.org_id = $1 AND s.id = $2 AND s.revoked_at IS NULL AND s.ended_at IS NULL
                 AND s.last_seen_at < now() - interval '1 minute'
                 AND EXISTS (SELECT FROM live_sessions l WHERE l.org_id = s.org_id AND l.id = s.id)
               FOR NO KEY UPDATE SKIP LOCKED)`,
      values: [stored.orgId, stored.id, this.#config.sessionIdleSeconds, stored.ip],
    });
  }

  async #end(sidHash: Buffer, from: Pick<By, 'ip' | 'requestId'>): Promise<void> {
    await this.#pool.query({
      name: 'session-end',
      text: `
        WITH ended AS (
          UPDATE sessions s SET ended_at = clock_timestamp()${erased('sessions')}
          WHERE s.sid_hash = $1 AND s.revoked_at IS NULL AND s.ended_at IS NULL
            AND EXISTS (SELECT FROM live_sessions l WHERE l.org_id = s.org_id AND l.id = s.id)
          RETURNING org_id, id, user_id
        )
        INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id)
        SELECT org_id, $2, 'session.ended', 'user', user_id, 'session', id, $3, $4 FROM ended`,
      values: [sidHash, newId('auditEvent'), from.ip, from.requestId],
    });
  }
}

/**
 * Makes a `req.user` that JSON doesn't show. express-session writes the session as JSON four times
 * a request, to see whether it was changed, and the person is never stored with it.
 */
function withoutTrace(principal: Principal): Express.User {
  return Object.defineProperty({}, 'principal', { value: principal });
}

/** The session cookie. On https it is Secure and `__Host-`: no other host or path can plant it. */
export function sessionCookie(config: Config) {
  const secure = config.publicUrl.startsWith('https:');
  return {
    name: secure ? '__Host-session' : 'session',
    cookie: {
      path: '/',
      httpOnly: true,
      sameSite: 'lax' as const,
      secure,
      maxAge: config.sessionAbsoluteSeconds * 1000,
    },
  };
}
