import { type RequestHandler, Router } from 'express';
import { AppError } from '../errors.ts';
import { readBearer } from '../http/bearer.ts';
import { allowOnly } from '../http/problem.ts';
import { isSameSecret } from '../keyring.ts';
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
    const given = readBearer(req);
    if (given && isSameSecret(given, metricsToken)) return next();
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
