import type { Request } from 'express';

// RFC 6750 §2.1, at a length that no JWT worth reading reaches.
const form = /^Bearer +([A-Za-z0-9._~+/-]{1,16384}=*) *$/i;

/**
 * The token of a request, from the Authorization header alone: in an address or a form it would
 * land in logs. Undefined without the header or for another scheme, null for a malformed token.
 */
export function readBearer(req: Request): string | null | undefined {
  const { authorization } = req.headers;
  if (authorization === undefined || !/^Bearer\b/i.test(authorization)) return undefined;
  return form.exec(authorization)?.[1] ?? null;
}
