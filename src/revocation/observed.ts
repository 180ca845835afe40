import { channel } from 'node:diagnostics_channel';
import type { Pool, PoolClient } from 'pg';
import { afterCommit } from '../database/pool.ts';
import type { Batches } from './batches.ts';
import type { Revocation } from './revocation.ts';

export type ObservedRevocation = Readonly<{
  initiator: Revocation['initiator'];
  result: 'revoked' | 'unknown' | 'ambiguous' | 'replayed' | 'failed';
  /** Number of people: the length of a list, else 1. */
  times: number;
  /** Time in the database, the wait for a connection included. */
  seconds: number;
}>;

/** Publishes every revocation once it holds, for counting. It is free without a subscriber. */
export const revocationChannel = channel('universal-logout:revocation');

/** Runs the revocation `work` and publishes its result, after the commit of a transaction. */
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
