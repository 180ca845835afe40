import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';

/**
 * Names the request in logs, audit events and answers. Always ours: a caller's own could be made to
 * look like another's.
 */
export const requestId: RequestHandler = (req, res, next) => {
  req.id = randomUUID();
  res.set('X-Request-Id', req.id);
  next();
};
