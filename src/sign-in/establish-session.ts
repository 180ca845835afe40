import type { Request } from 'express';
import type { Pool } from 'pg';
import { SignInSuperseded, type SignInTicket } from '../sessions/principal.ts';
import type { NotFresh, ProvenSignIn } from './attempt.ts';
import { whyNotInserted } from './overtaken.ts';
import { SignInRefused } from './refusal.ts';

/** Makes the ticket a session; `overtaken` if access ended meanwhile. @throws SignInRefused */
export function createEstablishSession({ pool }: { pool: Pool }) {
  return async (
    req: Request,
    { verified, state }: ProvenSignIn,
    ticket: SignInTicket,
  ): Promise<'established' | NotFresh> => {
    try {
      await login(req, { ticket });
      return 'established';
    } catch (error) {
      // The session was not inserted; express-session would try again at the end of the request.
      Object.assign(req, { session: undefined });
      if (!(error instanceof SignInSuperseded)) throw error;
      const signIn = { sessionId: req.sessionID, subject: verified.claims.sub, state };
      const why = await whyNotInserted(pool, ticket, signIn);
      if (why !== 'overtaken') throw new SignInRefused(why);
      // What overtook it is found at the next start.
      return { why, notBefore: 0 };
    }
  };
}

function login(req: Request, user: Express.User): Promise<void> {
  return new Promise((resolve, reject) => {
    req.login(user, (error: unknown) => (error ? reject(error) : resolve()));
  });
}
