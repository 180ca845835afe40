import { createApp } from '../../src/app.ts';
import { loadConfig, type Mode } from '../../src/config.ts';
import { createIdpKeys } from '../../src/connections/idp-keys.ts';
import { createContext } from '../../src/context.ts';
import { soundRequests } from '../../src/http/sound-requests.ts';
import { createJwtAuthentication } from '../../src/revocation/signed-jwt.ts';
import { listen } from '../../src/server.ts';
import { answerCalls } from '../child.ts';
import { createAlone, createOldWay } from '../old-way.ts';

/**
 * The product as `npm start` composes it, on loopback only; its access log goes to a discarded
 * standard output. The keys of the identity providers are given: fetching them, once, isn't
 * measured.
 */
answerCalls({
  start: ({ jwks, way }: Start) => start(jwks, 'production', way),
  /** The same, except that a webhook may be on loopback. */
  startForWebhooks: () => start({ keys: [] }, 'development', 'together'),
  cpu: () => process.cpuUsage(),
  /** Bytes. */
  memory: () => process.memoryUsage(),
  /** The same once garbage is collected and free pages are given back; needs `--expose-gc`. */
  collected() {
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    return process.memoryUsage();
  },
});

/** How access ends: as in the product, by its statement for each request, or as before 0.2.0. */
export type Way = 'together' | 'alone' | 'before';
export type Start = Readonly<{ jwks: object; way: Way }>;

async function start(jwks: object, mode: Mode, way: Way): Promise<number> {
  const context = createContext(loadConfig(process.env, mode));
  const { accessPool } = context;
  const batches = { together: context.batches, alone: createAlone(accessPool), before: createOldWay(accessPool) }[way];
  const text = JSON.stringify(jwks);
  const guardedFetch = Object.assign(async () => ({ status: 200, headers: {}, text }), { check() {} });
  const idpKeys = createIdpKeys({ guardedFetch, log: context.log });
  const jwt = createJwtAuthentication({ ...context, pool: accessPool, idpKeys });
  const { port, serve } = await listen(0, '127.0.0.1');
  serve(soundRequests(createApp({ ...context, batches, idpKeys, jwt })));
  // The first query isn't measured: LISTEN is up after it, and the pool has connected.
  await context.pool.query('SELECT 1');
  return port;
}
