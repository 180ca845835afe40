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
  app: 'app',
  forward: 'fwd',
  stream: 'str',
  todo: 'tod',
  account: 'acc',
  accountRight: 'art',
  reveal: 'rvl',
  rotation: 'rot',
} as const;

/** The things that an id can name. */
export type IdKind = keyof typeof prefixes;

/** Whether a text can be an id or a slug; PostgreSQL fails on some other characters (NUL). */
export function isReference(text: string): boolean {
  return /^[\w-]{1,80}$/.test(text);
}

/** A random id of 128 bits in hex, behind a prefix for its kind, e.g. `usr_9f…`. */
export function newId(kind: IdKind): string {
  return `${prefixes[kind]}_${randomBytes(16).toString('hex')}`;
}

/** An id that names nothing, for examples. */
export const sampleId = (kind: IdKind) => `${prefixes[kind]}_7d1c5e0f2b9a4c8e8f3a6b1d0e9c2a47`;
