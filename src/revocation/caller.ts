import type { Once } from './once.ts';

/** Who posts to the revocation endpoint, always of exactly one org. */
export type Caller = Readonly<{
  orgId: string;
  /** An API key, or the IdP of a connection by its signed JWT. */
  type: 'api_key' | 'connection';
  id: string;
  scopes: readonly string[];
  /** The org takes callers of this type. */
  allowed: boolean;
  /** The JWT's `jti`, to be spent with the revocation. */
  once?: Once;
}>;

/** A credential that doesn't count. `detail` is for whoever sent it, `reason` and `connectionId` are for the log. */
export class CallerRefused extends Error {
  readonly reason: string;
  readonly detail: string;
  readonly connectionId: string | null;
  constructor(reason: string, detail: string, connectionId: string | null = null) {
    super(`caller refused: ${reason}`);
    this.name = 'CallerRefused';
    this.reason = reason;
    this.detail = detail;
    this.connectionId = connectionId;
  }
}
