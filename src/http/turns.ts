import { AppError } from '../errors.ts';

/** Lists, searches and counts that an org has at once on a node, and how many more wait for their turn. The rest of the pool is for everybody. */
const limits = { running: 2, waiting: 20 };

export type InTurn = ReturnType<typeof createTurns>;

/**
 * Runs dear work of one org a little at a time, in the order in which it was asked for: however much one org asks, the
 * connections that other orgs' revocations need stay free. @throws AppError too_many_requests
 */
export function createTurns() {
  const orgs = new Map<string, { running: number; waiting: (() => void)[] }>();

  return async function inTurn<T>(orgId: string, work: () => Promise<T>): Promise<T> {
    const org = orgs.get(orgId) ?? { running: 0, waiting: [] };
    orgs.set(orgId, org);
    if (org.running < limits.running) org.running += 1;
    else if (org.waiting.length < limits.waiting) await new Promise<void>((resolve) => org.waiting.push(resolve));
    else
      throw new AppError(
        'too_many_requests',
        'Too many lists of the organisation are asked for at once; wait a little.',
        {
          headers: { 'Retry-After': '1' },
        },
      );
    try {
      return await work();
    } finally {
      // The turn goes on to whoever waits longest.
      const next = org.waiting.shift();
      if (next) next();
      else org.running -= 1;
      if (org.running === 0) orgs.delete(orgId);
    }
  };
}

/**
 * A list of a person's own: first among theirs, then among those of their org, so that nobody fills what colleagues wait in,
 * nor what administrators do.
 */
export function inOwnTurn<T>(
  inTurn: InTurn,
  { orgId, userId }: { orgId: string; userId: string },
  work: () => Promise<T>,
): Promise<T> {
  return inTurn(`${orgId} ${userId}`, () => inTurn(`${orgId} own`, work));
}
