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
  // Written when somebody first asks: writing takes a third of a start, and hardly a node is asked.
  let written: { text: string; page: string } | undefined;
  const write = () => {
    const document = describeApi(config, [...others, ...own]);
    return { text: JSON.stringify(document), page: renderPage(document) };
  };
  const showDocument: RequestHandler = (_req, res) => {
    written ??= write();
    res.set('Cache-Control', 'public, no-cache').type('json').send(written.text);
  };
  const showPage: RequestHandler = (_req, res) => {
    written ??= write();
    res.set('Cache-Control', 'public, no-cache').type('html').send(written.page);
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
  return own;
}
