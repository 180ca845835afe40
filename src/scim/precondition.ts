import { ScimError } from './scim-error.ts';

/** @param ifMatch the header; weak validators are compared as RFC 7644 §3.14 has it. @throws ScimError 412 */
export function requireVersion(ifMatch: string | null, version: string): void {
  if (ifMatch === null || ifMatch.trim() === '*') return;
  const plain = (tag: string) => tag.trim().replace(/^W\//i, '');
  if (ifMatch.split(',').some((tag) => plain(tag) === plain(version))) return;
  throw new ScimError(412, null, 'The resource has changed since the version that If-Match names; read it again.');
}
