import { hash, timingSafeEqual } from 'node:crypto';
import { type RequestHandler, Router } from 'express';
import { AppError } from '../errors.ts';
import { allowOnly } from '../http/problem.ts';
import type { Metrics } from './metrics.ts';

/** GET /metrics   Prometheus's text format, for whoever has METRICS_TOKEN; without one set there is no such address */
export function createMetricsRoutes({
  metrics,
  metricsToken,
}: {
  metrics: Metrics | null;
  metricsToken: string | null;
}): Router {
  const requireToken: RequestHandler = (req, res, next) => {
    if (metricsToken === null) return next('router');
    res.set('Cache-Control', 'no-store');
    const [, given] = /^Bearer +(\S+) *$/i.exec(req.headers.authorization ?? '') ?? [];
    // Digests are of one length, and say nothing of how much was right.
    if (given !== undefined && timingSafeEqual(digest(given), digest(metricsToken))) return next();
    throw new AppError('invalid_token', 'Send METRICS_TOKEN as "Authorization: Bearer <token>".', {
      headers: { 'WWW-Authenticate': `Bearer realm="metrics"${given === undefined ? '' : ', error="invalid_token"'}` },
    });
  };

  const scrape: RequestHandler = async (_req, res) => {
    if (!metrics) throw new AppError('not_found', 'There is nothing at this address.');
    res.type(metrics.contentType).send(await metrics.scrape());
  };

  const router = Router();
  router.route('/metrics').all(requireToken).get(scrape).all(allowOnly('GET', 'HEAD'));
  return router;
}

const digest = (text: string) => hash('sha256', text, 'buffer');
