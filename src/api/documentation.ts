import { z } from 'zod';
import type { Documented } from './operation.ts';

const tag = 'Service';

export const serviceDocumentation: readonly Documented[] = [
  {
    method: 'get',
    path: '/healthz',
    id: 'getHealth',
    tag,
    summary: 'Whether the process is alive',
    description: 'Says nothing about the database: a process that is alive isn’t restarted for what others lack.',
    security: [],
    success: { status: 200, description: 'It is.', schema: z.object({ status: z.literal('alive') }) },
  },
  {
    method: 'get',
    path: '/readyz',
    id: 'getReadiness',
    tag,
    summary: 'Whether the process can do its work',
    description: 'Asks the database. Not ready is 503, and a load balancer sends requests elsewhere.',
    security: [],
    success: { status: 200, description: 'It can.', schema: z.object({ status: z.literal('ready') }) },
  },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'getOpenApi',
    tag,
    summary: 'This document',
    description: 'For generators of clients, and for linters.',
    security: [],
    success: { status: 200, description: 'OpenAPI 3.1.', schema: z.looseObject({ openapi: z.string() }) },
  },
  {
    method: 'get',
    path: '/docs',
    id: 'showReference',
    tag,
    summary: 'This document, to read',
    description: 'With a search, a first call, and a `curl` for every operation.',
    security: [],
    success: { status: 200, description: 'The page.', contentTypes: ['text/html'] },
  },
];
