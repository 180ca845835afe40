import type { Request, Response } from 'express';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { byRequest } from '../by.ts';
import type { Config } from '../config.ts';
import type { IdpKeys } from '../connections/idp-keys.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import type { Keyring } from '../keyring.ts';
import type { SignInTicket } from '../sessions/principal.ts';
import { sealIdToken } from '../sessions/sealed-id-token.ts';
import { emailKey } from '../users/email.ts';
import { admitPerson } from './admit-person.ts';
import { type NotFresh, noteAttempt, type ProvenSignIn } from './attempt.ts';
import { findPerson } from './find-user.ts';
import { authenticationTime, judgeFreshness, readStanding, type SignInStanding, settledAt } from './freshness.ts';
import { sessionEnd } from './idp-clock.ts';
import { keepName } from './keep-name.ts';
import { noteClaim } from './note-claim.ts';
import { SignInRefused } from './refusal.ts';
import { stateLifetime } from './sealed-state.ts';
import { personClaims, readPersonClaims } from './user-info.ts';

type Deps = Readonly<{
  config: Pick<Config, 'settleSeconds'>;
  pool: Pool;
  log: Logger;
  keyring: Keyring;
  guardedFetch: GuardedFetch;
  idpKeys: IdpKeys;
}>;

/** How long the address of somebody who is known anyway is waited for. */
const patienceMs = 2_000;

/** Most look-ups of the person: sign-ins and provisioning make and remove people meanwhile. */
const tries = 4;

/**
 * Finds who signs in, admits newcomers whom the org lets in, and judges whether the sign-in is
 * fresh. The function returns the ticket, or why it isn't fresh. It @throws SignInRefused
 */
export function createIssueTicket(deps: Deps) {
  return async (req: Request, res: Response, proven: ProvenSignIn): Promise<SignInTicket | NotFresh> => {
    const { found, connection, verified, state, deadline } = proven;
    const { org } = found;
    const { reauthentication } = connection;
    const { settleSeconds } = deps.config;
    let claims: ReturnType<typeof readPersonClaims> | undefined;
    const readClaims = (signal = deadline) => {
      claims ??= readPersonClaims(deps, { orgId: org.id, connection }, verified, signal);
      return claims;
    };
    const subject = { issuer: connection.issuer, subject: verified.claims.sub };
    const by = byRequest(req, { type: 'connection', id: connection.id });
    const at = { orgId: org.id, connectionId: connection.id };
    const signIn = { ...at, subject: subject.subject, sessionId: req.sessionID };
    // Somebody who is known by the subject isn't kept out by an IdP that can't say their address,
    // nor kept waiting for long.
    let known: ReturnType<typeof readPersonClaims> | undefined;
    const readKnown = () => {
      known ??= readClaims(AbortSignal.any([deadline, AbortSignal.timeout(patienceMs)])).catch((err) => {
        deps.log.warn({ err, requestId: req.id, connectionId: connection.id }, 'the IdP did not say whom it means');
        return personClaims(verified.claims);
      });
      return known;
    };
    /** Returns the look-up form of the address that the IdP names, if it counts. */
    const keepClaim = async (person: Readonly<{ userId: string; identityId: string }>): Promise<string | null> => {
      const { email, emailVerified } = await readKnown();
      const key = emailKey(email);
      if (email === null || key === null) return null;
      const claim = { email, emailKey: key, verified: emailVerified, issuedAt: verified.claims.iat };
      return (await noteClaim(deps.pool, { ...at, ...person }, claim, by)) ? key : null;
    };

    for (let i = 0; i < tries; i++) {
      const person = await findPerson(deps.pool, org, connection, subject.subject, readClaims);
      const userId = person.kind === 'to_create' ? null : person.userId;
      noteAttempt(res, { userId });
      // The claim is kept before the generations are read: a revocation by this address that doesn't
      // find the person yet came before, and one that comes later ends what this sign-in makes.
      const address = person.kind === 'known' ? await keepClaim(person) : person.emailKey;
      const standing = await readStanding(deps.pool, { ...signIn, userId, emailKey: address }, state);
      if (!standing.active) throw new SignInRefused('user_inactive');
      const verdict = judgeFreshness({ standing, verified, reauthentication, state, settleSeconds });
      if (verdict !== 'fresh') return { why: verdict, notBefore: settledAt(standing, settleSeconds) };
      if (person.kind !== 'known') {
        // The next try judges anew: a person of the same name may have come and gone meanwhile.
        await admitPerson(deps.pool, person, subject, { ...at, by });
        continue;
      }
      await keepName(deps.pool, { ...at, by }, person, await readKnown());
      const idToken = connection.signOutAtIdp ? await sealIdToken(deps.keyring, org.id, verified.idToken) : null;
      return { ...ticketOf(req, proven, standing), userId: person.userId, identityId: person.identityId, idToken };
    }
    throw new SignInRefused('overtaken');
  };
}

function ticketOf(req: Request, { state, verified, connection }: ProvenSignIn, standing: SignInStanding) {
  return {
    orgId: state.orgId,
    connectionId: state.connectionId,
    userGeneration: standing.userGeneration,
    orgGeneration: standing.orgGeneration,
    stateId: state.id,
    // The note of a spent state lives a minute longer than the state opens: no replay outlives it.
    stateExpiresAt: new Date((state.startedAt + stateLifetime + 60) * 1000),
    idpSid: verified.claims.sid ?? null,
    expiresBy: sessionEnd(verified, state),
    authenticatedAt: authenticationTime(verified, connection.reauthentication, state),
    role: verified.role,
    userAgent: req.get('user-agent') ?? null,
    ip: req.ip ?? null,
    requestId: req.id,
  };
}
