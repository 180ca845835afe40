import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect as connectTls } from 'node:tls';
import type { CheckedAddress } from './connector.ts';

/** Bytes that a system may send in answer to one sign-in and a few commands. */
const answerLimit = 262_144;

export class TooLargeError extends Error {}

/**
 * Makes a socket harmless to the process, whatever the other side sends: an error has a listener,
 * what a library throws while it reads closes the connection in place of ending the process, and
 * more bytes than any honest answer has do the same.
 */
export function guardSocket<T extends Socket>(socket: T): T {
  const emit = socket.emit;
  let received = 0;
  socket.on('error', () => {});
  socket.emit = (event: string | symbol, ...values: unknown[]) => {
    try {
      if (event === 'data') {
        received += (values[0] as Uint8Array).length;
        if (received > answerLimit) throw new TooLargeError('The answer is too large.');
      }
      return Reflect.apply(emit, socket, [event, ...values]);
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error('The answer could not be read.'));
      return true;
    }
  };
  return socket;
}

/**
 * TLS to `host` over a socket that goes to its checked address: the certificate must be the host's,
 * whatever a library takes for the name.
 */
export function tlsTo(host: string, ca: string | undefined) {
  const name = host.replace(/^\[|\]$/g, '');
  return {
    ...(ca === undefined ? {} : { ca }),
    // SNI carries no addresses (RFC 6066, section 3).
    servername: /^[\d.]+$|:/.test(name) ? '' : name,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  } satisfies ConnectionOptions;
}

/** Runs `end` once, when the signal fires or already has; what is returned forgets it. */
export function atAbort(signal: AbortSignal, end: () => void): () => void {
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return () => signal.removeEventListener('abort', end);
}

/** Waits for `work`, but no longer than the signal. @throws the signal's reason */
export async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const forget = atAbort(signal, () => reject(signal.reason));
  try {
    return await Promise.race([work, promise]);
  } finally {
    forget();
    work.catch(() => {});
    promise.catch(() => {});
  }
}

export type Opened = Readonly<{
  /** What is read and written: the TLS socket, where there is TLS from the start. */
  socket: Socket;
  /** Rejects when the connection is gone, for whatever reason. */
  gone: Promise<never>;
  /** What it failed with, if it did: a library may have made an error of its own of it. */
  failed(): unknown;
  end(): void;
}>;

/**
 * Connects to the checked address of a host, with TLS from the first byte or without, and destroys
 * the socket when the signal fires.
 */
export async function openSocket(
  reach: CheckedAddress,
  place: Readonly<{ host: string; port: number; ca?: string | undefined; secure: boolean }>,
  signal: AbortSignal,
): Promise<Opened> {
  const address = await within(signal, reach(place.host, place.port));
  const raw = guardSocket(connectPlain({ host: address, port: place.port, noDelay: true }));
  const forget = atAbort(signal, () => raw.destroy(signal.reason));
  const end = () => {
    forget();
    raw.destroy();
  };
  const { promise: gone, reject } = Promise.withResolvers<never>();
  gone.catch(() => {});
  let secured: Socket | null = null;
  // No listener: libraries remove those that aren't theirs.
  const failed = () => secured?.errored ?? raw.errored;
  raw.once('close', () => {
    forget();
    reject(failed() ?? Object.assign(new Error('The connection was closed.'), { code: 'ECONNRESET' }));
  });
  try {
    await Promise.race([once(raw, 'connect'), gone]);
    if (!place.secure) return { socket: raw, gone, failed, end };
    const socket = guardSocket(connectTls({ ...tlsTo(place.host, place.ca), socket: raw }));
    secured = socket;
    await Promise.race([once(socket, 'secureConnect'), gone]);
    return { socket, gone, failed, end };
  } catch (error) {
    end();
    throw error;
  }
}
