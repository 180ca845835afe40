import { type Configuration, type ErrorOut, errors, type JWK, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { adminScope } from '../api/operation.ts';
import type { Config } from '../config.ts';
import type { Keyring } from '../keyring.ts';
import { renderMessage } from '../web/message-page.ts';
import { createAdapter } from './adapter.ts';
import { takeClientByBasic } from './basic-client.ts';
import { clientOrigins, clients } from './clients.ts';
import { pollSeconds } from './device-codes.ts';
import { devicePages, textsOf } from './device-flow.ts';
import { inOAuthTerms, retryAfter } from './failures.ts';
import { completeMetadata } from './metadata.ts';
import { policy } from './policy.ts';
import { parseReference } from './references.ts';

export type ProviderDeps = Readonly<{
  config: Config;
  log: Logger;
  pool: Pool;
  /** The pool for ending access. */
  accessPool: Pool;
  keyring: Keyring;
  /** Tells every node that access has ended. */
  announce: () => void;
}>;

export const paths = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  jwks: '/oauth/jwks',
  userinfo: '/oauth/userinfo',
  revocation: '/oauth/revoke',
  introspection: '/oauth/introspect',
  device_authorization: '/oauth/device/code',
  code_verification: '/oauth/device',
} as const;

/** Where programs ask: they hear JSON, whatever they accept. */
export const machinePaths: ReadonlySet<string> = new Set([
  paths.token,
  paths.jwks,
  paths.userinfo,
  paths.revocation,
  paths.introspection,
  paths.device_authorization,
]);

export const accessTokenSeconds = 300;
const minute = 60;

/** The product's own issuer. The first of `keys` signs, all are published. */
export function createProvider(deps: ProviderDeps, keys: JWK[]): Provider {
  const configuration = { ...configurationOf(deps), jwks: { keys } };
  const provider = buildProvider(deps, deps.config.publicUrl, configuration, (ctx) =>
    completeMetadata(deps.config, ctx),
  );
  takeClientByBasic(provider);
  return provider;
}

/** An issuer of ours with what all of them have. */
export function buildProvider(
  { config, log }: ProviderDeps,
  issuer: string,
  configuration: Configuration,
  complete: (ctx: KoaContextWithOIDC) => void,
): Provider {
  const provider = new Provider(issuer, configuration);
  followPublicUrl(provider, config);
  provider.use(async (ctx, next) => {
    adjustRequest(ctx);
    await next().catch((error: unknown) => backToDevicePage(ctx as KoaContextWithOIDC, error));
    const seconds = retryAfter(ctx.req);
    if (ctx.status === 503 && seconds !== null) ctx.set('Retry-After', String(seconds));
    if (ctx.status === 200) completeAnswer(complete, ctx as KoaContextWithOIDC);
  });
  provider.on('server_error', (_ctx, err) => log.error({ err }, 'the authorization server failed'));
  (provider as NodeJS.EventEmitter).on('error', (err) => log.error({ err }, 'the authorization server failed'));
  return provider;
}

/** That of the product's own issuer. */
export function configurationOf(deps: ProviderDeps) {
  const { config, pool, log } = deps;
  const secure = config.publicUrl.startsWith('https:');
  return {
    adapter: createAdapter(deps),
    clients,
    clientAuthMethods: ['none'],
    enabledJWA: { idTokenSigningAlgValues: ['RS256'] },
    responseTypes: ['code'],
    scopes: ['openid', 'offline_access', adminScope],
    claims: { openid: ['sub'], email: ['email'], profile: ['name'] },
    // ID tokens hold the claims: no app needs a second request to know its person.
    conformIdTokenClaims: false,
    subjectTypes: ['public'],
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    clockTolerance: 0,
    routes: { ...paths },
    interactions: { policy, url: (_ctx, { uid }) => `/oauth/interaction/${uid}` },
    extraParams: {
      // The short name of the person's organisation: the sign-in then starts there at once.
      org: (ctx) => {
        const { scope } = ctx.oidc.params ?? {};
        if (
          !String(scope ?? '')
            .split(' ')
            .includes('openid')
        )
          throw new errors.InvalidScope('scope must include openid', String(scope ?? ''));
      },
    },
    cookies: {
      keys: [...config.sessionSecrets],
      names: {
        session: secure ? '__Host-oauth_session' : 'oauth_session',
        // Each cookie has the path of its one interaction: two tabs don't disturb each other.
        interaction: secure ? '__Secure-oauth_interaction' : 'oauth_interaction',
        resume: secure ? '__Secure-oauth_resume' : 'oauth_resume',
      },
      long: { httpOnly: true, sameSite: 'lax', path: '/' },
      short: { httpOnly: true, sameSite: 'lax' },
    },
    ttl: {
      AccessToken: accessTokenSeconds,
      AuthorizationCode: minute,
      DeviceCode: 10 * minute,
      IdToken: 5 * minute,
      Interaction: 15 * minute,
      RefreshToken: config.grantIdleSeconds,
      Session: 60 * minute,
    },
    features: {
      deviceFlow: { enabled: true, ...devicePages },
      introspection: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: { enabled: false },
    },
    clientBasedCORS: (_ctx, origin, client) => clientOrigins.get(client.clientId) === origin,
    // A grant's tokens rest on the grant, not on the library's session.
    expiresWithSession: () => false,
    issueRefreshToken: (_ctx, client, source) =>
      client.grantTypeAllowed('refresh_token') && source.scopes.has('offline_access'),
    rotateRefreshToken: () => true,
    // RFC 7009 §2.1 leaves it to us: an access token that is given back ends its grant too.
    revokeGrantPolicy: () => true,
    async loadExistingGrant({ oidc }) {
      const grantId = oidc.result?.consent?.grantId;
      return grantId ? oidc.provider.Grant.find(grantId) : undefined;
    },
    async findAccount(_ctx, accountId, token) {
      // Read ahead of the tokens: once they are stored nothing else may fail.
      const claims = token ? await inOAuthTerms(log, () => readClaims(pool, accountId, token.grantId)) : null;
      return { accountId, claims: () => claims ?? { sub: accountId } };
    },
    renderError,
  } satisfies Configuration;
}

