import type { Request, RequestHandler } from 'express';
import morgan from 'morgan';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { clientNetwork } from './client-address.ts';

/**
 * One line a request. In production JSON without anything secret or personal: no query string (it
 * may hold a code), no body, no header, the client's network in place of its address. In
 * development morgan's readable form, without the query.
 */
export function createAccessLog({ config, log }: { config: Config; log: Logger }): RequestHandler {
  if (config.mode === 'development') {
    morgan.token('url', (req) => pathOf(req as Request));
    return morgan<Request>('dev', { skip: () => !log.isLevelEnabled('info') });
  }
  return (req, res, next) => {
    const arrived = performance.now();
    let answered: number | undefined;
    const { writeHead } = res;
    res.writeHead = (...given: unknown[]) => {
      answered ??= performance.now();
      return writeHead.apply(res, given as Parameters<typeof writeHead>);
    };
    res.on('close', () => {
      log.info(
        {
          requestId: req.id,
          org: req.user?.principal?.orgId ?? req.user?.caller?.orgId,
          method: req.method,
          path: pathOf(req),
          status: res.headersSent ? res.statusCode : undefined,
          // Milliseconds, with decimals, from the request's arrival to the answer's headers.
          durationMs: answered && Math.round((answered - arrived) * 1000) / 1000,
          network: clientNetwork(req.ip),
        },
        'request',
      );
    });
    next();
  };
}

function pathOf(req: Request): string {
  return (req.originalUrl ?? req.url).split('?', 1)[0] as string;
}
