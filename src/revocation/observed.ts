import { channel } from 'node:diagnostics_channel';
import type { Pool, PoolClient } from 'pg';
import { afterCommit } from '../database/pool.ts';
import type { Batches } from './batches.ts';
import type { Revocation } from './revocation.ts';

export type ObservedRevocation = Readonly<{
  initiator: Revocation['initiator'];
  result: 'revoked' | 'unknown' | 'ambiguous' | 'replayed' | 'failed';
  /** People, of a list; else 1. */
  times: number;
  /** In the database, the wait for a connection included. */
  seconds: number;
}>;

/**
 * Every revocation once it holds, for whoever counts them. Without a subscriber it costs nothing.
 */
export const revocationChannel = channel('universal-logout:revocation');

/**
 * Runs `work`, a revocation, and publishes what came of it: of one within a transaction when that
 * has committed.
 */
export async function observed<Result>(
  db: Batches | Pool | PoolClient,
  initiator: Revocation['initiator'],
  work: () => Promise<Result>,
  judge: (outcome: Result) => { result: ObservedRevocation['result']; times?: number },
): Promise<Result> {
  if (!revocationChannel.hasSubscribers) return work();
  const start = performance.now();
  const observation = (judged: ReturnType<typeof judge>) => {
    const seconds = (performance.now() - start) / 1000;
    const observed = { times: 1, ...judged, initiator, seconds } satisfies ObservedRevocation;
    return () => revocationChannel.publish(observed);
  };
  try {
    const outcome = await work();
    const publish = observation(judge(outcome));
    if ('release' in db) afterCommit(db, publish);
    else publish();
    return outcome;
  } catch (error) {
    observation({ result: 'failed' })();
    throw error;
  }
}
