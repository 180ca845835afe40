import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { isUnstorable } from '../database/errors.ts';
import { toAppError } from '../http/problem.ts';
import { createRefusals } from './refusals.ts';
import { ScimError } from './scim-error.ts';

/** Sends every refusal under /scim/v2 in SCIM's form (RFC 7644 §3.12), whatever threw it. */
export function createScimErrorHandler({ pool, log }: { pool: Pool; log: Logger }): ErrorRequestHandler {
  const recordRefusal = createRefusals({ pool, log });
  return async (error, req, res, _next) => {
    const refusal = error instanceof ScimError ? error : toRefusal(error, req, res);
    await recordRefusal(req, res, refusal);
    sendError(res, refusal);
  };

  function toRefusal(error: unknown, req: Request, res: Response): ScimError {
    const problem = toAppError(error);
    if (problem.status >= 500)
      log.error({ err: error, requestId: req.id, code: problem.code }, 'a provisioning request failed');
    const scimType =
      problem.code === 'invalid_request' ? (isUnstorable(error) ? 'invalidValue' : 'invalidSyntax') : null;
    res.set(problem.headers);
    return new ScimError(problem.status, scimType, problem.detail);
  }
}

function sendError(res: Response, { status, scimType, detail }: ScimError): void {
  sendScim(res, status, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    ...(scimType === null ? {} : { scimType }),
    detail,
  });
}

/** Sends a body as `application/scim+json`. */
export function sendScim(res: Response, status: number, body: unknown): void {
  res.status(status).type('application/scim+json').send(JSON.stringify(body));
}
