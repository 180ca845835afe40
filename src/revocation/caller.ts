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

/**
 * The caller that a refused credential claims to be, or whose own address was called: an org where
 * all of its connections share the address.
 */
export type Claimed = Readonly<{
  orgId: string;
  type: Caller['type'] | 'org';
  id: string;
  /** The signature of the connection's IdP holds. Otherwise anybody may have made the call up. */
  signed?: boolean;
  /** What a signed token says and should not, in a sentence for administrators. */
  found?: string;
  /** Replaces the refusal's reason where the look-up knows better. */
  reason?: string;
}>;

/** Why a connection takes nothing any more that its IdP signs. */
export const switchedOff = { reason: 'connection_off', found: 'The connection is switched off.' };

/**
 * A credential that doesn't count. `detail` is for its sender; `reason` and the answer of
 * `findClaimed` are for the org's record.
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
