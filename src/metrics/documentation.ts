import type { Documented } from '../api/endpoint.ts';

export const metricsDocumentation: readonly Documented[] = [
  {
    method: 'get',
    path: '/metrics',
    id: 'getMetrics',
    tag: 'Service',
    summary: 'Numbers for Prometheus',
    description: 'Asks for `METRICS_TOKEN` as a bearer token. Where the deployment has none, there is no such address.',
    security: [],
    success: { status: 200, description: 'Prometheus’s text format.', contentTypes: ['text/plain'] },
    problems: ['invalid_token', 'not_found'],
  },
];
