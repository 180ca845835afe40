type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * The one way to write a JSON value (RFC 8785): members sorted by the UTF-16 units of their names, numbers as ECMAScript
 * writes them, nothing in between. Equal values give equal bytes, so they can be hashed and signed.
 * @throws TypeError for what I-JSON (RFC 7493) does not hold: a number that is not finite, half of a surrogate pair
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    // The default order of `sort` is that of UTF-16 units, which §3.2.3 asks for.
    const names = Object.keys(value).sort();
    const members = value as { readonly [name: string]: Json };
    return `{${names.map((name) => `${canonicalJson(name)}:${canonicalJson(members[name] as Json)}`).join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('a number that JSON does not hold');
  if (typeof value === 'string' && !value.isWellFormed()) throw new TypeError('half of a surrogate pair');
  return JSON.stringify(value);
}
