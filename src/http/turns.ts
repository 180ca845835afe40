import { tooManyRequests } from './rate-limit.ts';

/** How much work of a queue runs at once on a node, and how much more may wait. */
const usual = { running: 2, waiting: 20 };
/** Milliseconds that work waits for its turn before it is refused. */
const patience = 15_000;

export type InTurn = ReturnType<typeof createTurns>;

/**
 * Runs expensive work of a queue a little at a time, in the order in which it was asked for:
 * however much one org asks, the connections that others need stay free. The name of the queue of
 * an org's lists and searches is the org's id.
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
      // The turn goes on to the work that has waited longest.
      const [next] = queue.waiting;
      if (next) next();
      else queue.running -= 1;
      if (queue.running === 0) queues.delete(name);
    }
  };
}

/** Waits for a turn; false when it didn't come in time. */
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
 * Runs a list of a person's own in the queue of that person, then in one of all members of the org:
 * nobody fills the queue that colleagues wait in, nor the one of administrators.
 */
export function inOwnTurn<T>(inTurn: InTurn, asker: Asker, work: () => Promise<T>): Promise<T> {
  return inTurn(queueOfPerson(asker), () => inTurn(`${asker.orgId} own`, work));
}
