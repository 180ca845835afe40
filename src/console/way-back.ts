import { safeReturnTo } from '../http/return-to.ts';
import type { Visit } from './screen.ts';

/**
 * Where a page that is linked from several others leads back to: the page of the console that its
 * query's `back` names, else `usual`. An address elsewhere counts as none.
 */
export function wayBackTo({ query }: Pick<Visit, 'query'>, usual: string): string {
  const asked = safeReturnTo(query.back);
  if (asked === null) return usual;
  // As a browser reads it: `/admin/../devices` is no page of the console.
  const { pathname, search, hash } = new URL(asked, 'https://console.invalid');
  return /^\/admin(\/|$)/.test(pathname) ? `${pathname}${search}${hash}` : usual;
}
