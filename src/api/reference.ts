import type { RequestHandler } from 'express';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { type Documented, type Endpoint, endpoint } from './endpoint.ts';
import { describeApi } from './openapi.ts';
import type { Operation } from './operation.ts';

/** The interface as an OpenAPI document and as a page (`renderPage`), themselves included. */
export function createReferenceEndpoints(
  config: Config,
  others: readonly (Documented | Operation)[],
  renderPage: (document: object) => string,
): readonly Endpoint[] {
  const showDocument: RequestHandler = (_req, res) => {
    res.set('Cache-Control', 'public, no-cache').type('json').send(text);
  };
  const showPage: RequestHandler = (_req, res) => {
    res.set('Cache-Control', 'public, no-cache').type('html').send(page);
  };

  const own = [
    endpoint({
      method: 'get',
      path: '/openapi.json',
      id: 'getOpenApi',
      tag: 'Service',
      summary: 'This document',
      description: 'For generators of clients, and for linters.',
      security: [],
      success: { status: 200, description: 'OpenAPI 3.1.', schema: z.looseObject({ openapi: z.string() }) },
      handlers: [showDocument],
    }),
    endpoint({
      method: 'get',
      path: '/docs',
      id: 'showReference',
      tag: 'Service',
      summary: 'This document, to read',
      description: 'With a search, a first call, and a `curl` for every operation.',
      security: [],
      success: { status: 200, description: 'The page.', contentTypes: ['text/html'] },
      handlers: [showPage],
    }),
  ];
  const document = describeApi(config, [...others, ...own]);
  const text = JSON.stringify(document);
  const page = renderPage(document);
  return own;
}
