import canonicalize from 'canonicalize';

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * The one way to write a JSON value (RFC 8785): equal values give equal bytes, so they can be
 * hashed and signed. The library returns undefined only for what isn't JSON.
 * @throws Error for what I-JSON (RFC 7493) doesn't hold: a number that isn't finite, half of a
 * surrogate pair
 */
export const canonicalJson = canonicalize as (value: Json) => string;
