import type { Config } from '../config.ts';

const longest = 320;

/** Where a sign-in ends that begins at our own page, and whether it has to be a new one. */
export function toGoal({ returnTo, prompt }: Record<string, unknown>): { returnTo: string; anew: boolean } {
  return { returnTo: safeReturnTo(returnTo) ?? '/todos', anew: prompt === 'login' };
}

/**
 * A path of the application to return to, or null. Anything that a browser could take for another
 * host is ignored (open redirect): `//host`, `/\host`, and what becomes one when control characters
 * are dropped.
 */
export function safeReturnTo(value: unknown, most = longest): string | null {
  // The bytes as sealed are bounded: cookies hold them, and other sites can start several sign-ins.
  if (typeof value !== 'string' || Buffer.byteLength(JSON.stringify(value)) > most) return null;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  if (!/^\/(?![/\\])/.test(value) || /[\u0000-\u001f\u007f-\u009f\\]/.test(value)) return null;
  return value;
}

/**
 * The path of a `target_link_uri` (OpenID Connect Core §4) below our own origins. Any other address
 * is ignored, like an unsafe `returnTo`: the person signs in, and lands where everybody does.
 */
export function ownTarget(
  { appUrl, publicUrl }: Pick<Config, 'appUrl' | 'publicUrl'>,
  value: unknown,
  most = longest,
): string | null {
  if (typeof value !== 'string' || !URL.canParse(value)) return null;
  const { origin, pathname, search, hash } = new URL(value);
  return origin === appUrl || origin === publicUrl ? safeReturnTo(`${pathname}${search}${hash}`, most) : null;
}
