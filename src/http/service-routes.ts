import { type RequestHandler, Router } from 'express';
import type { Pool } from 'pg';
import { AppError } from '../errors.ts';

/**
 * GET /healthz   the process is alive
 * GET /readyz    it can do its work: the database answers, live updates are up
 */
export function createServiceRoutes(deps: {
  pool: Pool;
  isListening: () => boolean;
  isStopping: () => boolean;
}): Router {
  const alive: RequestHandler = (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'alive' });
  };

  const ready: RequestHandler = async (_req, res) => {
    if (deps.isStopping()) throw notReady('The process is stopping.');
    await deps.pool.query({ name: 'ready', text: 'SELECT 1' });
    if (!deps.isListening()) throw notReady('The connection for live updates is down.');
    res.set('Cache-Control', 'no-store').json({ status: 'ready' });
  };

  const router = Router();
  router.get('/healthz', alive);
  router.get('/readyz', ready);
  return router;
}

function notReady(detail: string): AppError {
  return new AppError('unavailable', detail, { headers: { 'Retry-After': '2' } });
}
