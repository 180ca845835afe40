import { type RequestHandler, Router } from 'express';
import type { Pool } from 'pg';
import { AppError } from '../errors.ts';
import { jsonBody } from '../http/json-body.ts';
import { allowOnly } from '../http/problem.ts';
import type { ApiKeys } from '../orgs/api-keys.ts';
import { callerOf, createCallerAuthentication } from './callers.ts';
import { revokeAccess } from './revoke-access.ts';
import { parseSubjectIdentifier, type SubjectIdentifier, toSubject } from './subject-identifier.ts';

/**
 * POST /global-token-revocation   Global Token Revocation (draft-parecki-oauth-global-token-revocation §3)
 *
 * Answered in this order: 401, 403, 400, 404, 204. What is there for another org's user is what is there for nobody.
 */
export function createRevocationRoutes(deps: { pool: Pool; apiKeys: ApiKeys; announce: () => void }): Router {
  const { authenticateCaller, requireScope } = createCallerAuthentication(deps);

  const parseRequest: RequestHandler = (req, res, next) => {
    res.locals.asked = parseSubjectIdentifier(req.body);
    next();
  };

  const revoke: RequestHandler = async (req, res) => {
    const caller = callerOf(req);
    const asked: SubjectIdentifier = res.locals.asked;
    const outcome = await revokeAccess(deps.pool, {
      orgId: caller.orgId,
      subject: toSubject(asked),
      initiator: 'idp',
      actor: { type: caller.type, id: caller.id },
      asked,
      ip: req.ip ?? null,
      requestId: req.id,
    });
    if (outcome.result === 'unknown')
      throw new AppError('user_not_found', 'No user of your organisation matches the subject identifier.');
    if (outcome.result === 'ambiguous')
      throw new AppError('ambiguous_subject', 'The identifiers name different users; nobody was signed out.');
    deps.announce();
    res.status(204).end();
  };

  const router = Router();
  router
    .route('/global-token-revocation')
    .post(noStore, authenticateCaller, requireScope('revoke'), jsonBody(), parseRequest, revoke)
    .all(allowOnly('POST'));
  return router;
}

const noStore: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store');
  next();
};
