import { Agent, buildConnector } from 'undici';
import { exchange, GuardedFetchError, type GuardedResponse } from '../../http/guarded-fetch.ts';
import type { CheckedAddress } from './connector.ts';
import { type ConnectorError, errorOf } from './errors.ts';
import { within } from './sockets.ts';

/** Bytes of a body. */
const bodyLimit = 65_536;

export type AccountRequest = Readonly<{
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string | null;
}>;

/** `sent`: whether a byte of the request may have left. */
export type AccountAnswer =
  | GuardedResponse
  | Readonly<{ status: null; sent: boolean; error: ConnectorError; text?: undefined }>;

/**
 * One HTTP call to a system with shared accounts, by the rules of `CheckedAddress`: no redirect is
 * followed, and no connection is kept. Never throws for what the system does.
 */
export async function accountFetch(
  reach: CheckedAddress,
  { url, ...request }: AccountRequest,
  { ca, signal }: Readonly<{ ca: string | undefined; signal: AbortSignal }>,
): Promise<AccountAnswer> {
  let sent = false;
  let dispatcher: Agent | null = null;
  try {
    const { hostname, port, protocol } = new URL(url);
    const address = await within(signal, reach(hostname, Number(port || (protocol === 'https:' ? 443 : 80))));
    const family = address.includes(':') ? 6 : 4;
    const connect = buildConnector({
      // A literal address makes no look-up: it was checked as it is.
      lookup: (_, { all }, done) => (all ? done(null, [{ address, family }]) : done(null, address, family)),
      ...(ca === undefined ? {} : { ca }),
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    });
    dispatcher = new Agent({
      pipelining: 0,
      maxHeaderSize: 16_384,
      connect: (options, done) =>
        connect(options, (...connected) => {
          sent ||= connected[0] === null;
          done(...connected);
        }),
    });
    return await exchange(url, { ...request, dispatcher, signal, most: bodyLimit });
  } catch (error) {
    const large = error instanceof GuardedFetchError && error.reason === 'too_large';
    return { status: null, sent, error: large ? 'too_large' : errorOf(error, signal) };
  } finally {
    await dispatcher?.destroy();
  }
}
