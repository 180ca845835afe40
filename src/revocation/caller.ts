import type { Once } from './once.ts';

export const callerTypes = ['api_key', 'connection'] as const;

/** Who posts to the revocation endpoint, always of exactly one org. */
export type Caller = Readonly<{
  orgId: string;
  /** An API key, or the IdP of a connection by its signed JWT. */
  type: (typeof callerTypes)[number];
  id: string;
  scopes: readonly string[];
  /** Whether the org takes callers of this type. */
  allowed: boolean;
  /** The JWT's `jti`, to be spent with the revocation. */
  once?: Once;
}>;

/** The caller that a refused credential claims to be, or whose own address was called. */
export type Claimed = Readonly<{
  orgId: string;
  type: Caller['type'];
  id: string;
  /** Replaces the refusal's reason where the look-up knows better. */
  reason?: string;
}>;

/**
 * A credential that doesn't count. `detail` is for its sender; `reason` and the answer of
 * `findClaimed` are for the org's record. `findClaimed` looks up, so limited calls don't reach it.
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
