import { hash } from 'node:crypto';
import type { Request } from 'express';
import Strategy from 'passport-openidconnect';
import type { SignInConnection } from './find-sign-in-connection.ts';
import type { IdTokenClaims, VerifiedSignIn } from './id-token.ts';
import type { SealedState } from './sealed-state.ts';

export type StrategyOptions = Readonly<{
  connection: SignInConnection;
  redirectUri: string;
  state: SealedState;
  /** Who is expected to sign in, for the IdP's form; only used at the start. */
  loginHint?: string | null;
  /** Exchanges the code and verifies the ID token; rejects with SignInRefused. */
  prove: (code: string) => Promise<VerifiedSignIn>;
}>;

type TokenCallback = (error: null, accessToken: string, refreshToken: string, params: { id_token: string }) => void;

/** Seconds: asks for `auth_time` (OpenID Connect Core §2), but for no password within a week. */
const patientMaxAge = '604800';
/** Seconds, beside `prompt=login`. Glewlwyd refuses 0: a revoked person couldn't return there. */
const promptedMaxAge = '1';

/** OpenID Connect Core §5.5: some IdPs tell `auth_time` only when it is asked for so. */
const essentialAuthTime = JSON.stringify({ id_token: { auth_time: { essential: true } } });

/**
 * passport-openidconnect for one request of one connection. The strategy only builds the address at
 * the IdP, and compares claims that have been judged: token-exchange.ts exchanges the code, and
 * id-token.ts verifies the signature and the claims, by jose. openid-client, which the command line
 * uses, can't do the exchange: it takes ID tokens of one issuer, a connection may have several.
 *
 * This class adds what the strategy lacks: PKCE, a state store on the sealed cookie, a bounded
 * token request, and an ID token that is verified before the strategy parses it. Left alone, the
 * strategy ends the process on a token response `null`, and takes its nonce from Math.random.
 */
export class ConnectionStrategy extends Strategy {
  verified: VerifiedSignIn | null = null;
  readonly #options: StrategyOptions;

  constructor(options: StrategyOptions) {
    const { connection, state } = options;
    const store = {
      store: (_req: unknown, _ctx: unknown, _state: unknown, _meta: unknown, done: Strategy.SessionStoreCallback) =>
        done(null, state.id),
      verify: (_req: unknown, _id: unknown, done: Strategy.SessionVerifyCallback) => done(null, { nonce: state.nonce }),
    };
    super(
      {
        issuer: connection.issuer,
        authorizationURL: connection.authorizationEndpoint,
        tokenURL: connection.tokenEndpoint,
        userInfoURL: '',
        clientID: connection.clientId,
        clientSecret: '',
        callbackURL: options.redirectUri,
        scope: 'email profile',
        store,
        skipUserProfile: true,
        prompt: state.prompted ? 'login' : undefined,
      },
      (_issuer: string, _profile: Strategy.Profile, done: Strategy.VerifyCallback) => done(null, {}),
    );
    this.#options = options;
    Object.assign(this._oauth2, {
      getOAuthAccessToken: (code: string, _params: unknown, done: TokenCallback) => {
        // The strategy's own code runs in `done`: its errors must not be unhandled rejections.
        this.#exchange(code, done).catch((error) => this.error(error));
      },
    });
  }

  override authorizationParams(): object {
    const { connection, state, loginHint } = this.#options;
    return {
      ...(loginHint ? { login_hint: loginHint } : {}),
      ...(connection.requestAuthTime ? { claims: essentialAuthTime } : {}),
      nonce: state.nonce,
      ...(state.verifier === null ? {} : challengeOf(state.verifier)),
      max_age: state.prompted ? promptedMaxAge : patientMaxAge,
    };
  }

  async #exchange(code: string, done: TokenCallback): Promise<void> {
    this.verified = await this.#options.prove(code);
    const { claims } = this.verified;
    // The strategy knows one issuer and no clock skew, and of several audiences it demands an `azp`,
    // as OpenID Connect Core did once: all have been judged. Its other checks run as they are, on
    // claims of the expected types only.
    Object.assign(this, { _issuer: claims.iss });
    const exp = Math.max(claims.exp, Math.ceil(Date.now() / 1000) + 60);
    const aud = this.#options.connection.clientId;
    done(null, '', '', { id_token: unsigned({ ...claims, exp, aud, azp: undefined }) });
  }
}

/** The address at the IdP that the browser is to be sent to. */
export async function authorizationUrl(strategy: ConnectionStrategy): Promise<string> {
  const outcome = await run(strategy, {});
  if (outcome.redirect === undefined) throw new Error('the strategy gave no redirect');
  return outcome.redirect;
}

/** Who signed in, for a callback with checked state and parameters. @throws SignInRefused */
export async function completeSignIn(
  strategy: ConnectionStrategy,
  query: { code: string; state: string },
): Promise<VerifiedSignIn | null> {
  const outcome = await run(strategy, query);
  return outcome.success ? strategy.verified : null;
}

/**
 * Calls the strategy as Passport does, with the actions of its contract. `passport.authenticate`
 * would also tie `req.login` to its own Passport, but that of the session middleware keeps our
 * sessions. The strategy sees the checked parameters alone: it would take the request's own `error`
 * or `code` at the start too.
 */
function run(strategy: ConnectionStrategy, query: object): Promise<{ redirect?: string; success: boolean }> {
  return new Promise((resolve, reject) => {
    Object.assign(strategy, {
      success: () => resolve({ success: true }),
      redirect: (redirect: string) => resolve({ success: false, redirect }),
      fail: () => resolve({ success: false }),
      error: reject,
      pass: () => resolve({ success: false }),
    });
    strategy.authenticate({ query } as Request);
  });
}

/** RFC 7636 §4.2, §4.3. */
function challengeOf(verifier: string): object {
  return { code_challenge: hash('sha256', verifier, 'base64url'), code_challenge_method: 'S256' };
}

function unsigned(claims: IdTokenClaims): string {
  return `.${Buffer.from(JSON.stringify(claims)).toString('base64')}.`;
}
