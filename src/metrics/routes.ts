import type { RequestHandler } from 'express';
import { type Endpoint, endpoint } from '../api/endpoint.ts';
import { AppError } from '../errors.ts';
import { readBearer } from '../http/bearer.ts';
import { noStore } from '../http/no-store.ts';
import { isSameSecret } from '../keyring.ts';
import type { Metrics } from './metrics.ts';

/** The endpoint for holders of METRICS_TOKEN; without that setting there is no such address. */
export function createMetricsEndpoints({
  metrics,
  metricsToken,
}: {
  metrics: Metrics | null;
  metricsToken: string | null;
}): readonly Endpoint[] {
  if (metrics === null || metricsToken === null) return [];

  const requireToken: RequestHandler = (req, _res, next) => {
    const given = readBearer(req);
    if (given && isSameSecret(given, metricsToken)) return next();
    throw new AppError('invalid_token', 'Send METRICS_TOKEN as "Authorization: Bearer <token>".', {
      headers: { 'WWW-Authenticate': `Bearer realm="metrics"${given === undefined ? '' : ', error="invalid_token"'}` },
    });
  };

  const scrape: RequestHandler = async (_req, res) => {
    res.type(metrics.contentType).send(await metrics.scrape());
  };

  return [
    endpoint({
      method: 'get',
      path: '/metrics',
      id: 'getMetrics',
      tag: 'Service',
      summary: 'Numbers for Prometheus',
      description: 'Where the deployment has no `METRICS_TOKEN`, there is no such address.',
      security: ['metricsToken'],
      success: { status: 200, description: 'Prometheus’s text format.', contentTypes: ['text/plain'] },
      handlers: [noStore, requireToken, scrape],
    }),
  ];
}
