import path from 'node:path';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import { type Config, loadConfig, loadDevelopmentConfig, readEnvFile } from '../config.ts';
import { createContext, logOptions } from '../context.ts';
import { checkDatabase } from '../database/check-database.ts';
import { migrate } from '../database/migrate.ts';
import { startDemoApps } from '../demo-apps/demo-apps.ts';
import { startDemoIdp } from '../demo-idp/demo-idp.ts';
import { holdDevLock } from '../postgres/dev-lock.ts';
import { startEmbeddedPostgres } from '../postgres/embedded-postgres.ts';
import { startServer } from '../server.ts';
import { explainStartFailure } from '../start-failure.ts';
import { buildSearchIndexes } from '../users/search-index.ts';
import { banner } from './dev-banner.ts';
import { developmentJournal, loadDevelopmentSecrets } from './development.ts';
import { PortError, takePort, tryPort } from './ports.ts';
import { findRunningDev } from './running-dev.ts';
import { NotForSeedError, seed } from './seed.ts';
import { lightsAdmin, lightsUser } from './seed-accounts.ts';
import { demoTenants } from './seed-data.ts';

/**
 * Milliseconds that a stop may take: under 5 s for the app, the rest for PostgreSQL's checkpoint.
 */
const stopLimit = 30_000;

/** The started parts, oldest first; a stop takes them down from the end. */
const started: (() => Promise<void>)[] = [];
let stopRequested = false;

class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  constructor(dataDir: string, running: { pid: number; port: number } | null) {
    const where = running ? `: process ${running.pid}, http://localhost:${running.port}` : '';
    super(`npm run dev is running already on this database (DATA_DIR=${dataDir})${where}. Stop it, or set DATA_DIR.`);
  }
}

class StoppedError extends Error {}

/** `npm run dev`: database, demo identity provider and app in one, with the demo's people. */
async function start(): Promise<void> {
  readEnvFile();
  const { dataDir, idpPort, appsPort } = loadDevelopmentConfig(process.env);
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value?.trim()));
  const secrets = loadDevelopmentSecrets(dataDir);
  const made = { ...secrets, JOURNAL_DIR: developmentJournal(dataDir) };
  const configFor = (databaseUrl: string, port: number): Config =>
    loadConfig(
      { DATABASE_URL: databaseUrl, PUBLIC_URL: `http://localhost:${port}`, ...made, ...given, PORT: String(port) },
      'development',
    );
  // Problems are found before anything slow begins: settings, a second start, taken ports.
  const asked = loadConfig(
    { DATABASE_URL: 'postgresql://localhost/not-yet', PUBLIC_URL: 'http://localhost', ...secrets, ...given },
    'development',
  );
  const running = await findRunningDev(given.DATABASE_URL, dataDir);
  if (running) throw new AlreadyRunningError(dataDir, running);
  const listening = await takePort(asked.port, 'PORT', asked.host);
  const { port } = listening;
  const letGo = async () => void listening.server.close();
  started.push(letGo);
  await tryLocalPort(idpPort, 'IDP_PORT');
  await tryLocalPort(appsPort, 'APPS_PORT');
  await tryLocalPort(appsPort && appsPort + 1, 'APPS_PORT');
  await tryLocalPort(appsPort && appsPort + 2, 'APPS_PORT');

  const databaseUrl = given.DATABASE_URL ?? (await startDatabase(dataDir));
  const config = configFor(databaseUrl, port);
  const { publicUrl } = config;
  const lock = await step(holdDevLock(config.directDatabaseUrl, { pid: process.pid, port, publicUrl }));
  if (!lock) throw new AlreadyRunningError(dataDir, await findRunningDev(given.DATABASE_URL, dataDir));
  started.push(lock.release);
  await step(migrate(config.directDatabaseUrl));

  const log = pino({ ...logOptions, level: config.logLevel }, pretty({ sync: true }));
  const context = createContext(config, log);
  started.push(context.stop);
  const findDemoConnection = async (slug: string) => {
    const found = await context.prisma.connection.findFirstOrThrow({
      where: { org: { slug } },
      orderBy: { createdAt: 'asc' },
    });
    return found.id;
  };
  const tenants = demoTenants(publicUrl, findDemoConnection);
  const idp = await step(startDemoIdp({ port: idpPort, tenants, log: console.error }));
  started.push(idp.stop);
  const lights = { file: path.join(dataDir, 'lights.json'), user: lightsUser, admin: lightsAdmin };
  const demoApps = await step(startDemoApps(appsPort, { lights }));
  started.push(demoApps.stop);
  await step(checkDatabase(context));
  const ownServer = given.DATABASE_URL ? null : databaseUrl;
  demoApps.serve(await step(seed(context, idp.url, demoApps.urls, ownServer)));
  // Before the server starts: its last line stays the last one, and a stop finds nothing half built.
  await step(buildSearchIndexes({ directDatabaseUrl: config.directDatabaseUrl, log }));
  const server = await step(startServer(context, { listening }));
  // The server's stop ends these two as well.
  for (const end of [context.stop, letGo]) started.splice(started.indexOf(end), 1);
  started.push(server.stop);
  console.log(
    banner({
      local: `http://localhost:${server.port}`,
      publicUrl,
      appUrl: config.appUrl,
      idpUrl: idp.url,
      apps: demoApps.urls,
      database: given.DATABASE_URL ? 'DATABASE_URL' : `PostgreSQL in ${dataDir} (npm run studio shows it)`,
    }),
  );
}

/** A browser asks ::1 first for localhost, and would meet another listener there. */
async function tryLocalPort(port: number, variable: string): Promise<void> {
  for (const host of ['127.0.0.1', '::1'])
    await tryPort(port, variable, host).catch((error: NodeJS.ErrnoException) => {
      if (host === '127.0.0.1' || error instanceof PortError) throw error;
    });
}

async function startDatabase(dataDir: string): Promise<string> {
  const server = await startEmbeddedPostgres({ dataDir });
  // A command that is at work keeps the server until it is done, and stops it then.
  started.push(server.stopIfUnused);
  await step(Promise.resolve());
  return server.databaseUrl;
}

/** A signal during the start takes effect after the current step: nothing is left half started. */
async function step<T>(work: Promise<T>): Promise<T> {
  const done = await work;
  if (stopRequested) throw new StoppedError();
  return done;
}

async function stop(exitCode: number): Promise<never> {
  const limit = setTimeout(() => {
    console.error('The stop took too long and was cut short.');
    process.exit(1);
  }, stopLimit);
  let code = exitCode;
  for (const end of started.splice(0).reverse())
    await end().catch((error: unknown) => {
      console.error(error);
      code = 1;
    });
  clearTimeout(limit);
  process.exit(code);
}

const starting = start();
starting.catch(async (error: unknown) => {
  if (!(error instanceof StoppedError))
    console.error(explainStartFailure(error, [AlreadyRunningError, NotForSeedError, PortError]));
  await stop(error instanceof StoppedError ? 0 : 1);
});
// Ctrl-C may come twice, from the terminal and through npm: the first one counts.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    if (stopRequested) return;
    stopRequested = true;
    starting.then(
      () => stop(0),
      () => {},
    );
  });
