import type { JWK } from 'jose';
import { type Configuration, Provider } from 'oidc-provider';
import { errorPage, type HtmlPage, signedOutPage, signOutPage } from './pages.ts';
import type { createStore } from './store.ts';

export type DemoClient = {
  id: string;
  secret: string;
  redirectUris: string[];
  postLogoutRedirectUris?: string[];
  /** How the client authenticates at the token endpoint; default client_secret_basic. */
  tokenEndpointAuth?: 'client_secret_basic' | 'client_secret_post';
  /** Each ID token carries auth_time (as Okta's do), not only when max_age asks; default true. */
  alwaysAuthTime?: boolean;
};

type DemoAccount = {
  subject: string;
  email: string;
  emailVerified: boolean;
  name: string;
  givenName?: string;
  familyName?: string;
};

type ProviderOptions = {
  issuer: string;
  path: string;
  name: string;
  client: DemoClient;
  /** Private signing keys. The first signs, all are published. */
  keys: JWK[];
  store: ReturnType<typeof createStore>;
  findUser: (subject: string) => DemoAccount | undefined;
  /** Tells the app of a sign-out at this provider. */
  onSignOut: (subject: string, sid?: string) => Promise<void>;
  log: (message: string) => void;
};

type ProviderContext = { type: string; body: unknown; set: (headers: Record<string, string>) => void };

const day = 24 * 3600;

/** A tenant's OpenID provider: code flow with PKCE only, no consent page, silent next sign-ins. */
export function createDemoProvider(options: ProviderOptions): Provider {
  const { issuer, path, client, store } = options;
  // Two tenants share a host, and cookies know no ports: names and paths separate their sessions.
  const cookieName = (kind: string) => `demo_idp_${path.replaceAll(/[^\w-]/g, '_')}_${kind}`;
  const configuration: Configuration = {
    adapter: store.adapter,
    jwks: { keys: options.keys },
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: client.redirectUris,
        post_logout_redirect_uris: client.postLogoutRedirectUris ?? [],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: client.tokenEndpointAuth ?? 'client_secret_basic',
        require_auth_time: client.alwaysAuthTime ?? true,
        // Both together put `sid` in ID tokens. This address is never called: `onSignOut` sends.
        backchannel_logout_uri: `${issuer}/backchannel-logout`,
        backchannel_logout_session_required: true,
      },
    ],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
    responseTypes: ['code'],
    scopes: ['openid'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'given_name', 'family_name'] },
    // Like Okta, Entra and Google, the ID token holds the claims of the scopes.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    // A code outlives the sign-in session it came from: an app's own checks must end a stale
    // sign-in.
    expiresWithSession: () => false,
    cookies: {
      names: { session: cookieName('session'), interaction: cookieName('interaction'), resume: cookieName('resume') },
      long: { httpOnly: true, sameSite: 'lax', path: `/${path}` },
      short: { httpOnly: true, sameSite: 'lax' },
    },
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      IdToken: 3600,
      Interaction: 3600,
      Session: 14 * day,
      Grant: 14 * day,
    },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context, form) => send(context, signOutPage(options.name, form)),
        postLogoutSuccessSource: (context) => send(context, signedOutPage(options.name)),
      },
    },
    interactions: { url: (_context, interaction) => `/${path}/sign-in/${interaction.uid}` },
    findAccount: (_context, subject) => {
      const user = options.findUser(subject);
      return (
        user && {
          accountId: user.subject,
          claims: () => ({
            sub: user.subject,
            email: user.email,
            email_verified: user.emailVerified,
            name: user.name,
            given_name: user.givenName,
            family_name: user.familyName,
          }),
        }
      );
    },
    async loadExistingGrant(context) {
      const { client: asking, session, provider } = context.oidc;
      if (!asking || !session?.accountId) return undefined;
      const known = session.grantIdFor(asking.clientId);
      const existing = known ? await provider.Grant.find(known) : undefined;
      if (existing?.accountId === session.accountId) return existing;
      const grant = new provider.Grant({ clientId: asking.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    renderError: (context, out) => send(context, errorPage(options.name, out.error, out.error_description)),
  };
  const provider = new Provider(issuer, configuration);
  // The library would send its own logout tokens; the console shows ours, with the app's answer.
  Object.assign(provider.Client.prototype, { backchannelLogout: options.onSignOut });
  provider.on('server_error', (_context, error) => options.log(`demo IdP ${path}: ${error.stack ?? error.message}`));
  return provider;
}

function send(context: ProviderContext, page: HtmlPage): void {
  context.type = 'html';
  context.set(page.headers);
  context.body = page.html;
}
