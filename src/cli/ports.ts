import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port that can't be had; the message names the environment variable that chooses another one. */
export class PortError extends Error {
  override readonly name = 'PortError';
}

/**
 * Tries a port by listening on it for a moment; 0 finds a free one. `host` undefined: all addresses. Beside a host, ::1 is
 * tried too: a browser asks it first for localhost, and would meet whoever listens there.
 * @returns the port. @throws PortError
 */
export async function tryPort(port: number, variable: string, host?: string): Promise<number> {
  const free = await listenOnce(port, variable, host);
  if (host !== undefined)
    await listenOnce(free, variable, '::1').catch((error: NodeJS.ErrnoException) => {
      // A machine without IPv6.
      if (error.code !== 'EADDRNOTAVAIL' && error.code !== 'EAFNOSUPPORT') throw error;
    });
  return free;
}

async function listenOnce(port: number, variable: string, host?: string): Promise<number> {
  const server = createServer();
  server.listen({ port, host });
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new PortError(`Port ${port} is taken. Choose another one with ${variable}, e.g. ${variable}=${port + 100}`);
    if (code === 'EACCES') throw new PortError(`Port ${port} is not allowed here. Set ${variable} to one above 1023.`);
    throw error;
  }
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : port;
}
