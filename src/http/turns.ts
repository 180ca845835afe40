import { tooManyRequests } from './rate-limit.ts';

/** What runs at once of a queue on a node, and how many more wait for their turn. */
const usual = { running: 2, waiting: 20 };
/** Milliseconds in which a turn comes, or never. */
const patience = 15_000;

export type InTurn = ReturnType<typeof createTurns>;

/**
 * Runs dear work of one queue a little at a time, in the order in which it was asked for: however
 * much one org asks, the connections that others need stay free. The queue of an org's lists and
 * searches has the org's id as its name.
 *
 * @throws AppError too_many_requests
 */
export function createTurns(limits = usual) {
  const queues = new Map<string, { running: number; waiting: Set<() => void> }>();

  return async function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const queue = queues.get(name) ?? { running: 0, waiting: new Set() };
    queues.set(name, queue);
    if (queue.running < limits.running) queue.running += 1;
    else if (queue.waiting.size >= limits.waiting || !(await turnOf(queue.waiting))) throw tooMany();
    try {
      return await work();
    } finally {
      // The turn goes on to whoever waits longest.
      const [next] = queue.waiting;
      if (next) next();
      else queue.running -= 1;
      if (queue.running === 0) queues.delete(name);
    }
  };
}

/** Whether the turn came in time. */
function turnOf(waiting: Set<() => void>): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (came: boolean) => {
      clearTimeout(timer);
      waiting.delete(take);
      resolve(came);
    };
    const take = () => end(true);
    const timer = setTimeout(end, patience, false);
    waiting.add(take);
  });
}

const tooMany = () =>
  tooManyRequests('Too much is asked for at once by your organisation, or by you; wait a little.', 1);

export const queueOfExports = (orgId: string): string => `${orgId} export`;

type Asker = Readonly<{ orgId: string; userId: string }>;

export const queueOfPerson = ({ orgId, userId }: Asker): string => `${orgId} ${userId}`;

/**
 * A list of a person's own: first among theirs, then among those of their org, so that nobody fills
 * what colleagues wait in, nor what administrators do.
 */
export function inOwnTurn<T>(inTurn: InTurn, asker: Asker, work: () => Promise<T>): Promise<T> {
  return inTurn(queueOfPerson(asker), () => inTurn(`${asker.orgId} own`, work));
}
