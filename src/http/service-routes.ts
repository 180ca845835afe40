import { type RequestHandler, Router } from 'express';
import type { Pool } from 'pg';
import type { Config } from '../config.ts';
import { checkContents } from '../database/check-contents.ts';
import { UnfitServerError } from '../database/check-server.ts';
import { AppError } from '../errors.ts';

/** Milliseconds for which what was found of the database's contents is taken for true. */
const contentsFreshMs = 3_000;

/**
 * GET /healthz   the process is alive
 * GET /readyz    it can do its work: the database answers, can be written and read, live updates are up
 */
export function createServiceRoutes(deps: {
  config: Pick<Config, 'encryptionKeys'>;
  pool: Pool;
  isListening: () => boolean;
  isStopping: () => boolean;
}): Router {
  const alive: RequestHandler = (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'alive' });
  };

  let contents = { checkedAt: Number.NEGATIVE_INFINITY, reason: '' };
  const reasonAgainstContents = async (): Promise<string> => {
    if (performance.now() - contents.checkedAt < contentsFreshMs) return contents.reason;
    let reason = '';
    try {
      await checkContents(deps.pool, deps.config.encryptionKeys);
    } catch (error) {
      if (!(error instanceof UnfitServerError)) throw error;
      reason = error.reasons.join(' ');
    }
    contents = { checkedAt: performance.now(), reason };
    return reason;
  };

  const ready: RequestHandler = async (_req, res) => {
    if (deps.isStopping()) throw notReady('The process is stopping.');
    await deps.pool.query({ name: 'ready', text: 'SELECT 1' });
    const reason = await reasonAgainstContents();
    if (reason) throw notReady(reason);
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
