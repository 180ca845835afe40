import type { RequestHandler } from 'express';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses requests that change something when a page of another origin sent them (cross-site
 * request forgery). Browsers say the origin in Sec-Fetch-Site and Origin, and no page can forge
 * these; a client that sends neither is no browser and holds nobody else's cookie.
 */
export function createSameOriginGuard(config: Config): RequestHandler {
  const own = new Set([new URL(config.publicUrl).origin, new URL(config.appUrl).origin]);
  return (req, _res, next) => {
    if (safeMethods.has(req.method)) return next();
    const site = req.headers['sec-fetch-site'];
    const { origin } = req.headers;
    const allowed =
      origin === undefined ? site === undefined || site === 'same-origin' || site === 'none' : own.has(origin);
    if (allowed) return next();
    next(new AppError('foreign_origin', 'This request came from a page of another origin and was not carried out.'));
  };
}
