import { type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Response } from 'express';

/**
 * Begins an answer that stays open for hours. Node keeps the request and the answer for as long,
 * and with them all that middlewares left on them, which nothing reads once the headers are sent:
 * it is let go of. The access log and the metrics still find what they read at the end.
 */
export function beginLongAnswer(res: Response, headers: OutgoingHttpHeaders): void {
  res.writeHead(200, headers);
  // Headers that are written alone become one string. Before a body they would stay the chain of
  // pieces that Node has joined, of more than twice the size.
  res.flushHeaders();
  // express-session's `end` would touch the session before the answer ends: a stream must close
  // also when the database, which that touch writes to, has gone silent.
  const { end, writeHead } = ServerResponse.prototype;
  Object.assign(res, { end, writeHead });
  Object.assign(res.req, {
    next: undefined,
    session: undefined,
    sessionID: undefined,
    sessionStore: undefined,
    _parsedUrl: undefined,
    _parsedOriginalUrl: undefined,
  });
}
