import type { Config } from '../config.ts';
import { connectionSecretPurpose } from '../connections/client-secret.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import type { Keyring } from '../keyring.ts';
import type { AnsweredSignIn } from './attempt.ts';
import { ConnectionStrategy, completeSignIn } from './connection-strategy.ts';
import type { createIdTokenVerifier, VerifiedSignIn } from './id-token.ts';
import { SignInRefused } from './refusal.ts';
import { challengeOf, redirectUri } from './send-to-idp.ts';
import { exchangeCode } from './token-exchange.ts';

type Deps = Readonly<{
  config: Config;
  keyring: Keyring;
  guardedFetch: GuardedFetch;
  verifyIdToken: ReturnType<typeof createIdTokenVerifier>;
}>;

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
    const { claims, role } = await deps.verifyIdToken(tokens.idToken, connection, {
      orgId: found.org.id,
      nonce,
      signal,
    });
    const issuedAt = Math.max(claims.iat, tokens.answeredAt ?? 0);
    return { claims, role, idToken: tokens.idToken, accessToken: tokens.accessToken, issuedAt, elapsed };
  }

  return async (answered) => {
    const { found, connection, state, code } = answered;
    const callback = redirectUri(deps.config, found.org.slug);
    const strategy = new ConnectionStrategy({
      connection,
      state,
      redirectUri: callback,
      challenge: challengeOf(state.verifier),
      // This `code` is the one that the strategy was given.
      prove: (code) => exchangeAndVerify({ ...answered, code }, callback),
    });
    const verified = await completeSignIn(strategy, { code, state: state.id });
    if (!verified) throw new SignInRefused('id_token_invalid', 'strategy');
    return verified;
  };
}
