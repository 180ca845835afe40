import type { IncomingMessage, RequestListener } from 'node:http';
import { isIP } from 'node:net';
import type { RequestHandler } from 'express';
import { AppError } from '../errors.ts';

/** The faults of requests that Express must not see as they came. */
const faults = new WeakMap<IncomingMessage, string>();

/**
 * Before Express parses anything: the target becomes a path (RFC 9112 §3.2), and X-Forwarded-For a
 * list of addresses. A fault is kept for `refuseUnsound`, so that its request is counted, logged
 * and answered like every other one.
 */
export function soundRequests(app: RequestListener): RequestListener {
  return (req, res) => {
    const target = req.url ?? '';
    const path = pathOf(target);
    const fault =
      path === null
        ? 'The address is neither a path nor a URL.'
        : hostsOf(req) > 1
          ? 'There is more than one Host.'
          : null;
    if (fault !== null) faults.set(req, fault);
    if (path === null) Object.assign(req, { url: '/', originalUrl: target });
    else req.url = path;
    const forwarded = req.headers['x-forwarded-for'];
    if (forwarded !== undefined) req.headers['x-forwarded-for'] = addressesOf(String(forwarded));
    return app(req, res);
  };
}

export const refuseUnsound: RequestHandler = (req, res, next) => {
  // `OPTIONS *` asks about the server as a whole: there is nothing to say.
  if (req.method === 'OPTIONS' && req.originalUrl === '*') return void res.status(204).end();
  const fault = faults.get(req);
  next(fault === undefined ? undefined : new AppError('invalid_request', fault));
};

function pathOf(target: string): string | null {
  if (target.startsWith('/')) return target;
  if (!/^https?:\/\//i.test(target) || !URL.canParse(target)) return null;
  const { pathname, search } = new URL(target);
  return pathname + search;
}

function hostsOf({ rawHeaders }: IncomingMessage): number {
  return rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length;
}

/**
 * X-Forwarded-For without the ports and brackets that some proxies write. Entries up to the last
 * one that is no address have no known author, and are dropped.
 */
function addressesOf(forwarded: string): string {
  const addresses = forwarded.split(',').map((entry) => {
    const text = entry.trim();
    return /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  });
  return addresses.slice(addresses.findLastIndex((address) => isIP(address) === 0) + 1).join(', ');
}
