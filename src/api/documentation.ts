import { z } from 'zod';
import type { Documented } from './endpoint.ts';

const tag = 'Service';

export const serviceDocumentation: readonly Documented[] = [
  {
    method: 'get',
    path: '/healthz',
    id: 'getHealth',
    tag,
    summary: 'Whether the process is alive',
    security: [],
    success: { status: 200, description: 'It is.', schema: z.object({ status: z.literal('alive') }) },
  },
  {
    method: 'get',
    path: '/readyz',
    id: 'getReadiness',
    tag,
    summary: 'Whether the process can do its work',
    security: [],
    success: { status: 200, description: 'It can.', schema: z.object({ status: z.literal('ready') }) },
  },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'getOpenApi',
    tag,
    summary: 'This document',
    security: [],
    success: { status: 200, description: 'OpenAPI 3.1.', schema: z.looseObject({ openapi: z.string() }) },
  },
  {
    method: 'get',
    path: '/docs',
    id: 'showReference',
    tag,
    summary: 'This document, to read',
    security: [],
    success: { status: 200, description: 'The page.', contentTypes: ['text/html'] },
  },
];
