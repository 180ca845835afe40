import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { isUnavailable, isUnstorable } from '../database/errors.ts';
import { AppError, type ProblemCode, problems } from '../errors.ts';

/** Renders the page that a browser's navigation gets in place of problem details. */
export type RenderPage = (res: Response, problem: { code: ProblemCode; detail: string; requestId: string }) => void;

/**
 * The one error handler: RFC 9457 problem details with a `type` from the closed list, or a page
 * where the client asked for HTML. Errors other than AppError are logged with their stack; the
 * answer holds nothing of them.
 */
export function createErrorHandler(deps: { config: Config; log: Logger; renderPage: RenderPage }): ErrorRequestHandler {
  return (error, req, res, _next) => {
    const problem = toAppError(error);
    logFailure(deps.log, req, problem, error);
    if (res.headersSent) {
      // The answer is under way: it can only be cut off.
      res.destroy(error instanceof Error ? error : undefined);
      return;
    }
    res.status(problem.status).set('Cache-Control', 'no-store').set(problem.headers);
    if (req.method === 'GET' && !req.originalUrl.startsWith('/api/') && req.accepts(['json', 'html']) === 'html') {
      deps.renderPage(res, { code: problem.code, detail: problem.detail, requestId: req.id });
      return;
    }
    const { title, status } = problems[problem.code];
    const type = `${deps.config.publicUrl}/problems/${problem.code}`;
    res.type('application/problem+json').send(
      JSON.stringify({
        type,
        title,
        status,
        detail: problem.detail,
        code: problem.code,
        requestId: req.id,
        ...(problem.errors.length > 0 && { errors: problem.errors.map(({ says: _, ...part }) => part) }),
        ...problem.members,
      }),
    );
  };
}

/** Logs what is a fault of ours, with its stack, or of a service that we depend on. */
export function logFailure(log: Logger, { id }: Request, problem: AppError, error: unknown): void {
  if (problem.foreign) log.warn({ requestId: id, code: problem.code }, 'request failed by another service');
  else if (problem.status >= 500) log.error({ err: error, requestId: id, code: problem.code }, 'request failed');
}

/** Answers 404 to an address that no route has. */
export const notFound: RequestHandler = () => {
  throw new AppError('not_found', 'There is nothing at this address.');
};

/** 405 with the methods that the address takes (RFC 9110 §15.5.6). */
export function allowOnly(...methods: string[]): RequestHandler {
  const allow = methods.join(', ');
  // The function has a name, by which a test of the routes knows it from an endpoint.
  const refuseOthers: RequestHandler = (req) => {
    throw new AppError('method_not_allowed', `${req.method} is not possible here; use ${allow}.`, {
      headers: { Allow: allow },
    });
  };
  return refuseOthers;
}

/** Turns any error into an AppError, for endpoints whose protocol has its own error form. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const fault = requestFault(error);
  if (fault) return fault;
  if (isUnstorable(error))
    return new AppError('invalid_request', ({ answers }) => answers.unstorable, { cause: error });
  if (isUnavailable(error))
    return new AppError('unavailable', ({ answers }) => answers.unavailable, {
      headers: { 'Retry-After': '5' },
      cause: error,
    });
  return new AppError('internal_error', ({ answers }) => answers.internal, { cause: error });
}

/** Errors of the router and body-parser (http-errors). Their messages may quote the request. */
function requestFault(error: unknown): AppError | null {
  if (error instanceof URIError) return new AppError('invalid_request', ({ answers }) => answers.brokenAddress);
  if (typeof error !== 'object' || error === null || !('expose' in error)) return null;
  const { type, status } = error as { type?: unknown; status?: unknown };
  if (typeof status !== 'number' || status < 400 || status >= 500) return null;
  if (status === 413) return new AppError('content_too_large', ({ answers }) => answers.large);
  if (type === 'entity.parse.failed') return new AppError('invalid_request', 'The body is not well-formed JSON.');
  return new AppError('invalid_request', ({ answers }) => answers.unreadable);
}
