import { type Configuration, errors, type JWK, Provider } from 'oidc-provider';
import type { Pool } from 'pg';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import { orgIssuer } from '../signing/org-keys.ts';
import { createAdapter } from './adapter.ts';
import { inOAuthTerms } from './failures.ts';
import type { OrgClient } from './org-clients.ts';
import { receiverScopes } from './org-clients.ts';
import { buildProvider, configurationOf, type ProviderDeps } from './provider.ts';
import { parseReference } from './references.ts';

export type OrgProviderDeps = ProviderDeps & Readonly<{ guardedFetch: GuardedFetch }>;

const authMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;
const hour = 3600;

export const orgBase = (orgId: string) => `/orgs/${orgId}`;

/**
 * The issuer of one org: its apps are the clients, its keys sign, and nothing of it counts anywhere
 * else. Its apps are confidential: PKCE is theirs to use, the code is tied to them by what they show.
 */
export function createOrgProvider(
  deps: OrgProviderDeps,
  orgId: string,
  keys: JWK[],
  clients: readonly OrgClient[],
): Provider {
  const issuer = orgIssuer(deps.config, orgId);
  return buildProvider(deps, issuer, configurationFor(deps, orgId, keys, clients), (ctx) => {
    const metadata = ctx.body as Record<string, unknown>;
    ctx.set('Cache-Control', 'public, max-age=300');
    ctx.body = Object.fromEntries(
      Object.entries({
        ...metadata,
        response_modes_supported: ['query'],
        revocation_endpoint_auth_methods_supported: authMethods,
        introspection_endpoint_auth_methods_supported: authMethods,
        end_session_endpoint: `${issuer}/oauth/end-session`,
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        service_documentation: `${deps.config.publicUrl}/docs`,
      }).filter(([, value]) => !(Array.isArray(value) && value.length === 0)),
    );
  });
}

function configurationFor(
  deps: OrgProviderDeps,
  orgId: string,
  keys: JWK[],
  clients: readonly OrgClient[],
): Configuration {
  const { config, log, pool, guardedFetch } = deps;
  const { extraParams: _org, clientBasedCORS: _origins, routes, ...own } = configurationOf(deps);
  const { device_authorization: _device, code_verification: _code, ...served } = routes;
  const base = orgBase(orgId);
  const name = (cookie: string) => `${config.publicUrl.startsWith('https:') ? '__Secure-' : ''}org_oauth_${cookie}`;
  const { deviceFlow: _flow, ...features } = own.features;
  return {
    ...own,
    routes: served,
    adapter: createAdapter({ ...deps, orgId }),
    jwks: { keys },
    clients: clients.map(({ metadata }) => metadata),
    clientAuthMethods: [...authMethods],
    enabledJWA: {
      idTokenSigningAlgValues: ['RS256'],
      clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    },
    scopes: ['openid', 'offline_access', ...receiverScopes.split(' ')],
    claims: { openid: ['sub', 'sid'], email: ['email', 'email_verified'], profile: ['name'] },
    pkce: { required: () => false },
    interactions: { ...own.interactions, url: (_ctx, { uid }) => `${base}/oauth/interaction/${uid}` },
    cookies: {
      ...own.cookies,
      names: { session: name('session'), interaction: name('interaction'), resume: name('resume') },
      long: { ...own.cookies.long, path: base },
    },
    ttl: { ...own.ttl, ClientCredentials: hour },
    features: { ...features, clientCredentials: { enabled: true } },
    fetch: (url, options) => fetchGuarded(guardedFetch, url, options),
    async findAccount(_ctx, accountId, token) {
      const claims = token
        ? await inOAuthTerms(log, () => readClaims(pool, orgId, accountId, token.clientId, token.grantId))
        : null;
      return {
        accountId,
        claims(use) {
          const { sid, ...person } = claims ?? { sub: accountId };
          return use === 'id_token' && sid ? { ...person, sid } : person;
        },
      };
    },
  };
}

type Claims = { sub: string; sid?: string | null; email?: string; email_verified?: boolean; name?: string };

/**
 * The claims of the person of a live grant, with the `sid` that this app knows the session by. An
 * address is verified where its domain is the org's.
 */
async function readClaims(
  pool: Pool,
  orgId: string,
  userId: string,
  appId: string | undefined,
  grantId: string | undefined,
): Promise<Claims> {
  const grant = parseReference(grantId);
  const { rows } = await pool.query<Omit<Claims, 'sub'>>({
    name: 'app-grant-claims',
    text: `SELECT g.email, g.name, EXISTS (
             SELECT FROM domains d WHERE d.org_id = g.org_id AND d.verified_at IS NOT NULL
               AND d.domain = lower(split_part(g.email, '@', 2))) AS email_verified, (
             SELECT s.id FROM app_sessions s
             WHERE s.org_id = g.org_id AND s.app_id = g.client_id AND s.session_id = g.session_id
             ORDER BY s.told_at IS NULL AND s.ended_at IS NULL DESC, s.created_at DESC, s.id LIMIT 1) AS sid
           FROM live_grants g WHERE g.org_id = $1 AND g.id = $2 AND g.user_id = $3 AND g.client_id = $4`,
    values: [orgId, grant?.orgId === orgId ? grant.id : null, userId, appId],
  });
  if (!rows[0])
    throw Provider.ctx?.oidc.route === 'userinfo'
      ? new errors.InvalidToken('the grant has ended')
      : new errors.InvalidGrant('the grant has ended');
  return { sub: userId, ...rows[0] };
}

/** The library fetches an app's keys: an address that others chose. */
async function fetchGuarded(
  guardedFetch: GuardedFetch,
  input: string | URL | Request,
  { headers, signal }: RequestInit = {},
): Promise<Response> {
  const answer = await guardedFetch(input instanceof Request ? input.url : String(input), {
    headers: Object.fromEntries(new Headers(headers)),
    ...(signal ? { signal } : {}),
  });
  return new Response(answer.text, { status: answer.status, headers: answer.headers });
}
