/** Milliseconds in which one network causes one fetch at most. */
const networkPause = 60_000;
/** Fetches in that time, after which the next one comes `overallPause` after the last. */
const forAnybody = 10;
const overallPause = 6_000;
/** The same for networks that are known to be the IdP's: what others cause leaves 20 of these. */
const forKnown = 40;
/** Networks that are known; the least recent ones are forgotten. */
const keptNetworks = 20;

export type StrangerFetches = ReturnType<typeof createStrangerFetches>;

/**
 * How often tokens that anybody can send may have one connection's keys fetched, on this node. All
 * moments are milliseconds on one monotonic clock.
 *
 * Junk can't use up what a genuine caller needs. Each network has a fetch of its own. A flood from
 * many networks causes 20 fetches a minute, and keeps another network out for six seconds at most:
 * by then it may fetch, or somebody's junk has. A network from which the IdP has called before
 * isn't kept out at all. Whoever has a token that the IdP signed can make networks known; with
 * these it is 50 fetches a minute, and as many networks are kept here.
 */
export function createStrangerFetches() {
  /** When a network last caused a fetch, oldest first. */
  const causedAt = new Map<string, number>();
  /** The IdP's networks, the latest last. */
  const known = new Set<string>();

  return {
    /** Milliseconds until this network may cause a fetch; 0 while it may. */
    wait(network: string, now: number): number {
      for (const [each, at] of causedAt) {
        if (now - at < networkPause) break;
        causedAt.delete(each);
      }
      const own = causedAt.get(network);
      if (own !== undefined) return own + networkPause - now;
      if (causedAt.size < (known.has(network) ? forKnown : forAnybody)) return 0;
      const latest = [...causedAt.values()].at(-1) ?? Number.NEGATIVE_INFINITY;
      return Math.max(0, latest + overallPause - now);
    },

    count(network: string, now: number): void {
      causedAt.set(network, now);
    },

    /** A fetch that failed doesn't count. */
    giveBack(network: string): void {
      causedAt.delete(network);
    },

    /** A token from this network was the IdP's. */
    noteGenuine(network: string): void {
      known.delete(network);
      known.add(network);
      const [oldest] = known;
      if (known.size > keptNetworks && oldest !== undefined) known.delete(oldest);
    },
  };
}
