import { lookup as dnsLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, type Dispatcher, request } from 'undici';
import { isLoopback, type Mode } from '../config.ts';
import type { Saying } from '../errors.ts';
import { en } from '../texts/en.ts';
import { isAllowedAddress, isAllowedHost } from './public-address.ts';

/** Milliseconds for a whole call: look-up, connection, headers and body together. */
const timeLimit = 8_000;
const bodyLimit = 1_000_000;

export type GuardedResponse = Readonly<{ status: number; headers: Readonly<Record<string, string>>; text: string }>;

export type GuardedRequest = Readonly<{
  method?: 'GET' | 'POST';
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Only the status counts: the body is left unread, whatever its size, and `text` is empty. */
  statusOnly?: boolean;
  /** Milliseconds, where the other side waits for something: longer than other calls may take. */
  limitMs?: number;
  /** Ends the call earlier than the time limit; the failure's reason is then `timeout`. */
  signal?: AbortSignal;
}>;

export type GuardedFetch = {
  /** @throws GuardedFetchError */
  (url: string, init?: GuardedRequest): Promise<GuardedResponse>;
  /** Checks the URL alone: scheme and literal address. @throws GuardedFetchError */
  check(url: string): void;
};

export type GuardedFetchReason = 'timeout' | 'too_large' | 'refused_address' | 'network' | 'redirect' | 'insecure';

export class GuardedFetchError extends Error {
  readonly reason: GuardedFetchReason;
  /** Its message in the language of a page. */
  readonly says: Saying;
  constructor(reason: GuardedFetchReason, says: Saying, cause?: unknown) {
    super(says(en), { cause });
    this.says = says;
    this.name = 'GuardedFetchError';
    this.reason = reason;
  }
}

/**
 * The only way out to addresses that others chose (identity providers, apps behind): bounded in
 * time and size, without redirects, and to public addresses only, so that it cannot be turned
 * against our own network (SSRF).
 *
 * @param options.privateHosts hosts that may have private addresses, by exact name. In development
 * loopback is allowed too, and there with http.
 */
export function createGuardedFetch(options: { mode: Mode; privateHosts: readonly string[] }): GuardedFetch {
  const policy = {
    loopback: options.mode === 'development',
    privateHosts: new Set(options.privateHosts.map((host) => host.toLowerCase())),
  };

  // The check stands in the look-up of the connection itself: a name that is checked first and
  // resolved again to connect may have another address by then (DNS rebinding). Every address must
  // pass.
  const lookup: LookupFunction = (hostname, lookupOptions, callback) => {
    dnsLookup(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error || !first) return callback(error ?? new Error('no address'), '', 0);
      if (!addresses.every(({ address }) => isAllowedAddress(address, hostname, policy)))
        return callback(refusedAddress(hostname), '', 0);
      if (lookupOptions.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
  // No connection is kept: each call passes the look-up, and no POST meets a connection that the
  // other side has just closed.
  const dispatcher = new Agent({ connect: { lookup }, pipelining: 0, maxHeaderSize: 16_384 });

  const check = (value: string) => {
    const url = URL.canParse(value) ? new URL(value) : null;
    if (!url) throw new GuardedFetchError('insecure', ({ answers }) => answers.calls.notUrl);
    const http = url.protocol === 'http:' && policy.loopback && isLoopback(value);
    if ((url.protocol !== 'https:' && !http) || url.username || url.password)
      throw new GuardedFetchError('insecure', ({ answers }) => answers.calls.insecure({ host: url.hostname }));
    // A connection to a literal address makes no look-up.
    if (!isAllowedHost(url.hostname, policy)) throw refusedAddress(url.hostname);
  };

  const guardedFetch = async (url: string, init: GuardedRequest = {}): Promise<GuardedResponse> => {
    check(url);
    const limit = AbortSignal.timeout(init.limitMs ?? timeLimit);
    const signal = init.signal ? AbortSignal.any([limit, init.signal]) : limit;
    const { method = 'GET', headers = {}, body = null, statusOnly = false } = init;
    const most = statusOnly ? 0 : bodyLimit;
    const response = await exchange(url, { dispatcher, signal, method, headers, body, most });
    if (response.status < 300 || response.status >= 400) return response;
    throw new GuardedFetchError('redirect', ({ answers }) => answers.calls.redirect({ status: response.status }));
  };
  return Object.assign(guardedFetch, { check });
}

/**
 * One request over a dispatcher that knows whom it may connect to; a redirect is an answer like any.
 * `most`: bytes of the body; 0: it is left unread, and so is that of a redirect.
 * @throws GuardedFetchError
 */
export async function exchange(url: string, { signal, headers, most, ...rest }: Exchange): Promise<GuardedResponse> {
  try {
    const response = await request(url, {
      ...rest,
      signal,
      // Not compressed: a small body must not unpack into a large one.
      headers: { accept: 'application/json', 'accept-encoding': 'identity', ...headers },
    });
    // A body that is destroyed unread emits an error: without a listener it ends the process.
    response.body.on('error', () => {});
    const unread = most === 0 || (response.statusCode >= 300 && response.statusCode < 400);
    if (unread) response.body.destroy();
    const text = unread ? '' : await readBounded(response.body, most);
    return { status: response.statusCode, headers: flatten(response.headers), text };
  } catch (error) {
    throw asGuardedFetchError(error, signal);
  }
}

type Exchange = Readonly<{
  dispatcher: Dispatcher;
  signal: AbortSignal;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers: Readonly<Record<string, string>>;
  body: string | null;
  most: number;
}>;

async function readBounded(body: Dispatcher.ResponseData['body'], most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    // Leaving the loop destroys the stream, and its connection.
    if (size > most) throw new GuardedFetchError('too_large', ({ answers }) => answers.calls.large({ most }));
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function flatten(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}

function refusedAddress(host: string) {
  return new GuardedFetchError('refused_address', ({ answers }) => answers.calls.notPublic({ host }));
}

function asGuardedFetchError(error: unknown, signal: AbortSignal): GuardedFetchError {
  if (error instanceof GuardedFetchError) return error;
  if (signal.aborted) return new GuardedFetchError('timeout', ({ answers }) => answers.calls.late, error);
  return new GuardedFetchError('network', ({ answers }) => answers.calls.broken, error);
}
