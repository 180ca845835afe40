import { loadConfig, readEnvFile } from './config.ts';
import { createContext } from './context.ts';
import { checkDatabase } from './database/check-database.ts';
import { migrate } from './database/migrate.ts';
import { refuseSeedKeys } from './orgs/seed-keys.ts';
import { startServer } from './server.ts';
import { explainStartFailure } from './start-failure.ts';

/**
 * Milliseconds in which a load balancer notices that /readyz says no, before connections are
 * refused.
 */
const drainMs = 2_000;

/**
 * `npm start`: production. Everything comes from the environment; nothing is seeded and no IdP is
 * started.
 */
async function main(): Promise<void> {
  readEnvFile();
  const config = loadConfig(process.env, 'production');
  await migrate(config.directDatabaseUrl);
  const context = createContext(config);
  try {
    await checkDatabase(context.pool, config.encryptionKeys);
    await refuseSeedKeys(context.pool);
    const { port, stop } = await startServer(context, { drainMs });
    context.log.info({ port, publicUrl: config.publicUrl }, 'ready');
    let stopping = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        // Whoever asks twice doesn't want to wait.
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
