import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

export type Listener = Readonly<{ port: number; close(): Promise<void> }>;

/** Listens on loopback; `close` ends what is open, too. With `tls`, what comes after its handshake is ours. */
export async function listen(
  answer: (socket: Socket) => void,
  tls: Readonly<{ key: string; cert: string }> | null = null,
): Promise<Listener> {
  const open = new Set<Socket>();
  const take = (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => {});
    answer(socket);
  };
  const server: Server = tls ? createTlsServer(tls, take) : createServer(take);
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A TLS socket has no reset of its own. */
const reset = (socket: Socket) => {
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
};

/** What a server may do that means harm, or is ill. */
export const misdeeds: Readonly<Record<string, (socket: Socket) => void>> = {
  'resets the connection at once': reset,
  'resets the connection after the first bytes': (socket) => socket.once('data', () => reset(socket)),
  'closes the connection at once': (socket) => socket.end(),
  'answers each message with garbage': (socket) => socket.on('data', () => socket.write(randomBytes(64))),
  'answers each message with zeros': (socket) => socket.on('data', () => socket.write(Buffer.alloc(64))),
  'answers each message with 0xff': (socket) => socket.on('data', () => socket.write(Buffer.alloc(64, 0xff))),
  'answers each message with words': (socket) =>
    socket.on('data', () => socket.write('Go away, please!\r\n'.repeat(4))),
  'sends garbage unasked': (socket) => socket.write(randomBytes(512)),
  'sends a megabyte of junk': (socket) => socket.write(randomBytes(1_048_576)),
  'never stops sending': (socket) => {
    const pour = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 'junk')));
    };
    socket.on('drain', pour).once('data', pour);
  },
};

/** A way to a server on loopback. */
export type Relay = Listener &
  Readonly<{
    /** All that clients sent through it. */
    sent(): Buffer;
  }>;

/**
 * Passes on what clients send. What the server sends waits until `holds` has said whether it may
 * pass; at the first refusal the client's connection breaks.
 */
export async function startRelay(target: number, mayPass: () => Promise<boolean> = async () => true): Promise<Relay> {
  const { connect } = await import('node:net');
  const sent: Buffer[] = [];
  const listener = await listen((client) => {
    const server = connect(target, '127.0.0.1');
    let passing: Promise<unknown> = Promise.resolve();
    server.on('error', () => client.destroy());
    client.on('data', (chunk: Buffer) => {
      sent.push(chunk);
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      passing = passing.then(async () => {
        if (await mayPass()) client.write(chunk);
        else client.destroy();
      });
    });
    client.on('close', () => server.destroy());
    server.on('close', () => passing.then(() => client.end()));
  });
  return { ...listener, sent: () => Buffer.concat(sent) };
}
