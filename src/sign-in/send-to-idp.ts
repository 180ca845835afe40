import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Config } from '../config.ts';
import { authorizationUrl, ConnectionStrategy } from './connection-strategy.ts';
import type { OrgConnection, SignInConnection } from './find-sign-in-connection.ts';
import { shortHint } from './login-hint.ts';
import type { createStateCookies, SealedState } from './sealed-state.ts';

export type StateCookies = ReturnType<typeof createStateCookies<SealedState>>;

/** The callback registered at the IdP: it carries the slug, which never changes. */
export const redirectUri = (config: Config, slug: string) => `${config.publicUrl}/openid/callback/${slug}`;

export type SignInStart = Readonly<{
  found: OrgConnection;
  connection: SignInConnection;
  round: SealedState['round'];
  returnTo: string | null;
  /** Only a new authentication will do. */
  anew: boolean;
  /** Who is expected, for the IdP's form. */
  loginHint: string | null;
}>;

/** The state of a start, with the snapshot and clock of `found`. */
export function newState({ found, connection, round, returnTo, anew, loginHint }: SignInStart): SealedState {
  const random = () => randomBytes(32).toString('base64url');
  return {
    id: random(),
    orgId: found.org.id,
    connectionId: connection.id,
    nonce: random(),
    verifier: connection.pkce ? random() : null,
    snapshot: found.snapshot,
    orgGeneration: found.orgGeneration,
    startedAt: found.now,
    round,
    prompted: round === 2 || found.revokedAt !== null || anew,
    anew,
    returnTo,
    loginHint: shortHint(loginHint),
  };
}

/** The address at the IdP that a sign-in of this state goes to. */
export function addressAtIdp(config: Config, { found, connection, loginHint }: SignInStart, state: SealedState) {
  const strategy = new ConnectionStrategy({
    connection,
    redirectUri: redirectUri(config, found.org.slug),
    state,
    loginHint,
    prove: () => Promise.reject(new Error('a start exchanges no code')),
  });
  return authorizationUrl(strategy);
}

/** Begins a sign-in: seals its state, and goes to the IdP. */
export async function sendToIdp(
  deps: { config: Config; stateCookies: StateCookies },
  req: Request,
  res: Response,
  start: SignInStart,
): Promise<void> {
  const state = newState(start);
  const location = await addressAtIdp(deps.config, start, state);
  await deps.stateCookies.seal(req, res, state);
  res.redirect(302, location);
}
