import { type RequestHandler, Router } from 'express';
import type { Pool } from 'pg';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';

/**
 * GET /healthz                                  the process is alive
 * GET /readyz                                   it can do its work: the database answers, live updates are up
 * GET /.well-known/oauth-authorization-server   metadata (RFC 8414) that names the revocation endpoint (draft §5)
 */
export function createServiceRoutes(deps: {
  config: Config;
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

  const metadata: RequestHandler = (_req, res) => {
    const { publicUrl } = deps.config;
    res.set('Cache-Control', 'public, max-age=300').json({
      issuer: publicUrl,
      // Required by RFC 8414 §2 and never empty; there is no authorization endpoint that would return anything.
      response_types_supported: ['none'],
      global_token_revocation_endpoint: `${publicUrl}/global-token-revocation`,
      global_token_revocation_endpoint_auth_methods_supported: ['Bearer'],
      service_documentation: `${publicUrl}/problems`,
    });
  };

  const router = Router();
  router.get('/healthz', alive);
  router.get('/readyz', ready);
  router.get('/.well-known/oauth-authorization-server', metadata);
  return router;
}

function notReady(detail: string): AppError {
  return new AppError('unavailable', detail, { headers: { 'Retry-After': '2' } });
}
