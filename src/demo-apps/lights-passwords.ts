import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

const hashOf = promisify<string, Buffer, number, Buffer>(scrypt);
type Kept = Readonly<{ salt: string; hash: string; revision: number }>;

/** One password, as its hash in a file. `revision` is raised by each change. */
export function createLightsPasswords(file: string) {
  let kept: Kept | null = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
  return {
    revision: () => kept?.revision ?? 0,
    async set(password: string): Promise<void> {
      const salt = randomBytes(16);
      const hash = await hashOf(password, salt, 32);
      kept = { salt: salt.toString('hex'), hash: hash.toString('hex'), revision: (kept?.revision ?? 0) + 1 };
      // Never half written.
      writeFileSync(`${file}.new`, JSON.stringify(kept), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
    /** False where none was set yet. */
    async isRight(password: string): Promise<boolean> {
      if (!kept) return false;
      const { salt, hash } = kept;
      return timingSafeEqual(await hashOf(password, Buffer.from(salt, 'hex'), 32), Buffer.from(hash, 'hex'));
    },
  };
}
