import type { Role } from '../database/generated/client.ts';

/**
 * Who a live session or grant belongs to: what the one joined statement returns, and `req.user`
 * afterwards.
 */
export type Principal = Readonly<{
  orgId: string;
  orgSlug: string;
  orgName: string;
  userId: string;
  /** What proves it: a browser's session, or the grant that an app's access token belongs to. */
  credential: Credential;
  email: string;
  name: string;
  role: Role;
  /** When the person authenticated at the IdP; null where that isn't proven. */
  authenticatedAt: Date | null;
  /**
   * What an app's access token may do, space-separated; null: a browser's session, which may do
   * all.
   */
  scope: string | null;
}>;

/**
 * What a person can be signed in with: a browser's session, an app's grant. Tables and columns are
 * named after them.
 */
export const deviceKinds = ['session', 'grant'] as const;
export type DeviceKind = (typeof deviceKinds)[number];

export type Credential = Readonly<{ type: DeviceKind; id: string }>;

/** What `live_sessions` and `live_grants` say alike of whom a row belongs to. */
export type LiveRow = {
  org_id: string;
  id: string;
  user_id: string;
  org_slug: string;
  org_name: string;
  email: string;
  name: string;
  role: Role;
  authenticated_at: Date | null;
  last_seen_at: Date;
  /** Of a grant. */
  scope?: string;
};

export function toPrincipal(row: LiveRow, type: DeviceKind): Principal {
  return {
    orgId: row.org_id,
    orgSlug: row.org_slug,
    orgName: row.org_name,
    userId: row.user_id,
    credential: { type, id: row.id },
    email: row.email,
    name: row.name,
    role: row.role,
    authenticatedAt: row.authenticated_at,
    scope: row.scope ?? null,
  };
}

/** Milliseconds: how exact "last seen" is. */
export const touchAfterMs = 60_000;

/**
 * A sign-in that has been proven and not yet become a session. `req.login(ticket)` hands it to the
 * session store, which inserts the session only if both generations are still these and the state
 * has not been spent.
 */
export type SignInTicket = Readonly<{
  orgId: string;
  userId: string;
  connectionId: string;
  identityId: string;
  /** As read by the callback; a revocation since then makes the insert fail. */
  userGeneration: number;
  orgGeneration: number;
  /** The sealed state's id, burnt with the insert, and until when a replay would still open. */
  stateId: string;
  stateExpiresAt: Date;
  /** The IdP's own session, `sid` of the ID token, if it sent one. */
  idpSid: string | null;
  /** When the person authenticated at the IdP; null where that isn't proven. */
  authenticatedAt: Date | null;
  /**
   * What the person becomes by this sign-in: a claim of the IdP's says so. Null: as they are. An
   * owner stays one.
   */
  role: Exclude<Role, 'owner'> | null;
  /** Encrypted; null unless signing out goes on to the IdP. */
  idToken: string | null;
  userAgent: string | null;
  ip: string | null;
  requestId: string | null;
}>;

/**
 * The session could not be inserted: a revocation came in between, the user is gone, or the state
 * was spent.
 */
export class SignInSuperseded extends Error {
  constructor() {
    super('the sign-in was overtaken by a revocation, or its state was used before');
    this.name = 'SignInSuperseded';
  }
}

declare global {
  namespace Express {
    // Passport types req.user and req.login() with it.
    interface User {
      principal?: Principal;
      ticket?: SignInTicket;
    }
    interface Request {
      /** Set by the first middleware; goes into logs, audit events and problem details. */
      id: string;
    }
  }
}
