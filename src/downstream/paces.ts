import type { ClaimedForward, ForwardOutcome } from './forward.ts';

/**
 * Forwards under way on a node at once. Whoever answers within a second has a lane of its own, that
 * nobody who hangs can fill: after a second without an answer an app counts among the unproven.
 */
export const lanes = {
  quick: { ofNode: 16, ofOrg: 12 },
  unproven: { ofNode: 48, ofOrg: 8 },
} as const;
/** To one app at once: at first, and after a failure. */
export const leastOfApp = 1;
/** The same while it answers quickly. */
const mostOfApp = 8;
/** Milliseconds. */
const quickMs = 1_000;
/** Apps that are remembered; of a forgotten one the pace begins anew. */
const mostKept = 1_000;

type Pace = { orgId: string; appId: string; quick: boolean; most: number; underWay: Map<ClaimedForward, number> };

/** What a node is sending to an app, how much at once it may, and in which lane. */
export type AppPace = Readonly<{ orgId: string; appId: string; quick: boolean; most: number; running: number }>;

/** How much at once each app takes of this node: it grows while the app answers quickly. */
export function createPaces() {
  // A Map keeps the order of insertion: the first was sent to the longest ago.
  const paces = new Map<string, Pace>();

  const paceOf = ({ orgId, app }: ClaimedForward): Pace => {
    const key = `${orgId} ${app.id}`;
    const pace = paces.get(key) ?? { orgId, appId: app.id, quick: false, most: leastOfApp, underWay: new Map() };
    paces.delete(key);
    paces.set(key, pace);
    return pace;
  };

  const forgetSome = () => {
    for (const [key, { underWay }] of paces) {
      if (paces.size <= mostKept) return;
      if (underWay.size === 0) paces.delete(key);
    }
  };

  return {
    begin(forward: ClaimedForward): void {
      paceOf(forward).underWay.set(forward, performance.now());
      forgetSome();
    },

    /** The app has answered, or not; null: we broke off. */
    end(forward: ClaimedForward, outcome: ForwardOutcome | null, tookMs: number): void {
      const pace = paceOf(forward);
      pace.underWay.delete(forward);
      if (!outcome) return;
      const { result, status } = outcome;
      if (result === 'again' || tookMs > quickMs) Object.assign(pace, { quick: false, most: leastOfApp });
      else if (status !== null) Object.assign(pace, { quick: true, most: Math.min(mostOfApp, pace.most + 1) });
    },

    /** As things are now: whoever keeps us waiting isn't quick any more. */
    look(): readonly AppPace[] {
      const late = performance.now() - quickMs;
      return [...paces.values()].map((pace) => {
        const hangs = [...pace.underWay.values()].some((since) => since < late);
        if (hangs) Object.assign(pace, { quick: false, most: leastOfApp });
        const { orgId, appId, quick, most, underWay } = pace;
        return { orgId, appId, quick, most, running: underWay.size };
      });
    },
  };
}
