import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { parseJson } from '../http/parse-json.ts';
import type { Keyring } from '../keyring.ts';
import { type NotedCall, notedCall } from './noted-call.ts';

const purpose = 'journal';
const suffix = '.calls';
const halfSuffix = '.tmp';
/** Milliseconds after which nobody is writing a file any more that was begun. */
const abandonedAfter = 60_000;

export type Folder = ReturnType<typeof createFolder>;

/** Files of noted calls, sealed by the keyring. A file never changes once it has its name. */
export function createFolder({ dir, keyring }: { dir: string; keyring: Keyring }) {
  /** Makes the folder where it is missing. */
  async function make(): Promise<void> {
    const first = await mkdir(dir, { recursive: true, mode: 0o700 });
    if (first !== undefined) await syncFolder(path.dirname(first));
    await syncFolder(dir);
  }

  async function writeText(text: string): Promise<string> {
    const name = `${Date.now()}-${randomUUID()}`;
    const half = path.join(dir, name + halfSuffix);
    const whole = path.join(dir, name + suffix);
    try {
      const handle = await open(half, 'wx', 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(half, whole);
      await syncFolder(dir);
    } catch (error) {
      // Its callers hear that nothing was noted, so nothing may stay, and a full disk needs the room.
      for (const left of [half, whole]) await rm(left, { force: true }).catch(() => {});
      throw error;
    }
    return name + suffix;
  }

  return {
    /** @throws Error where the folder can't be made or written */
    async open(): Promise<void> {
      await make();
      const trial = path.join(dir, `${randomUUID()}${halfSuffix}`);
      await (await open(trial, 'wx', 0o600)).close();
      await rm(trial);
      for (const name of await readdir(dir)) {
        const half = path.join(dir, name);
        if (name.endsWith(halfSuffix) && Date.now() - (await modifiedAt(half)) > abandonedAfter)
          await rm(half, { force: true });
      }
    },

    /** The names of the files, the oldest first. */
    list: async (): Promise<string[]> => (await readdir(dir)).filter((name) => name.endsWith(suffix)).sort(),

    /** @throws UnsealError, or what says that the file holds no calls or is gone */
    async read(file: string): Promise<NotedCall[]> {
      const text = await keyring.decrypt(await readFile(path.join(dir, file), 'utf8'), purpose);
      return z.array(notedCall).parse(parseJson(text));
    },

    /** Returns the file's name once it would survive a power cut. @throws the disk's error */
    async write(calls: readonly NotedCall[]): Promise<string> {
      const text = await keyring.encrypt(JSON.stringify(calls), purpose);
      try {
        return await writeText(text);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        // Somebody has deleted the folder under the running node.
        await make();
        return writeText(text);
      }
    },

    remove: (file: string): Promise<void> => rm(path.join(dir, file), { force: true }),
  };
}

const modifiedAt = (file: string): Promise<number> =>
  stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    // Another node that has the same folder was quicker.
    () => Number.POSITIVE_INFINITY,
  );

/** A new name in a folder survives a power cut only when the folder is synced, too. */
async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
