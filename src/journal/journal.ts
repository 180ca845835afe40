import type { Logger } from 'pino';
import type { Keyring } from '../keyring.ts';
import { createFolder } from './folder.ts';
import type { NotedCall } from './noted-call.ts';
import { createRoom } from './room.ts';

/** Calls that are written and synced together, at most. */
const mostInFile = 100;

/** What became of calls; `failed`: the disk took none. */
export const notedResults = ['noted', 'carried_out', 'refused', 'lapsed', 'full', 'failed'] as const;
export type NotedResult = (typeof notedResults)[number];

export type JournalFigures = Readonly<{
  /** Calls that are still to be carried out, and the seconds since the oldest of them came. */
  waiting: number;
  oldestSeconds: number;
  /** Calls since the process began, by what became of them. */
  totals: Readonly<Record<NotedResult, number>>;
  /** Files that couldn't be opened at the start. */
  unreadable: number;
}>;

/** There is no room for a call: nothing was noted. */
export class JournalFull extends Error {
  override readonly name = 'JournalFull';
}

export type Journal = ReturnType<typeof createJournal>;

type Waiting = Readonly<{ call: NotedCall; resolve: () => void; reject: (error: unknown) => void }>;

/**
 * Calls on this node's disk that are still to be carried out. Each file holds the calls that came
 * together; it goes when the last of them is done. A call whose file outlives it (a crash) is
 * carried out again, which does nothing: `carryOut` sees to that. So two nodes may share a folder,
 * too.
 */
export function createJournal({ dir, keyring, log }: { dir: string; keyring: Keyring; log: Logger }) {
  const folder = createFolder({ dir, keyring });
  const room = createRoom();
  /** Calls that are not done, the oldest first, each with its file. */
  const noted = new Map<string, Readonly<{ call: NotedCall; file: string }>>();
  /** How many calls of a file are not done. */
  const left = new Map<string, number>();
  const waiting: Waiting[] = [];
  const totals = { noted: 0, carried_out: 0, refused: 0, lapsed: 0, full: 0, failed: 0 };
  let unreadable = 0;
  let writing = false;

  function remember(file: string, calls: readonly NotedCall[]): void {
    left.set(file, calls.length);
    for (const call of calls) noted.set(call.id, { call, file });
  }

  async function writeAll(): Promise<void> {
    writing = true;
    while (waiting.length > 0) {
      const group = waiting.splice(0, mostInFile);
      const calls = group.map(({ call }) => call);
      try {
        remember(await folder.write(calls), calls);
        totals.noted += calls.length;
        for (const { resolve } of group) resolve();
      } catch (error) {
        totals.failed += calls.length;
        for (const { call, reject } of group) {
          room.giveBack(call);
          reject(error);
        }
      }
    }
    writing = false;
  }

  /** A file that can't be read stays where it is. */
  async function readFile(file: string): Promise<void> {
    try {
      const calls = await folder.read(file);
      for (const call of calls) room.take(call);
      remember(file, calls);
    } catch (err) {
      // Another node that has the same folder was quicker.
      if ((err as NodeJS.ErrnoException).code === 'ENOENT') return;
      unreadable += 1;
      log.error({ err, file }, 'calls that were noted cannot be read: ENCRYPTION_KEYS may lack their key');
    }
  }

  return {
    /** Reads what an earlier process left. @throws Error where the folder can't be written */
    async open(): Promise<void> {
      await folder.open();
      for (const file of await folder.list()) await readFile(file);
      if (noted.size > 0) log.warn({ calls: noted.size }, 'calls that were noted before are carried out now');
    },

    /** Resolves once the call is on the disk. @throws JournalFull, or the disk's error */
    async note(call: NotedCall): Promise<void> {
      if (!room.hasRoomFor(call)) {
        totals.full += 1;
        throw new JournalFull();
      }
      room.take(call);
      return new Promise((resolve, reject) => {
        waiting.push({ call, resolve, reject });
        if (!writing) void writeAll();
      });
    },

    /** The calls that are to be carried out, the oldest first. */
    *calls(): Iterable<NotedCall> {
      for (const { call } of noted.values()) yield call;
    },

    /** The call is carried out, refused for good, or too old. */
    async done(id: string, result: NotedResult): Promise<void> {
      const found = noted.get(id);
      if (!found) return;
      const { call, file } = found;
      noted.delete(id);
      room.giveBack(call);
      totals[result] += 1;
      const others = (left.get(file) ?? 1) - 1;
      if (others > 0) {
        left.set(file, others);
        return;
      }
      left.delete(file);
      await folder.remove(file);
    },

    figures(): JournalFigures {
      const [oldest] = noted.values();
      const oldestSeconds = oldest ? Math.max(0, (Date.now() - oldest.call.at.getTime()) / 1000) : 0;
      return { waiting: noted.size, oldestSeconds, totals: { ...totals }, unreadable };
    },
  };
}
