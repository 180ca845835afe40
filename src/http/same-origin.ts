import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Whether a request was sent by a page of ours, or by no page. Browsers say the origin in
 * Sec-Fetch-Site and Origin, and no page can forge these; a client that sends neither is no browser
 * and holds nobody else's cookie.
 */
export function createIsSameOrigin(config: Pick<Config, 'publicUrl' | 'appUrl'>): (req: IncomingMessage) => boolean {
  const own = new Set([new URL(config.publicUrl).origin, new URL(config.appUrl).origin]);
  return ({ headers: { origin, 'sec-fetch-site': site } }) =>
    origin === undefined ? site === undefined || site === 'same-origin' || site === 'none' : own.has(origin);
}

/**
 * Refuses requests that change something when a page of another origin sent them (cross-site
 * request forgery).
 */
export function createSameOriginGuard(config: Config): RequestHandler {
  const isSameOrigin = createIsSameOrigin(config);
  return (req, _res, next) => {
    if (safeMethods.has(req.method) || isSameOrigin(req)) return next();
    next(new AppError('foreign_origin', 'This request came from a page of another origin and was not carried out.'));
  };
}
