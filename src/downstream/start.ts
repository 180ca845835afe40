import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { createPool } from '../database/pool.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import type { Keyring } from '../keyring.ts';
import { createSignAsOrg, orgIssuer } from '../signing/org-keys.ts';
import type { SendForward } from './forward.ts';
import { startForwarder } from './forwarder.ts';
import { createSendBackchannelLogout } from './send-backchannel-logout.ts';
import { createSendGtr } from './send-gtr.ts';
import { createSendTest } from './send-test.ts';
import { createArrivals } from './ssf/arrivals.ts';
import { createSendEvent } from './ssf/send-event.ts';

/**
 * Starts a node's forwarder, on connections of its own: neither mail, nor webhooks, nor requests hold
 * it up, nor it them.
 */
export function startDownstream(deps: {
  config: Config;
  log: Logger;
  pool: Pool;
  keyring: Keyring;
  /** To public addresses alone: any org names apps. */
  guardedFetch: GuardedFetch;
}) {
  const { config, log, pool, keyring, guardedFetch } = deps;
  const ownPool = createPool({
    connectionString: config.directDatabaseUrl,
    max: 4,
    applicationName: 'universal-logout forwards',
    log,
  });
  const signAsOrg = createSignAsOrg({ ...deps, pool: ownPool });
  const senders: Readonly<Record<string, SendForward>> = {
    gtr: createSendGtr({ guardedFetch, keyring, signAsOrg, issuerOf: (orgId) => orgIssuer(config, orgId) }),
    oidc: createSendBackchannelLogout({ pool: ownPool, guardedFetch, signAsOrg }),
    ssf: createSendEvent({ ...deps, pool: ownPool }),
  };
  const send: SendForward = async (forward, signal) => {
    const sender = senders[forward.app.kind];
    // A newer node knows this kind: the forward waits for it.
    if (!sender) return { result: 'again', status: null, error: 'unknown_kind' };
    return sender(forward, signal);
  };
  const arrivals = createArrivals({ pool, log });
  const forwarder = startForwarder({ pool: ownPool, log, send, planned: arrivals.look });
  return {
    sendTest: createSendTest({ pool, keyring, send }),
    wakeForwarder: forwarder.wake,
    /** Polls of receivers that wait for their next event. */
    arrivals,
    async stop(): Promise<void> {
      arrivals.stop();
      await forwarder.stop();
      await ownPool.end();
    },
  };
}
