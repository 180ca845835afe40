import express, { type Express, Router } from 'express';
import { describe, expect, it } from 'vitest';
import { allowOnly } from '../../src/http/problem.ts';
import { routesOf } from './routes.ts';

const handler: express.RequestHandler = (_req, res) => {
  res.end();
};
const found = (build: (app: Express) => void) =>
  routesOf(() => {
    const app = express();
    build(app);
    return app;
  }).routes.map(({ method, path }) => `${method} ${path}`);

describe('what the test of the documentation takes for a route', () => {
  it('is every method of a router, where it is mounted', () => {
    const router = Router();
    router
      .route('/things/:id')
      .get(handler)
      .put(handler)
      .all(allowOnly('GET', 'HEAD', 'PUT'));
    expect(found((app) => app.use('/api', router))).toEqual(['get /api/things/{id}', 'put /api/things/{id}']);
  });

  it('is a handler for all methods, unless it only says which ones there are', () => {
    expect(found((app) => app.route('/api/backdoor').all(handler))).toEqual(['all /api/backdoor']);
    expect(found((app) => app.all('/api/backdoor', handler))).toContain('delete /api/backdoor');
  });

  it('is none that is mounted at a path without being a router: that fails', () => {
    expect(() => found((app) => app.use('/api/backdoor', handler))).toThrow('/api/backdoor');
    expect(() => found((app) => app.use('/api', Router().use('/backdoor', handler)))).toThrow('/api/backdoor');
  });

  it('is none that is mounted everywhere', () => {
    expect(found((app) => app.use(handler))).toEqual([]);
  });
});
