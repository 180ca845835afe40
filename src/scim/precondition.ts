import type { Request, Response } from 'express';
import type { Precondition } from './call.ts';
import { sendScim } from './error-handler.ts';
import { ScimError } from './scim-error.ts';
import type { JsonObject } from './values.ts';

export const ifMatch = (req: Request<object>): Precondition => req.get('If-Match') ?? null;

/** @param tags of If-Match, or null. @throws ScimError 412 (RFC 7644 §3.14) */
export function requireVersion(tags: Precondition, version: string): void {
  if (tags === null || namesVersion(tags, version)) return;
  throw new ScimError(412, null, 'The resource has changed since the version that If-Match names; read it again.');
}

/** Whether the tags name this version; ours are weak and compared so (RFC 9110 §8.8.3.2). */
function namesVersion(tags: string, version: string): boolean {
  const plain = (tag: string) => tag.trim().replace(/^W\//i, '');
  return tags.trim() === '*' || tags.split(',').some((tag) => plain(tag) === plain(version));
}

/**
 * Sends a resource with its ETag, or 304 where the client has this version already.
 *
 * @param isAll whether the version covers all that is sent
 */
export function sendVersion(
  req: Request<object>,
  res: Response,
  status: number,
  version: string,
  resource: JsonObject,
  isAll = true,
): void {
  res.set('ETag', version);
  const known = req.get('If-None-Match');
  const isRead = req.method === 'GET' || req.method === 'HEAD';
  if (isAll && isRead && known !== undefined && namesVersion(known, version)) res.status(304).end();
  else sendScim(res, status, resource);
}
