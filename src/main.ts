import { loadConfig, readEnvFile } from './config.ts';
import { createContext } from './context.ts';
import { checkDatabase } from './database/check-database.ts';
import { migrate } from './database/migrate.ts';
import { refuseSeedKeys } from './orgs/seed-keys.ts';
import { startServer } from './server.ts';
import { explainStartFailure } from './start-failure.ts';
import { keepSearchIndexes } from './users/search-index.ts';

/** Milliseconds for a load balancer to see /readyz's 503 before connections are refused. */
const drainMs = 2_000;

/** `npm start`: production. Everything comes from the environment, without seed data or IdP. */
async function main(): Promise<void> {
  readEnvFile();
  const config = loadConfig(process.env, 'production');
  await migrate(config.directDatabaseUrl);
  const context = createContext(config);
  try {
    await checkDatabase(context);
    await refuseSeedKeys(context.pool);
    const { port, stop } = await startServer(context, { drainMs });
    context.log.info({ port, publicUrl: config.publicUrl }, 'ready');
    if (config.journalDir === null)
      context.log.warn('JOURNAL_DIR is not set: revocations asked for while the database is away are not noted');
    void keepSearchIndexes({ directDatabaseUrl: config.directDatabaseUrl, log: context.log });
    let stopping = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        // A second signal ends the process at once.
        if (stopping) process.exit(1);
        stopping = true;
        context.log.info({ signal }, 'stopping');
        stop().then(
          () => process.exit(0),
          (error) => {
            context.log.error({ err: error }, 'the stop was not clean');
            process.exit(1);
          },
        );
      });
  } catch (error) {
    await context.stop();
    throw error;
  }
}

main().catch((error: unknown) => {
  console.error(explainStartFailure(error));
  process.exit(1);
});
