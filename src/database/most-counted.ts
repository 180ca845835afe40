/**
 * Where counting ends: an org, or a queue, may have millions of rows. A number of this size stands
 * for that many or more.
 */
export const mostCounted = 10_000;
