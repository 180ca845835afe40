import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createApp } from './app.ts';
import type { Context } from './context.ts';
import { soundRequests } from './http/sound-requests.ts';

/** Milliseconds after a stop began: when requests in flight are cut off, and when all is over. */
const cutMs = 3_000;
const stopLimitMs = 4_500;

/**
 * Milliseconds. An idle connection is kept for longer than load balancers keep theirs (60 s mostly):
 * whoever closes it first may cut off a revocation that is sent at that moment, and sent once.
 */
const timeouts = { requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 75_000 };

export type Listening = Awaited<ReturnType<typeof listen>>;

/**
 * Listens on `port` (0: any free one) and keeps it; until there is an app, requests hear 503.
 * `host` null: every address. @throws the listen error, e.g. EADDRINUSE
 */
export async function listen(port: number, host: string | null) {
  let serve: RequestListener = (_req, res) => void res.writeHead(503, { 'Retry-After': '2' }).end();
  const server = createServer(timeouts, (req, res) => serve(req, res));
  const connections = trackConnections(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host ?? undefined, () => resolve());
  });
  return {
    server,
    connections,
    port: (server.address() as AddressInfo).port,
    serve(app: RequestListener) {
      serve = app;
    },
  };
}

/**
 * Serves the app where `listening` does, or else on `port` (0: any free one).
 * `stop` says so at /readyz and goes on answering for `drainMs`, so that a load balancer can look
 * elsewhere. Then requests in flight finish, all other connections close, and the context ends.
 * After 3 s open requests are cut off, and the whole takes less than 5 s.
 */
export async function startServer(
  context: Context,
  options: { listening?: Listening; port?: number; drainMs?: number } = {},
): Promise<{ server: Server; port: number; stop: () => Promise<void> }> {
  const { config } = context;
  const { drainMs = 0 } = options;
  const { server, port, connections, serve } =
    options.listening ?? (await listen(options.port ?? config.port, config.host));
  await context.journal.open();
  serve(soundRequests(createApp(context)));
  let stopping: Promise<void> | undefined;
  return {
    server,
    port,
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

/** To Node, a connection that never sent a whole request isn't idle, and a stop waits for it. */
function trackConnections(server: Server): { closeUnused(): void } {
  /** The number of requests under way on each connection. */
  const open = new Map<Socket, number>();
  let closing = false;
  server.on('connection', (socket: Socket) => {
    open.set(socket, 0);
    socket.on('close', () => open.delete(socket));
  });
  server.prependListener('request', ({ socket }, res) => {
    const add = (count: number) => {
      const now = open.get(socket);
      if (now !== undefined) open.set(socket, now + count);
    };
    add(1);
    res.on('close', () => {
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
