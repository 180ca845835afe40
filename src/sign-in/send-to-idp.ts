import { hash, randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Config } from '../config.ts';
import { authorizationUrl, ConnectionStrategy } from './connection-strategy.ts';
import type { OrgConnection, SignInConnection } from './find-sign-in-connection.ts';
import { shortHint } from './login-hint.ts';
import type { createStateCookies, SealedState } from './sealed-state.ts';

export type StateCookies = ReturnType<typeof createStateCookies>;

/** The callback registered at the IdP: it carries the slug, which never changes. */
export const redirectUri = (config: Config, slug: string) => `${config.publicUrl}/openid/callback/${slug}`;

export const challengeOf = (verifier: string) => hash('sha256', verifier, 'base64url');

/** Begins a sign-in: seals its state, with the snapshot and clock of `found`; goes to the IdP. */
export async function sendToIdp(
  deps: { config: Config; stateCookies: StateCookies },
  req: Request,
  res: Response,
  start: {
    found: OrgConnection;
    connection: SignInConnection;
    round: SealedState['round'];
    returnTo: string | null;
    /** Only a new authentication will do. */
    anew: boolean;
    /** Who is expected, for the IdP's form. */
    loginHint: string | null;
  },
): Promise<void> {
  const random = () => randomBytes(32).toString('base64url');
  const state: SealedState = {
    id: random(),
    orgId: start.found.org.id,
    connectionId: start.connection.id,
    nonce: random(),
    verifier: random(),
    snapshot: start.found.snapshot,
    orgGeneration: start.found.orgGeneration,
    startedAt: start.found.now,
    round: start.round,
    prompted: start.round === 2 || start.found.revokedLately || start.anew,
    anew: start.anew,
    returnTo: start.returnTo,
    loginHint: shortHint(start.loginHint),
  };
  const strategy = new ConnectionStrategy({
    connection: start.connection,
    redirectUri: redirectUri(deps.config, start.found.org.slug),
    state,
    challenge: challengeOf(state.verifier),
    loginHint: start.loginHint,
    prove: () => Promise.reject(new Error('a start exchanges no code')),
  });
  const location = await authorizationUrl(strategy);
  await deps.stateCookies.seal(req, res, state);
  res.redirect(302, location);
}
