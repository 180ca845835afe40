import type { Once } from './once.ts';

export const callerTypes = ['api_key', 'connection'] as const;

/** Who posts to the revocation endpoint, always of exactly one org. */
export type Caller = Readonly<{
  orgId: string;
  /** An API key, or the IdP of a connection by its signed JWT. */
  type: (typeof callerTypes)[number];
  id: string;
  scopes: readonly string[];
  /** The org takes callers of this type. */
  allowed: boolean;
  /** The JWT's `jti`, to be spent with the revocation. */
  once?: Once;
}>;

/** Whom a credential that doesn't count would be of, or whose address was called. */
export type Claimed = Readonly<{
  orgId: string;
  type: Caller['type'];
  id: string;
  /** In place of the refusal's, where the look-up knows better. */
  reason?: string;
}>;

/**
 * A credential that doesn't count. `detail` is for whoever sent it; `reason`, and whom
 * `findClaimed` finds, are for the record of the org. That is a look-up: what is refused often
 * doesn't come to it.
 */
export class CallerRefused extends Error {
  readonly reason: string;
  readonly detail: string;
  readonly findClaimed: () => Promise<readonly Claimed[]>;
  constructor(reason: string, detail: string, findClaimed: () => Promise<readonly Claimed[]> = async () => []) {
    super(`caller refused: ${reason}`);
    this.name = 'CallerRefused';
    this.reason = reason;
    this.detail = detail;
    this.findClaimed = findClaimed;
  }
}
