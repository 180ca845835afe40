import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { type Endpoint, endpoint } from '../api/endpoint.ts';
import { byRequest } from '../by.ts';
import { newId } from '../database/ids.ts';
import { withPatience } from '../database/patience.ts';
import { jsonBody } from '../http/json-body.ts';
import { noStore } from '../http/no-store.ts';
import { toAppError } from '../http/problem.ts';
import type { Batches } from './batches.ts';
import { type Caller, CallerRefused } from './caller.ts';
import { type CallerDeps, callerOf, createCallerAuthentication } from './callers.ts';
import { wasCarriedOut } from './once.ts';
import { problemOfOutcome } from './outcome-problem.ts';
import { revokeAccess } from './revoke-access.ts';
import {
  aliases,
  identifier,
  parseSubjectIdentifier,
  type SubjectIdentifier,
  toSubject,
} from './subject-identifier.ts';

const subject = z.union([identifier, aliases]).meta({
  id: 'SubjectIdentifier',
  description: 'RFC 9493. Users are found by email, iss_sub, opaque (their id), account, and aliases of these.',
});

/**
 * Global Token Revocation (draft-parecki-oauth-global-token-revocation §3). The caller is an API
 * key of the org, or the IdP by its signed JWT; the IdP reaches only people of its own connection.
 * The answer is the first that applies: 401, 403, 400, 404, 204. Another org's user is nobody.
 */
export function createRevocationEndpoints(
  deps: CallerDeps & {
    batches: Batches;
    announce: () => void;
    /** Takes a call over that could not be carried out, or passes its error on. */
    noteCall: ErrorRequestHandler;
  },
): readonly Endpoint[] {
  const { authenticateCaller, requireScope, refusal } = createCallerAuthentication(deps);

  const parseRequest: RequestHandler = (req, res, next) => {
    res.locals.asked = parseSubjectIdentifier(req.body);
    next();
  };

  const revoke: RequestHandler = async (req, res) => {
    const caller = callerOf(req);
    const asked: SubjectIdentifier = res.locals.asked;
    const ending = revokeAccess(deps.batches, {
      revocationId: revocationIdOf(res),
      orgId: caller.orgId,
      subject: toSubject(asked),
      initiator: 'idp',
      endpoint: 'revocation',
      by: byRequest(req, { type: caller.type, id: caller.id }),
      ...(caller.type === 'connection' ? { reach: { connectionId: caller.id }, once: caller.once } : {}),
      asked,
    });
    const outcome = await withPatience(ending, deps.patienceMs);
    if (outcome.result === 'replayed') {
      if (!(await wasCarriedOut(deps.pool, caller, req.body))) throw await refusal(req, replayed(caller));
    } else {
      const problem = problemOfOutcome(outcome, asked);
      if (problem) throw problem;
      deps.announce();
    }
    res.status(204).end();
  };

  // Runs before the answer, for another org's user as for nobody. `refusal` records the 401s.
  const recordRefusal: ErrorRequestHandler = async (error, req, res, next) => {
    const { code, status, detail } = toAppError(error);
    const caller = req.user?.caller;
    if (caller && status < 500 && status !== 401 && status !== 429) {
      const credentialType = caller.type === 'api_key' ? ('api_key' as const) : ('jwt' as const);
      await deps.refusedCalls.ofCaller(caller, {
        endpoint: 'revocation',
        code,
        reason: code,
        explanation: detail,
        credentialType,
        subject: res.locals.asked,
        ip: req.ip ?? null,
        requestId: req.id,
      });
    }
    next(error);
  };

  const revocation = {
    method: 'post',
    path: '/global-token-revocation',
    id: 'revokeGlobally',
    tag: 'Global Token Revocation',
    summary: 'End every session and every token of a person',
    description:
      'draft-parecki-oauth-global-token-revocation. Answered when it is done: no request that begins after the `204` gets ' +
      'anything with what the person held before. Asking twice does no harm. A user of another organisation is nobody.',
    body: z.looseObject({
      sub_id: subject.optional(),
      subject: subject.optional().describe('What older callers send in place of `sub_id`.'),
    }),
    bodyExample: { sub_id: { format: 'email', email: 'trinity@whiterabbit.fake' } },
    security: ['apiKey', 'signedJwt'],
    success: { status: 204, description: 'Done, also if there was nothing to end.' },
    problems: [
      'invalid_subject',
      'unsupported_subject_format',
      'ambiguous_subject',
      'insufficient_scope',
      'caller_not_allowed',
      'user_not_found',
      'too_many_requests',
    ],
    handlers: [
      noStore,
      authenticateCaller,
      requireScope('revoke'),
      ...jsonBody(),
      parseRequest,
      revoke,
      recordRefusal,
      deps.noteCall,
    ],
  } as const satisfies Endpoint;

  return [
    endpoint(revocation),
    endpoint({
      ...revocation,
      path: '/global-token-revocation/{connection}',
      id: 'revokeGloballyByConnection',
      summary: 'The same, for the IdP of one connection',
      params: z.object({ connection: z.string().describe('The id of a connection of the organisation.') }),
    }),
  ];
}

/** Chosen once a request: if its answer is lost, it is known by this whether it was carried out. */
export function revocationIdOf({ locals }: Response): string {
  locals.revocationId ??= newId('revocation');
  return locals.revocationId;
}

/** The refusal of a JWT that was used before. */
export function replayed(caller: Caller): CallerRefused {
  const { orgId, type, id } = caller;
  return new CallerRefused('replayed', 'This JWT was used before; make a new one for each request.', async () => [
    { orgId, type, id, signed: true },
  ]);
}
