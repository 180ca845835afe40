import type { Role } from '../database/generated/client.ts';

/** Who a live session or grant belongs to: the answer of one statement, kept in `req.user`. */
export type Principal = Readonly<{
  orgId: string;
  orgSlug: string;
  orgName: string;
  userId: string;
  /** The proof: a browser's session, or the grant that an app's access token belongs to. */
  credential: Credential;
  email: string;
  name: string;
  role: Role;
  /** When the person authenticated at the IdP; null where that isn't proven. */
  authenticatedAt: Date | null;
  /** What an app's access token may do, space-separated; null for a browser, which may do all. */
  scope: string | null;
  /** The language that the person chose, a BCP 47 tag; null: what their browser asks for. */
  language: string | null;
}>;

/** A browser's session or an app's grant. Tables and columns are named after the kinds. */
export const deviceKinds = ['session', 'grant'] as const;
export type DeviceKind = (typeof deviceKinds)[number];

export type Credential = Readonly<{ type: DeviceKind; id: string }>;

/** The columns that `live_sessions` and `live_grants` have in common. */
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
  /** Only a grant has a scope. */
  scope?: string;
  /** An app says itself which language it wants. */
  language?: string | null;
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
    language: row.language ?? null,
  };
}

/** Milliseconds: how exact "last seen" is. */
export const touchAfterMs = 60_000;

/**
 * A sign-in that has been proven and is not yet a session. `req.login(ticket)` hands it to the
 * session store, which inserts the session only if both generations are current and the state is
 * unspent.
 */
export type SignInTicket = Readonly<{
  orgId: string;
  userId: string;
  connectionId: string;
  identityId: string;
  /** The generations that the callback read: a later revocation makes the insert fail. */
  userGeneration: number;
  orgGeneration: number;
  /** The sealed state's id, burnt with the insert, and until when a replay would open. */
  stateId: string;
  stateExpiresAt: Date;
  /** The IdP's own session: the ID token's `sid`, if there is one. */
  idpSid: string | null;
  /** When the person authenticated at the IdP; null where that isn't proven. */
  authenticatedAt: Date | null;
  /** The latest end of the session, set by the IdP; null where it sets none. */
  expiresBy: Date | null;
  /** The role that a claim of the IdP gives; null leaves the role. An owner stays an owner. */
  role: Exclude<Role, 'owner'> | null;
  /** The encrypted ID token; null unless signing out goes on to the IdP. */
  idToken: string | null;
  userAgent: string | null;
  ip: string | null;
  requestId: string | null;
}>;

/** No session was inserted: a revocation was faster, the user is gone, or the state was spent. */
export class SignInSuperseded extends Error {
  constructor() {
    super('the sign-in was overtaken by a revocation, or its state was used before');
    this.name = 'SignInSuperseded';
  }
}

declare global {
  namespace Express {
    // Passport types `req.user` and `req.login()` by this interface.
    interface User {
      principal?: Principal;
      ticket?: SignInTicket;
    }
    interface Request {
      /** The first middleware sets it; logs, audit events and problem details carry it. */
      id: string;
    }
  }
}
