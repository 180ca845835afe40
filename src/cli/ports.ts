import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type Listening, listen } from '../server.ts';

/** A port that can't be had; the message names the variable that chooses another one. */
export class PortError extends Error {
  override readonly name = 'PortError';
}

/**
 * Listens on a port (0: any free one) and keeps it. `host` null: every address. Beside a host, ::1
 * is tried too: a browser asks it first for localhost, and would meet another listener there.
 * @throws PortError
 */
export async function takePort(port: number, variable: string, host: string | null): Promise<Listening> {
  const listening = await listen(port, host).catch((error) => explain(error, port, variable));
  const { address } = listening.server.address() as AddressInfo;
  if (host !== null && !address.includes(':'))
    await tryPort(listening.port, variable, '::1').catch((error: NodeJS.ErrnoException) => {
      // This machine has no IPv6.
      if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') return;
      listening.server.close();
      throw error;
    });
  return listening;
}

/**
 * Tries a port that is taken later, by listening on it for a moment; 0 is any. @throws PortError
 */
export async function tryPort(port: number, variable: string, host: string): Promise<void> {
  const server = createServer();
  server.listen({ port, host });
  await once(server, 'listening').catch((error) => explain(error, port, variable));
  server.close();
  await once(server, 'close');
}

function explain(error: NodeJS.ErrnoException, port: number, variable: string): never {
  if (error.code === 'EADDRINUSE')
    throw new PortError(`Port ${port} is taken. Choose another one with ${variable}, e.g. ${variable}=${port + 100}`);
  if (error.code === 'EACCES')
    throw new PortError(`Port ${port} is not allowed here. Set ${variable} to one above 1023.`);
  throw error;
}
