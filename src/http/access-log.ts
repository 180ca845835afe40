import type { Request, RequestHandler } from 'express';
import morgan from 'morgan';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { clientNetwork } from './client-address.ts';

/**
 * One line a request. In production JSON without anything secret or personal: no query string (it may hold a code), no
 * body, no header, the client's network in place of its address. In development morgan's readable form, without the query.
 */
export function createAccessLog({ config, log }: { config: Config; log: Logger }): RequestHandler {
  if (config.mode === 'development') {
    morgan.token('url', (req) => pathOf(req as Request));
    return morgan<Request>('dev', { skip: () => !log.isLevelEnabled('info') });
  }
  return morgan<Request>((tokens, req, res) => {
    log.info(
      {
        requestId: req.id,
        org: req.user?.principal?.orgId ?? req.user?.caller?.orgId,
        method: req.method,
        path: pathOf(req),
        status: res.headersSent ? res.statusCode : undefined,
        // Whole and decimal milliseconds from the request's arrival to the answer's headers.
        durationMs: Number(tokens['response-time']?.(req, res)) || undefined,
        network: clientNetwork(req.ip),
      },
      'request',
    );
    return undefined;
  });
}

function pathOf(req: Request): string {
  return (req.originalUrl ?? req.url).split('?', 1)[0] as string;
}
