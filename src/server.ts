import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createApp } from './app.ts';
import type { Context } from './context.ts';
import { soundRequests } from './http/sound-requests.ts';

/** Since a stop began, milliseconds: when requests in flight are cut off, and when all is over. */
const cutMs = 3_000;
const stopLimitMs = 4_500;

/**
 * Listens on `port` (0: any free one). `stop` says so at /readyz and goes on answering for `drainMs`, so that a load balancer
 * can look elsewhere; then requests in flight finish, all other connections close, and the context ends. What is left 3 s
 * after the beginning is cut off, and the whole takes less than 5 s.
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
  const connections = trackConnections(server);
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
    const begin = performance.now();
    const left = (limit: number) => Math.max(0, begin + limit - performance.now());
    context.announceStop();
    await delay(drainMs);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const cut = setTimeout(() => server.closeAllConnections(), left(cutMs));
    await Promise.race([context.closeStreams(), delay(left(cutMs), undefined, { ref: false })]);
    connections.closeUnused();
    await closed;
    clearTimeout(cut);
    await context.stop(left(stopLimitMs));
  }
}

/** Node knows no connection that never sent a whole request as idle, and waits for it. */
function trackConnections(server: Server): { closeUnused(): void } {
  /** With the number of requests that are being answered. */
  const open = new Map<Socket, number>();
  let closing = false;
  server.on('connection', (socket: Socket) => {
    open.set(socket, 0);
    socket.once('close', () => open.delete(socket));
  });
  server.prependListener('request', ({ socket }, res) => {
    const add = (count: number) => {
      const now = open.get(socket);
      if (now !== undefined) open.set(socket, now + count);
    };
    add(1);
    res.once('close', () => {
      add(-1);
      if (closing && open.get(socket) === 0) socket.destroySoon();
    });
  });
  return {
    closeUnused() {
      closing = true;
      for (const [socket, requests] of open) if (requests === 0) socket.destroySoon();
    },
  };
}
