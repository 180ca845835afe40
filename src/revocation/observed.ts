import { channel } from 'node:diagnostics_channel';
import type { Revocation } from './revoke-access.ts';

export type ObservedRevocation = Readonly<{
  initiator: Revocation['initiator'];
  result: 'revoked' | 'unknown' | 'ambiguous' | 'replayed' | 'failed';
  /** People, of a list; else 1. */
  times: number;
  /** In the database, the wait for a connection included. */
  seconds: number;
}>;

/** Every revocation as its statement is answered, for whoever counts them. Without a subscriber it costs nothing. */
export const revocationChannel = channel('universal-logout:revocation');

/** Runs `work`, a revocation, and publishes what came of it. Within a transaction that may still be undone. */
export async function observed<Outcome>(
  initiator: Revocation['initiator'],
  work: () => Promise<Outcome>,
  judge: (outcome: Outcome) => { result: ObservedRevocation['result']; times?: number },
): Promise<Outcome> {
  if (!revocationChannel.hasSubscribers) return work();
  const start = performance.now();
  const publish = (judged: ReturnType<typeof judge>) => {
    const seconds = (performance.now() - start) / 1000;
    revocationChannel.publish({ times: 1, ...judged, initiator, seconds } satisfies ObservedRevocation);
  };
  try {
    const outcome = await work();
    publish(judge(outcome));
    return outcome;
  } catch (error) {
    publish({ result: 'failed' });
    throw error;
  }
}
