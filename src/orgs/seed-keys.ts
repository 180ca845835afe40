import type { Pool } from 'pg';
import { hashSecret } from '../keyring.ts';

/** The API keys that `npm run dev` seeds, printed in the README for all to read. */
export const seedApiKeys = { whiteRabbit: '131313', metacortex: '242424' } as const;

export class SeedKeysError extends Error {
  override readonly name = 'SeedKeysError';
}

/** Whether the database is one that `npm run dev` seeded. */
export async function holdsSeedKeys(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query('SELECT FROM api_keys WHERE key_hash = ANY ($1::bytea[]) LIMIT 1', [
    Object.values(seedApiKeys).map(hashSecret),
  ]);
  return rows.length > 0;
}

/** Keeps production off a database with a seed key: anyone could revoke. @throws SeedKeysError */
export async function refuseSeedKeys(pool: Pool): Promise<void> {
  if (await holdsSeedKeys(pool))
    throw new SeedKeysError(
      'This database holds the API keys that `npm run dev` seeds, which everybody knows. Use another database for production.',
    );
}
