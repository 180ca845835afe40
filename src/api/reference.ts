import { type RequestHandler, Router } from 'express';
import type { Config } from '../config.ts';
import { allowOnly } from '../http/problem.ts';
import type { Documented } from './endpoint.ts';
import { describeApi } from './openapi.ts';
import type { Operation } from './operation.ts';

/**
 * GET /openapi.json   the whole interface, as OpenAPI 3.1
 * GET /docs           the same to read, as `renderPage` writes it
 */
export function createReferenceRoutes(
  config: Config,
  operations: readonly (Documented | Operation)[],
  renderPage: (document: object) => string,
): Router {
  const document = describeApi(config, operations);
  const text = JSON.stringify(document);
  const page = renderPage(document);
  const showDocument: RequestHandler = (_req, res) => {
    res.set('Cache-Control', 'public, no-cache').type('json').send(text);
  };
  const showPage: RequestHandler = (_req, res) => {
    res.set('Cache-Control', 'public, no-cache').type('html').send(page);
  };

  const router = Router();
  router.route('/openapi.json').get(showDocument).all(allowOnly('GET', 'HEAD'));
  router.route('/docs').get(showPage).all(allowOnly('GET', 'HEAD'));
  return router;
}
