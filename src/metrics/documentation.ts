import type { Documented } from '../api/operation.ts';

export const metricsDocumentation: readonly Documented[] = [
  {
    method: 'get',
    path: '/metrics',
    id: 'getMetrics',
    tag: 'Service',
    summary: 'Numbers for Prometheus',
    description: 'Where the deployment has no `METRICS_TOKEN`, there is no such address.',
    security: ['metricsToken'],
    success: { status: 200, description: 'Prometheus’s text format.', contentTypes: ['text/plain'] },
    problems: ['not_found'],
  },
];
