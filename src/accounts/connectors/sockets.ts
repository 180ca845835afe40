import type { Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';

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
