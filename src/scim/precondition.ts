import { ScimError } from './scim-error.ts';

/** @param ifMatch the header, or null. @throws ScimError 412 (RFC 7644 §3.14) */
export function requireVersion(ifMatch: string | null, version: string): void {
  if (ifMatch === null || namesVersion(ifMatch, version)) return;
  throw new ScimError(412, null, 'The resource has changed since the version that If-Match names; read it again.');
}

/** Whether a list of entity tags has this one; all of ours are weak, and compared so (RFC 9110 §8.8.3.2). */
export function namesVersion(tags: string, version: string): boolean {
  const plain = (tag: string) => tag.trim().replace(/^W\//i, '');
  return tags.trim() === '*' || tags.split(',').some((tag) => plain(tag) === plain(version));
}
