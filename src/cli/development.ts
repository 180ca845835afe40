import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const secretsForm = z.object({ SESSION_SECRETS: z.string().min(32), ENCRYPTION_KEYS: z.string().min(44) });

/** Environment variables of the same names, as `loadConfig` takes them. */
export type DevelopmentSecrets = z.infer<typeof secretsForm>;

/**
 * The secrets of the data folder, or null before they are made. @throws Error for a damaged file
 */
export function findDevelopmentSecrets(dataDir: string): DevelopmentSecrets | null {
  const file = secretsFile(dataDir);
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return secretsForm.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${file} is damaged. Delete it and new secrets are made; what the old ones encrypted is lost.`, {
      cause,
    });
  }
}

/**
 * The data folder's secrets, made once, readable by this user only. Processes at once share them.
 */
export function loadDevelopmentSecrets(dataDir: string): DevelopmentSecrets {
  const found = findDevelopmentSecrets(dataDir);
  if (found) return found;
  // As root, the database server runs as another user, who has to pass through this folder.
  fs.mkdirSync(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  const made: DevelopmentSecrets = {
    SESSION_SECRETS: randomBytes(32).toString('hex'),
    ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
  };
  const draft = `${secretsFile(dataDir)}.${process.pid}`;
  fs.writeFileSync(draft, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  try {
    // The file is written whole, then linked under its name: a second process fails here and reads
    // the first one's.
    fs.linkSync(draft, secretsFile(dataDir));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
  return findDevelopmentSecrets(dataDir) ?? made;
}

/** Where `npm run dev` notes calls that come while the database is away. */
export const developmentJournal = (dataDir: string): string => path.join(path.resolve(dataDir), 'journal');

function secretsFile(dataDir: string): string {
  return path.join(path.resolve(dataDir), 'secrets.json');
}
