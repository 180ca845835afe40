import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export type OpenJob = Readonly<{ port: number; path: string; cookies: readonly string[] }>;
export type Told = Readonly<{
  /** When each stream was told, by its number: milliseconds on the clock of `performance.timeOrigin`. */
  at: readonly (number | null)[];
  /** Numbers of the streams whose connections are closed. */
  closed: readonly number[];
}>;

/** Streams that are opened at a time. */
const batch = 200;

/** Open pages: event streams that stay open, on plain sockets. */
export function createPageLoad() {
  const sockets: Socket[] = [];
  const toldAt: (number | null)[] = [];

  return {
    /** Opens a stream for each cookie, and returns once all have begun. */
    async openPages({ port, path, cookies }: OpenJob): Promise<void> {
      for (let from = 0; from < cookies.length; from += batch)
        await Promise.all(cookies.slice(from, from + batch).map((cookie) => open(port, path, cookie)));
    },
    pagesTold: (): Told => ({
      at: toldAt,
      closed: sockets.flatMap((socket, number) => (socket.destroyed ? number : [])),
    }),
    closePages() {
      for (const socket of sockets) socket.destroy();
    },
  };

  async function open(port: number, path: string, cookie: string): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const number = sockets.push(socket) - 1;
    toldAt[number] = null;
    socket.on('error', () => {});
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nCookie: ${cookie}\r\n\r\n`);
    let received = '';
    const begun = new Promise<void>((resolve, reject) => {
      socket.on('close', () => reject(new Error(`a page was closed: ${received.slice(0, 500)}`)));
      socket.on('data', (chunk: Buffer) => {
        received = (received + chunk.toString()).slice(-2_000);
        if (received.includes('retry: ')) resolve();
        if (received.includes('event: signed-out')) toldAt[number] ??= performance.timeOrigin + performance.now();
      });
    });
    await once(socket, 'connect');
    await begun;
  }
}
