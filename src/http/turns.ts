import type { ServerResponse } from 'node:http';
import { createPace, refusalGap } from './pace.ts';
import { tooManyRequests } from './rate-limit.ts';

/** For each kind of queue: how much work of a queue runs at once on a node, and how much waits. */
const limits = {
  /** Lists and searches of an org's administrators and of its provisioning. */
  lists: { running: 2, waiting: 20, rests: true },
  exports: { running: 2, waiting: 20, rests: true },
  /** The lists of a person's own. */
  person: { running: 2, waiting: 20, rests: true },
  /**
   * The same of all members of an org, each of whom has a queue of their own before: hundreds come
   * at the same moment after a sign-out of everybody.
   */
  members: { running: 2, waiting: 1_000, rests: true },
  /** Passwords that a person reads, and that all people of an org read: each holds a connection kept for access. */
  reveals: { running: 2, waiting: 100, rests: false },
  /** Endings by an org's provisioning. */
  endings: { running: 2, waiting: 200, rests: false },
  /** Changes of groups by an org's provisioning. */
  groups: { running: 2, waiting: 200, rests: false },
  /** What the receivers of an org's security events fetch. */
  events: { running: 4, waiting: 100, rests: true },
  /** Codes that people of a network type; each takes a guess while it is looked up. */
  codes: { running: 20, waiting: 500, rests: false },
} as const;

export type QueueKind = keyof typeof limits;
export const queueKinds = Object.keys(limits) as QueueKind[];
export type QueueCounts = { running: number; waiting: number; refused: number };

/** Milliseconds that work waits for its turn before it is refused. */
const patience = 15_000;
/** Milliseconds, at most, between the end of work and the beginning of what waited for its turn. */
const longestRest = 1_000;

export type InTurn = ReturnType<typeof createTurns>;

/**
 * Runs expensive work of a queue a little at a time, in the order in which it was asked for:
 * however much one org asks, the connections that others need stay free. A queue has a kind and the
 * name of whoever it belongs to. Where more waits, a turn of a kind that `rests` does so for twice
 * as long as its work took: others have Node and the database's processors for themselves most of
 * the time. Work whose `answer` nobody waits for any more leaves the queue.
 * @throws AppError too_many_requests
 */
export function createTurns() {
  const queues = new Map<string, { running: number; waiting: Set<() => void> }>();
  const counts = Object.fromEntries(queueKinds.map((kind) => [kind, { running: 0, waiting: 0, refused: 0 }])) as Record<
    QueueKind,
    QueueCounts
  >;
  const refuse = createPace(refusalGap);

  async function inTurn<T>(kind: QueueKind, name: string, work: () => Promise<T>, answer?: ServerResponse): Promise<T> {
    const key = `${kind} ${name}`;
    const queue = queues.get(key) ?? { running: 0, waiting: new Set() };
    queues.set(key, queue);
    const count = counts[kind];
    const limit = limits[kind];
    if (queue.running < limit.running) queue.running += 1;
    else {
      const hasRoom = queue.waiting.size < limit.waiting;
      if (hasRoom) count.waiting += 1;
      const came = hasRoom && (await turnOf(queue.waiting, answer));
      if (hasRoom) count.waiting -= 1;
      if (!came) {
        count.refused += 1;
        await refuse(key);
        throw tooMany(kind);
      }
    }
    // The turn goes on to the work that has waited longest.
    const passOn = () => {
      const [next] = queue.waiting;
      if (next) next();
      else queue.running -= 1;
      if (queue.running === 0) queues.delete(key);
    };
    const begin = performance.now();
    count.running += 1;
    try {
      return await work();
    } finally {
      count.running -= 1;
      if (queue.waiting.size === 0 || !limit.rests) passOn();
      else setTimeout(passOn, Math.min(2 * (performance.now() - begin), longestRest));
    }
  }

  /** Of all queues of each kind: what runs and waits now, and how often work was refused so far. */
  const countTurns = (): Readonly<Record<QueueKind, Readonly<QueueCounts>>> => counts;

  return Object.assign(inTurn, { count: countTurns });
}

/** Waits for a turn; false when it didn't come in time, or whoever asked has gone. */
function turnOf(waiting: Set<() => void>, answer?: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (came: boolean) => {
      clearTimeout(timer);
      waiting.delete(take);
      resolve(came);
    };
    const take = () => end(true);
    const timer = setTimeout(end, patience, false);
    answer?.once('close', () => end(false));
    waiting.add(take);
  });
}

const tooMany = (kind: QueueKind) =>
  tooManyRequests(
    kind === 'codes'
      ? 'Too many codes are typed in your network at once; wait a little.'
      : 'Too much is asked for at once by your organisation, or by you; wait a little.',
    1,
  );

type Asker = Readonly<{ orgId: string; userId: string }>;

/** Runs work in a person's own queue. */
export function inPersonTurn<T>(
  inTurn: InTurn,
  { orgId, userId }: Asker,
  work: () => Promise<T>,
  answer?: ServerResponse,
): Promise<T> {
  return inTurn('person', `${orgId} ${userId}`, work, answer);
}

/**
 * Runs a list of a person's own in the queue of that person, then in one of all members of the org:
 * nobody fills the queue that colleagues wait in, nor the one of administrators.
 */
export function inOwnTurn<T>(inTurn: InTurn, asker: Asker, work: () => Promise<T>, answer: ServerResponse): Promise<T> {
  return inPersonTurn(inTurn, asker, () => inTurn('members', asker.orgId, work, answer), answer);
}
