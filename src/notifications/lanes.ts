/**
 * Jobs of a node that may be under way at once: to one receiver, of one org, by e-mail, and of
 * those that failed before. So a receiver that hangs leaves its org a second job, and only many
 * orgs together, at their first tries, can occupy a whole node.
 */
const limits: Readonly<Record<string, number>> = { webhook: 1, org: 2, email: 4, again: 12 };
/** Milliseconds that a job waits for its turn: a healthy receiver needs a few. */
const patience = 500;

/**
 * Keeps slow receivers from holding up others. A lane is a flag of a job, `<what>:<whose>` or
 * `<what>`: the node takes no further job of a lane that is full.
 */
export function createLanes() {
  const running = new Map<string, number>();
  const waiting = new Set<() => void>();
  const isFull = (lane: string) => (running.get(lane) ?? 0) >= (limits[lane.split(':', 1)[0] as string] ?? 1);

  const tryEnter = (lanes: readonly string[]): boolean => {
    if (lanes.some(isFull)) return false;
    for (const lane of lanes) running.set(lane, (running.get(lane) ?? 0) + 1);
    return true;
  };

  return {
    /** The lanes of which no job may be taken now. */
    full: (): string[] => [...running.keys()].filter(isFull),

    /**
     * Several jobs may be taken at the same moment: each waits for its turn. False: it didn't come.
     */
    enter(lanes: readonly string[]): Promise<boolean> {
      if (tryEnter(lanes)) return Promise.resolve(true);
      return new Promise((resolve) => {
        const settle = (entered: boolean) => {
          waiting.delete(again);
          clearTimeout(timer);
          resolve(entered);
        };
        const again = () => {
          if (tryEnter(lanes)) settle(true);
        };
        const timer = setTimeout(() => settle(false), patience);
        waiting.add(again);
      });
    },

    leave(lanes: readonly string[]): void {
      for (const lane of lanes) {
        const left = (running.get(lane) ?? 1) - 1;
        if (left > 0) running.set(lane, left);
        else running.delete(lane);
      }
      for (const again of [...waiting]) again();
    },
  };
}
