import type { Request } from 'express';
import type { Pool } from 'pg';
import type { Config } from '../config.ts';
import type { IdpKeys } from '../connections/idp-keys.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import { emailKey } from '../users/email.ts';
import type { ProvenSignIn } from './attempt.ts';
import { findPerson, type SignInPerson } from './find-user.ts';
import { judgeFreshness, readStanding } from './freshness.ts';
import { hasIdpSessionEnded } from './overtaken.ts';
import { SignInRefused } from './refusal.ts';
import type { TrialFreshness, TrialPerson, TrialReport } from './trial-report.ts';
import { type PersonClaims, personClaims, readPersonClaims } from './user-info.ts';

type Deps = Readonly<{
  config: Pick<Config, 'settleSeconds'>;
  pool: Pool;
  guardedFetch: GuardedFetch;
  idpKeys: IdpKeys;
}>;

export type ReadClaims = Readonly<{ claims: PersonClaims; refused: SignInRefused | null }>;

/**
 * What `issueTicket` decides of a proven sign-in, one part after the other, and without writing
 * anything: whom it names, who that is here, and whether it is fresh.
 */
export function createJudgePerson(deps: Deps) {
  return {
    /** The person's claims. Whoever is known isn't kept out by user info that can't be had. */
    async readClaims({ found, connection, verified, deadline }: ProvenSignIn): Promise<ReadClaims> {
      try {
        const where = { orgId: found.org.id, connection };
        return { claims: await readPersonClaims(deps, where, verified, deadline), refused: null };
      } catch (error) {
        if (!(error instanceof SignInRefused)) throw error;
        return { claims: personClaims(verified.claims), refused: error };
      }
    },

    /** @throws SignInRefused */
    async findPerson(
      { found, connection, verified }: ProvenSignIn,
      { claims, refused }: ReadClaims,
    ): Promise<SignInPerson> {
      return findPerson(deps.pool, found.org, connection, verified.claims.sub, async () => {
        if (refused) throw refused;
        return claims;
      });
    },

    /** @throws SignInRefused for somebody who is switched off, or an IdP's session that is over */
    async judge(
      req: Request,
      { found, connection, verified, state }: ProvenSignIn,
      person: SignInPerson,
      { email }: PersonClaims,
    ): Promise<TrialFreshness> {
      const { reauthentication } = connection;
      const who = {
        orgId: found.org.id,
        userId: person.kind === 'to_create' ? null : person.userId,
        emailKey: person.kind === 'known' ? emailKey(email) : person.emailKey,
        sessionId: req.sessionID,
        connectionId: connection.id,
        subject: verified.claims.sub,
      };
      const standing = await readStanding(deps.pool, who, state);
      if (!standing.active) throw new SignInRefused('user_inactive');
      const idpSession = { orgId: who.orgId, connectionId: who.connectionId, idpSid: verified.claims.sid ?? null };
      if (await hasIdpSessionEnded(deps.pool, idpSession)) throw new SignInRefused('overtaken');
      const { settleSeconds } = deps.config;
      const verdict = judgeFreshness({ standing, verified, reauthentication, state, settleSeconds });
      const authTime = verified.claims.auth_time ?? null;
      return {
        verdict,
        authenticatedBefore: authTime === null ? null : Math.max(0, Math.round(verified.issuedAt - authTime)),
        revoked: standing.revocations.length > 0,
        reauthentication,
      };
    },

    /** The person as administrators know them. */
    async describe({ found, verified }: ProvenSignIn, person: SignInPerson): Promise<TrialPerson> {
      if (person.kind === 'to_create') return { kind: person.kind, user: null, role: verified.role };
      const { rows } = await deps.pool.query<NonNullable<TrialPerson['user']>>({
        name: 'trial-person',
        text: 'SELECT id, name, email, active, role FROM users WHERE org_id = $1 AND id = $2',
        values: [found.org.id, person.userId],
      });
      const user = rows[0] ?? null;
      // An owner stays an owner, whatever a claim says.
      return { kind: person.kind, user, role: user?.role === 'owner' ? null : verified.role };
    },

    sourceOf({ connection, verified }: ProvenSignIn): NonNullable<TrialReport['address']>['source'] {
      if (verified.claims.email?.trim()) return 'id_token';
      return connection.userinfoEndpoint && verified.accessToken ? 'user_info' : 'none';
    },
  };
}
