import { type RequestHandler, Router } from 'express';
import type { Config } from '../config.ts';
import { allowOnly } from '../http/problem.ts';
import { describeApi } from './openapi.ts';
import type { Documented, Operation } from './operation.ts';

/**
 * GET /openapi.json   the whole interface, as OpenAPI 3.1
 */
export function createReferenceRoutes(config: Config, operations: readonly (Documented | Operation)[]): Router {
  const document = JSON.stringify(describeApi(config, operations));
  const showDocument: RequestHandler = (_req, res) => {
    res.set('Cache-Control', 'public, no-cache').type('json').send(document);
  };

  const router = Router();
  router.route('/openapi.json').get(showDocument).all(allowOnly('GET', 'HEAD'));
  return router;
}
