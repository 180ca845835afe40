import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';

/** The id in logs, audit events and answers. Always ours: a caller's could imitate another's. */
export const requestId: RequestHandler = (req, res, next) => {
  req.id = randomUUID();
  // Node remembers an address that was asked for. Later it tells none of a client that has hung up,
  // and the record and the log of a request that waited would lack it.
  void req.socket.remoteAddress;
  res.set('X-Request-Id', req.id);
  next();
};
