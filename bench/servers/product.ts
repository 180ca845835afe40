import { createApp } from '../../src/app.ts';
import { loadConfig, type Mode } from '../../src/config.ts';
import { createIdpKeys } from '../../src/connections/idp-keys.ts';
import { createContext } from '../../src/context.ts';
import { answerCalls } from '../child.ts';
import { createAlone, createOldWay } from '../old-way.ts';
import { listen } from './listen.ts';

/**
 * The product as `npm start` composes it, its access log going to a discarded standard output; on
 * loopback only. The keys of the identity providers are given: they are fetched once, and what that
 * takes is not measured.
 */
answerCalls({
  start: ({ jwks, way }: Start) => start(jwks, 'production', way),
  /** The same, except that a webhook may be on loopback. */
  startForWebhooks: () => start({ keys: [] }, 'development', 'together'),
  cpu: () => process.cpuUsage(),
  /** Bytes. */
  memory: () => process.memoryUsage.rss(),
});

/**
 * How access is ended: as the product does, by its statement but one a request, or as before 0.2.0.
 */
export type Way = 'together' | 'alone' | 'before';
export type Start = Readonly<{ jwks: object; way: Way }>;

async function start(jwks: object, mode: Mode, way: Way): Promise<number> {
  const context = createContext(loadConfig(process.env, mode));
  const { accessPool } = context;
  const batches = { together: context.batches, alone: createAlone(accessPool), before: createOldWay(accessPool) }[way];
  const text = JSON.stringify(jwks);
  const guardedFetch = Object.assign(async () => ({ status: 200, headers: {}, text }), { check() {} });
  const idpKeys = createIdpKeys({ guardedFetch, log: context.log });
  const port = await listen(createApp({ ...context, batches, idpKeys }));
  // The first sign of life is not measured: LISTEN is up, and the pool has connected once.
  await context.pool.query('SELECT 1');
  return port;
}
