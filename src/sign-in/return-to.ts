/**
 * A path of the application to return to, or null. Anything that a browser could take for another host is ignored
 * (open redirect): `//host`, `/\host`, and what becomes one when control characters are dropped.
 */
export function safeReturnTo(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 1024) return null;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  if (!/^\/(?![/\\])/.test(value) || /[\u0000-\u001f\u007f-\u009f\\]/.test(value)) return null;
  return value;
}
