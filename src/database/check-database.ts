import type { Pool } from 'pg';
import { checkContents } from './check-contents.ts';
import { checkPooler } from './check-pooler.ts';
import { checkServer } from './check-server.ts';

/** Everything that a start checks of its database. @throws UnfitServerError */
export async function checkDatabase(pool: Pool, encryptionKeys: readonly Uint8Array[]): Promise<void> {
  await checkServer(pool);
  await checkPooler(pool);
  await checkContents(pool, encryptionKeys);
}
