import { hash } from 'node:crypto';

/** Milliseconds: a caller that was here in this time is known. */
const knownFor = 3_600_000;
/** The most that are remembered of each kind; the oldest goes first. */
const mostKnown = 10_000;

/** The connections that a JWT's issuer and client id name, as the database said. */
export type Candidate = Readonly<{
  org_id: string;
  id: string;
  client_id: string;
  jwks_uri: string;
  jwt_callers: boolean;
}>;

export type KnownCallers = ReturnType<typeof createKnownCallers>;

/**
 * Callers whose credential held within the last hour. While the database is away they tell whose
 * calls are worth noting; nobody is let in by them.
 */
export function createKnownCallers() {
  const keys = createMemory<string>();
  const connections = createMemory<Candidate>();
  const nameOf = (issuer: string | null, clientId: string | null, connectionId: string | null) =>
    hash('sha256', JSON.stringify([issuer, clientId, connectionId]));

  return {
    keepKey: (keyHash: Buffer, orgId: string): void => keys.keep(keyHash.toString('base64url'), orgId),
    /** Null for a key that isn't known. */
    findOrgOfKey: (keyHash: Buffer): string | null => keys.find(keyHash.toString('base64url')) ?? null,

    keepConnection: (
      issuer: string | null,
      clientId: string | null,
      connectionId: string | null,
      candidate: Candidate,
    ): void => connections.keep(nameOf(issuer, clientId, connectionId), candidate),
    findConnection: (issuer: string | null, clientId: string | null, connectionId: string | null): Candidate | null =>
      connections.find(nameOf(issuer, clientId, connectionId)) ?? null,
  };
}

function createMemory<T>() {
  const kept = new Map<string, Readonly<{ value: T; at: number }>>();
  return {
    keep(name: string, value: T): void {
      // The map's order is that of the last use.
      kept.delete(name);
      kept.set(name, { value, at: performance.now() });
      const [oldest] = kept.keys();
      if (kept.size > mostKnown && oldest !== undefined) kept.delete(oldest);
    },
    find(name: string): T | undefined {
      const found = kept.get(name);
      return found && performance.now() - found.at < knownFor ? found.value : undefined;
    },
  };
}
