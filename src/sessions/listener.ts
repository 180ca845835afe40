import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';

/**
 * Keeps one LISTEN connection up while the process runs, on the direct URL: a pooler forgets
 * LISTEN. `onLost` is called when it goes down, `onNotification` for each NOTIFY.
 */
export function keepListening(deps: {
  directDatabaseUrl: string;
  listenSql: string;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  onNotification: (channel: string, payload: string) => void;
  onLost: () => void;
  log: Logger;
}) {
  let up: pg.Client | null = null;
  const stopping = new AbortController();

  const listen = async () => {
    // `gone` removes the listener on `stopping`: each failed try would leave one, with its client.
    const gone = new AbortController();
    const client = new pg.Client({
      connectionString: deps.directDatabaseUrl,
      application_name: deps.applicationName,
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    });
    const { promise: lost, resolve: lose } = Promise.withResolvers<void>();
    client.on('error', () => lose());
    client.on('end', () => lose());
    stopping.signal.addEventListener('abort', () => lose(), { signal: gone.signal });
    client.on('notification', ({ channel, payload }) => deps.onNotification(channel, payload ?? ''));
    try {
      await client.connect();
      await client.query(deps.listenSql);
      up = client;
      if (!stopping.signal.aborted) await lost;
    } finally {
      up = null;
      gone.abort();
      deps.onLost();
      // The goodbye isn't awaited: a server that went silent never answers it.
      client.end().catch(() => {});
    }
  };

  const listening = (async () => {
    while (!stopping.signal.aborted) {
      await listen().catch((error) => deps.log.warn({ err: error }, 'LISTEN connection failed'));
      // The pause keeps a database that is down from being hammered.
      await delay(500, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();

  return {
    isUp: () => up !== null,
    async stop(): Promise<void> {
      stopping.abort();
      await listening;
    },
  };
}
