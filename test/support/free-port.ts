import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below what systems give to outgoing connections and to whoever listens on 0, from where a port
 * could be taken meanwhile.
 */
const range = { from: 12_000, to: 30_000 };

/**
 * A port for a URL or a process that must know it before it listens. It is ours until this process
 * ends: the UDP port of the same number stands for it, which no other test gets then.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = range.from + Math.floor(Math.random() * (range.to - range.from));
    if ((await isTaken(port)) || !(await reserve(port))) continue;
    return port;
  }
}

async function reserve(port: number): Promise<boolean> {
  const socket = createSocket('udp4').unref();
  try {
    socket.bind({ port, address: '127.0.0.1', exclusive: true });
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  }
}

async function isTaken(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port);
  try {
    await once(server, 'listening');
  } catch {
    return true;
  }
  server.close();
  await once(server, 'close');
  return false;
}
