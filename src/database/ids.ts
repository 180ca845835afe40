import { randomBytes } from 'node:crypto';

const prefixes = {
  org: 'org',
  domain: 'dom',
  connection: 'con',
  user: 'usr',
  group: 'grp',
  identity: 'idn',
  session: 'ses',
  grant: 'grn',
  signingKey: 'sig',
  apiKey: 'key',
  revocation: 'rev',
  auditEvent: 'evt',
  notification: 'ntf',
  webhook: 'whk',
  delivery: 'dlv',
  todo: 'tod',
} as const;

/** What an id can name. */
export type IdKind = keyof typeof prefixes;

/**
 * Whether an id or an org's slug could look so; PostgreSQL refuses some other characters (a NUL)
 * with an error.
 */
export function isReference(text: string): boolean {
  return /^[\w-]{1,80}$/.test(text);
}

/** A random id of 128 bits in hex behind a prefix that tells what it names, e.g. `usr_9f…`. */
export function newId(kind: IdKind): string {
  return `${prefixes[kind]}_${randomBytes(16).toString('hex')}`;
}

/** An id that names nothing, to show what one looks like. */
export const sampleId = (kind: IdKind) => `${prefixes[kind]}_7d1c5e0f2b9a4c8e8f3a6b1d0e9c2a47`;
