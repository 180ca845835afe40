import type { Pool } from 'pg';
import { isReference } from '../database/ids.ts';

export type SignInConnection = Readonly<{
  id: string;
  issuer: string;
  acceptedIssuers: readonly string[];
  authorizationEndpoint: string;
  tokenEndpoint: string;
  userinfoEndpoint: string | null;
  jwksUri: string;
  clientId: string;
  /** Sealed; `connectionSecretPurpose` opens it. */
  clientSecret: string;
  tokenEndpointAuth: 'client_secret_basic' | 'client_secret_post';
  responseIss: boolean;
  reauthentication: 'verified' | 'best_effort';
  /** The claim that is a person's address. */
  emailClaim: string;
  /** A start asks for `auth_time` as an essential claim too. */
  requestAuthTime: boolean;
  /** Whether the last ID token told `auth_time`; null: none has come yet. */
  tellsAuthTime: boolean | null;
  pkce: boolean;
  /** Whether signing out goes on to the IdP: the session keeps the ID token for it. */
  signOutAtIdp: boolean;
  /** The claim that names people's roles; `roleMapping` says which value is which role. */
  roleClaim: string | null;
  roleMapping: unknown;
  /** No sign-in has proven yet that this connection alone speaks for its IdP; the next one may. */
  provable: boolean;
}>;

export type OrgConnection = Readonly<{
  org: Readonly<{ id: string; slug: string; name: string; createUsers: boolean; helpText: string | null }>;
  connection: SignInConnection | null;
  /** The transactions that were done when this was read (pg_snapshot as text). */
  snapshot: string;
  orgGeneration: number;
  /** The database's clock, seconds since 1970 with a fraction. */
  now: number;
  /**
   * When somebody of the org was revoked last, on that clock; null if nobody was within the last 5
   * seconds. See `prompted` in the sealed state, and `findWhenSettled`.
   */
  revokedAt: number | null;
}>;

/** Longest snapshot that is sealed as it is: each writing transaction under way has an entry. */
const longestSnapshot = 400;

export type WantedConnection = Readonly<{
  connectionId?: string | null;
  /** The connection's issuer, or one of its accepted issuers. */
  issuer?: string | null;
  /** One that is switched off will do: nobody is signed in by it. */
  evenOff?: boolean;
}>;

type ConnectionRow = {
  id: string;
  slug: string;
  name: string;
  create_users: boolean;
  help_text: string | null;
  generation: number;
  connection: SignInConnection | null;
  snapshot: string;
  now: number;
  revoked_at: number | null;
};

/**
 * Reads in one query the org by slug or id, the first of its wanted active connections, the
 * snapshot and the clock. Null when there is no such org.
 */
export async function findSignInConnection(
  pool: Pool,
  orgRef: string,
  { connectionId = null, issuer = null, evenOff = false }: WantedConnection,
): Promise<OrgConnection | null> {
  if (!isReference(orgRef)) return null;
  const possible =
    (connectionId === null || isReference(connectionId)) && (issuer === null || /^[\x21-\x7e]{1,2000}$/.test(issuer));
  const values = [orgRef, possible ? connectionId : '', possible ? issuer : null, evenOff];
  const { rows } = await pool.query<ConnectionRow>({ name: 'sign-in-connection', text: sql, values });
  const row = rows[0];
  if (!row) return null;
  return {
    org: { id: row.id, slug: row.slug, name: row.name, createUsers: row.create_users, helpText: row.help_text },
    connection: row.connection,
    snapshot: bounded(row.snapshot),
    orgGeneration: row.generation,
    now: row.now,
    revokedAt: row.revoked_at,
  };
}

/**
 * Keeps the sealed cookie below what browsers take. The substitute counts everything after xmin as
 * not yet visible: a revocation may pass for later than it was (and the person is asked once more),
 * never for earlier.
 */
function bounded(snapshot: string): string {
  if (snapshot.length <= longestSnapshot) return snapshot;
  const xmin = snapshot.slice(0, snapshot.indexOf(':'));
  return `${xmin}:${xmin}:`;
}

// The end of one session or app moves no generation, and concerns no sign-in under way.
const sql = `
  SELECT o.id, o.slug, o.name, o.create_users, o.help_text, o.generation, c.connection, pg_current_snapshot()::text AS snapshot,
         extract(epoch FROM clock_timestamp())::float8 AS now,
         (SELECT extract(epoch FROM max(e.at))::float8 FROM audit_events e
          WHERE e.org_id = o.id AND e.at > now() - interval '5 seconds' AND e.detail ? 'revocation'
            AND e.action <> 'idp_session.ended' AND NOT e.detail ?| '{session,grant}') AS revoked_at
  FROM orgs o
  LEFT JOIN LATERAL (
    SELECT jsonb_build_object(
      'id', id, 'issuer', issuer, 'acceptedIssuers', coalesce(accepted_issuers, '{}'),
      'authorizationEndpoint', authorization_endpoint, 'tokenEndpoint', token_endpoint,
      'userinfoEndpoint', userinfo_endpoint, 'jwksUri', jwks_uri, 'clientId', client_id, 'clientSecret', client_secret,
      'tokenEndpointAuth', token_endpoint_auth, 'responseIss', response_iss, 'reauthentication', reauthentication,
      'signOutAtIdp', sign_out_at_idp AND end_session_endpoint IS NOT NULL, 'provable', proven_at IS NULL AND NOT vouching_needed,
      'roleClaim', role_claim, 'roleMapping', role_mapping, 'emailClaim', email_claim,
      'requestAuthTime', request_auth_time, 'tellsAuthTime', tells_auth_time, 'pkce', pkce
    ) AS connection
    FROM connections
    WHERE org_id = o.id AND (active OR $4) AND ($2::text IS NULL OR id = $2)
      AND ($3::text IS NULL OR issuer = $3 OR $3 = ANY (accepted_issuers))
    ORDER BY created_at, id LIMIT 1
  ) c ON true
  WHERE o.slug = lower($1) OR o.id = $1`;
