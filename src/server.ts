import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createApp } from './app.ts';
import type { Context } from './context.ts';
import { soundRequests } from './http/sound-requests.ts';

/** How long requests in flight may take to finish once a stop has begun, milliseconds. */
const graceMs = 10_000;

/**
 * Listens on `port` (0: any free one). `stop` says so at /readyz and goes on answering for `drainMs`, so that a load balancer
 * can look elsewhere; then requests in flight finish, streams and idle connections close, and the context ends. What is
 * left after 10 s is cut off.
 */
export async function startServer(
  context: Context,
  { port = context.config.port, drainMs = 0 }: { port?: number; drainMs?: number } = {},
): Promise<{ server: Server; port: number; stop: () => Promise<void> }> {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, soundRequests(createApp(context)));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, context.config.host ?? undefined, () => resolve());
  });
  let stopping: Promise<void> | undefined;
  return {
    server,
    port: (server.address() as AddressInfo).port,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };

  async function stop(): Promise<void> {
    context.announceStop();
    await delay(drainMs);
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await context.closeStreams();
    server.closeIdleConnections();
    await closed;
    clearTimeout(cut);
    await context.stop();
  }
}
