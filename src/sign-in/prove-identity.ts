import type { Config } from '../config.ts';
import { connectionSecretPurpose } from '../database/sealed-places.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import type { Keyring } from '../keyring.ts';
import type { AnsweredSignIn } from './attempt.ts';
import { ConnectionStrategy, completeSignIn } from './connection-strategy.ts';
import type { createIdTokenVerifier, VerifiedSignIn } from './id-token.ts';
import { momentOfIssue } from './idp-clock.ts';
import { SignInRefused } from './refusal.ts';
import { redirectUri } from './send-to-idp.ts';
import { exchangeCode } from './token-exchange.ts';

type Deps = Readonly<{
  config: Config;
  keyring: Keyring;
  guardedFetch: GuardedFetch;
  verifyIdToken: ReturnType<typeof createIdTokenVerifier>;
}>;

const timeClaims: ReadonlySet<string | null> = new Set(['claim_exp', 'claim_iat', 'claim_nbf']);

/** Whether a token seems too old or too new because of the clocks. The header has whole seconds. */
function clockFacts(answeredAt: number | null): SignInRefused['facts'] {
  return answeredAt === null ? {} : { idpClockAheadSeconds: Math.round(answeredAt + 0.5 - Date.now() / 1000) };
}

/** Exchanges the code and verifies who signed in. The function @throws SignInRefused */
export function createProof(deps: Deps): (answered: AnsweredSignIn) => Promise<VerifiedSignIn> {
  async function exchangeAndVerify(answered: AnsweredSignIn, redirectUri: string): Promise<VerifiedSignIn> {
    const { found, connection, state, code, deadline: signal } = answered;
    const purpose = connectionSecretPurpose(found.org.id, connection.id);
    const clientSecret = await deps.keyring.decrypt(connection.clientSecret, purpose);
    const { verifier, nonce } = state;
    const exchange = { clientSecret, code, verifier, redirectUri, signal };
    const tokens = await exchangeCode(deps.guardedFetch, connection, exchange);
    // The database's clock is carried on, by the process's, from the moment it was read.
    const elapsed = found.now + (performance.now() - answered.foundAt) / 1000 - state.startedAt;
    const expected = { orgId: found.org.id, nonce, signal };
    const clock = clockFacts(tokens.answeredAt);
    const { claims, role } = await deps.verifyIdToken(tokens.idToken, connection, expected).catch((error) => {
      throw error instanceof SignInRefused && timeClaims.has(error.detail) ? error.withFacts(clock) : error;
    });
    const issuedAt = momentOfIssue(claims.iat, tokens.answeredAt);
    // The session is over at the IdP: none begins here.
    if (claims.session_expiry != null && claims.session_expiry <= issuedAt)
      throw new SignInRefused('id_token_invalid', 'claim_session_expiry', { facts: clock });
    return { claims, role, idToken: tokens.idToken, accessToken: tokens.accessToken, issuedAt, elapsed };
  }

  return async (answered) => {
    const { found, connection, state, code } = answered;
    const callback = redirectUri(deps.config, found.org.slug);
    const strategy = new ConnectionStrategy({
      connection,
      state,
      redirectUri: callback,
      // This `code` is the one that the strategy was given.
      prove: (code) => exchangeAndVerify({ ...answered, code }, callback),
    });
    const verified = await completeSignIn(strategy, { code, state: state.id });
    if (!verified) throw new SignInRefused('id_token_invalid', 'strategy');
    return verified;
  };
}
