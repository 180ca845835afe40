import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import lockfile from 'proper-lockfile';
import { z } from 'zod';
import type { Environment } from '../config.ts';
import { AppError } from '../errors.ts';
import { parseJson } from '../http/parse-json.ts';

const tokens = z.object({
  accessToken: z.string(),
  refreshToken: z.string(),
  /** When the access token expires. */
  expiresAt: z.iso.datetime(),
});
const file = z.record(z.string(), tokens);

export type Tokens = Readonly<z.output<typeof tokens>>;
export type Credentials = ReturnType<typeof openCredentials>;

/**
 * The tokens of this command line, one set a server:
 * $XDG_CONFIG_HOME/universal-logout/credentials.json, readable by its owner only, and always either
 * the whole old file or the whole new one.
 */
export function openCredentials(env: Environment) {
  const folder = path.join(env.XDG_CONFIG_HOME?.trim() || path.join(os.homedir(), '.config'), 'universal-logout');
  const name = path.join(folder, 'credentials.json');

  const readAll = async (): Promise<z.output<typeof file>> => {
    const text = await fs.readFile(name, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{}';
      throw error;
    });
    const parsed = file.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new AppError('invalid_request', `${name} cannot be understood. Remove it, and run login again.`);
  };

  const write = async (all: z.output<typeof file>) => {
    const draft = `${name}.${process.pid}.new`;
    await fs.writeFile(draft, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600, flush: true });
    await fs.rename(draft, name);
  };

  return {
    /** The tokens that are kept for a server; null when there are none. */
    async read(url: string): Promise<Tokens | null> {
      return (await readAll())[url] ?? null;
    },

    /**
     * Runs `work` while no other command changes the file: a refresh token that two commands use
     * ends the grant. `save` replaces the tokens of the server; null forgets them.
     */
    async exclusively<T>(
      url: string,
      work: (kept: Tokens | null, save: (tokens: Tokens | null) => Promise<void>) => Promise<T>,
    ): Promise<T> {
      await fs.mkdir(folder, { recursive: true, mode: 0o700 });
      const release = await lockfile.lock(folder, {
        lockfilePath: `${name}.lock`,
        // A killed command leaves its lock behind, which then counts for this long.
        stale: 30_000,
        retries: { retries: 600, factor: 1, minTimeout: 100, maxTimeout: 100 },
      });
      try {
        return await work(await this.read(url), async (kept) => {
          const { [url]: _replaced, ...others } = await readAll();
          await write(kept === null ? others : { ...others, [url]: kept });
        });
      } finally {
        await release();
      }
    },
  };
}
