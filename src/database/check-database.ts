import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { checkContents } from './check-contents.ts';
import { checkPooler } from './check-pooler.ts';
import { checkServer } from './check-server.ts';
import { findServerWarnings } from './server-warnings.ts';

type Deps = Readonly<{ pool: Pool; log: Logger; config: Readonly<{ encryptionKeys: readonly Uint8Array[] }> }>;

/** Everything that a start checks of its database; warnings are logged. @throws UnfitServerError */
export async function checkDatabase({ pool, log, config }: Deps): Promise<void> {
  await checkServer(pool);
  await checkPooler(pool);
  await checkContents(pool, config.encryptionKeys);
  for (const warning of await findServerWarnings(pool)) log.warn(warning);
}
