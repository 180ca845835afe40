import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';

/** The id in logs, audit events and answers. Always ours: a caller's could imitate another's. */
export const requestId: RequestHandler = (req, res, next) => {
  req.id = randomUUID();
  res.set('X-Request-Id', req.id);
  next();
};