/** Adds to the library's answers what it leaves out. */
function completeAnswer(complete: (ctx: KoaContextWithOIDC) => void, ctx: KoaContextWithOIDC): void {
  if (ctx.path.startsWith('/.well-known/')) complete(ctx);
  // RFC 8628 §3.2.
  if (ctx.oidc?.route === 'device_authorization') ctx.body = { ...(ctx.body as object), interval: pollSeconds };
  // RFC 7009 §2.2 leaves the body open. Programs that read every answer as JSON can read this one.
  if (ctx.oidc?.route === 'revocation') ctx.body = {};
}

function renderError(ctx: KoaContextWithOIDC, out: ErrorOut, error: Error): void {
  if (machinePaths.has(ctx.path.toLowerCase()) || ctx.accepts('html', 'json') === 'json') {
    ctx.body = out;
    return;
  }
  const description = 'error_description' in error ? error.error_description : undefined;
  ctx.type = 'html';
  ctx.set('Cache-Control', 'no-store');
  const texts = textsOf(ctx);
  const { unavailable, failed, failedText, nothingKnown } = texts.apps;
  ctx.body = renderMessage(texts, {
    title: ctx.status === 503 ? unavailable : failed,
    text: [failedText, `${out.error}: ${description ?? nothingKnown}`],
    actions: [{ label: texts.frame.toStart, href: '/' }],
    requestId: (ctx.req as { id?: string }).id,
  });
}

/**
 * At the device pages the library shows the form again after an error. It fails itself where the
 * browser came without its cookie, as it cannot save the form's session (9.13, `Session.persist`):
 * such a browser begins anew. A failure for want of the database, which comes after the library's
 * own error pages, gets its page here.
 */
function backToDevicePage(ctx: KoaContextWithOIDC, error: unknown): void {
  if (error instanceof errors.OIDCProviderError && error.status === 503) {
    ctx.status = 503;
    renderError(ctx, { error: error.error, error_description: error.error_description }, error);
    return;
  }
  const { route, session } = ctx.oidc ?? {};
  if ((route !== 'code_verification' && route !== 'device_resume') || !session || session.exp !== undefined)
    throw error;
  ctx.body = null;
  ctx.status = 303;
  ctx.redirect(paths.code_verification);
}

/** The claims of the person of a live grant, read when they are asked for. */
async function readClaims(pool: Pool, accountId: string, grantId: string | undefined): Promise<{ sub: string }> {
  const grant = parseReference(grantId);
  const { rows } = await pool.query<{ email: string; name: string }>({
    name: 'grant-claims',
    text: 'SELECT email, name FROM live_grants WHERE org_id = $1 AND id = $2 AND user_id = $3',
    values: [grant?.orgId, grant?.id, parseReference(accountId)?.id],
  });
  if (!rows[0])
    throw Provider.ctx?.oidc.route === 'userinfo'
      ? new errors.InvalidToken('the grant has ended')
      : new errors.InvalidGrant('the grant has ended');
  return { sub: accountId, ...rows[0] };
}

/** URLs and Secure cookies follow PUBLIC_URL, never a request's host: a client could choose it. */
function followPublicUrl(provider: Provider, config: Config): void {
  const { protocol, host } = new URL(config.publicUrl);
  Object.defineProperties(provider.request, {
    protocol: { value: protocol.slice(0, -1) },
    host: { value: host },
  });
}

/**
 * The library drops `offline_access` without `prompt=consent`. OpenID Connect Core §11 allows other
 * conditions: here, that the apps are the product's own. To another response mode the library would
 * answer, if only an error, by a form with a script that our headers forbid: every mode but `query`
 * is made one that it doesn't know.
 */
function adjustRequest(ctx: Pick<KoaContextWithOIDC, 'path' | 'query'>): void {
  if (ctx.path.toLowerCase() !== paths.authorization) return;
  if (ctx.query.response_mode !== undefined && ctx.query.response_mode !== 'query')
    ctx.query = { ...ctx.query, response_mode: 'unsupported' };
  const { scope, prompt = '' } = ctx.query;
  if (typeof scope !== 'string' || typeof prompt !== 'string') return;
  const prompts = prompt.split(' ').filter(Boolean);
  if (!scope.split(' ').includes('offline_access') || prompts.includes('none')) return;
  ctx.query = { ...ctx.query, prompt: [...new Set([...prompts, 'consent'])].join(' ') };
}
