import { setTimeout as delay } from 'node:timers/promises';
import { type DestinationStream, type Logger, pino, stdSerializers, stdTimeFunctions } from 'pino';
import { startAccounts } from './accounts/start.ts';
import { sweepAccounts } from './accounts/sweep.ts';
import { sweepAuditEvents } from './audit/retention.ts';
import type { Config } from './config.ts';
import { createIdpKeys } from './connections/idp-keys.ts';
import { sweepKeptForms } from './console/kept-forms.ts';
import { type Chore, startHousekeeping } from './database/chores.ts';
import { createNotes } from './database/notes.ts';
import { createPool, createPrisma } from './database/pool.ts';
import { planExpired } from './downstream/plan-expired.ts';
import { startDownstream } from './downstream/start.ts';
import { sweepDownstream } from './downstream/sweep.ts';
import { createGuardedFetch } from './http/guarded-fetch.ts';
import { watchShortages } from './http/shortages.ts';
import { createTurns } from './http/turns.ts';
import { createCallJournal } from './journal/start.ts';
import { createKeyring } from './keyring.ts';
import { createLogOutput } from './log-output.ts';
import { createMetrics } from './metrics/metrics.ts';
import { startNotifications } from './notifications/start.ts';
import { sweepNotifications } from './notifications/sweep.ts';
import { createApiKeys } from './orgs/api-keys.ts';
import { type Batches, batchConnections, createBatches } from './revocation/batches.ts';
import { createKnownCallers } from './revocation/known-callers.ts';
import { createRefusedCalls } from './revocation/refused-calls.ts';
import { createJwtAuthentication } from './revocation/signed-jwt.ts';
import { sweepSpent } from './revocation/sweep-spent.ts';
import { writeTombstones } from './revocation/tombstones.ts';
import { createLiveChannel } from './sessions/live-channel.ts';
import { sweepSessions } from './sessions/sweep.ts';
import { startPoller } from './signals/poller.ts';
import { createRenewOrgKeys, sweepOrgKeys } from './signing/rotate-org-keys.ts';
import { languages as everyLanguage, type Languages } from './texts/texts.ts';
import { sweepSigningKeys } from './tokens/rotate-signing-keys.ts';
import { sweepAppSessions, sweepGrants, sweepTokens } from './tokens/sweep.ts';
import { createRekeyNames } from './users/rekey-names.ts';

/** Milliseconds. */
const stopLimitMs = 4_500;
/**
 * Milliseconds that the database has for a call of the revocation endpoint: then the call is noted,
 * and held for 5 s more. Where nothing is noted it has as long as that together.
 */
const patienceOfCalls = { noted: 3_000, lost: 8_000 } as const;

/** The chores of the housekeeping, in this order. */
export const chores: readonly Chore[] = [
  writeTombstones,
  planExpired,
  sweepSessions,
  sweepGrants,
  sweepTokens,
  sweepAppSessions,
  sweepSigningKeys,
  sweepOrgKeys,
  sweepSpent,
  sweepKeptForms,
  ...sweepNotifications,
  sweepDownstream,
  sweepAccounts,
  sweepAuditEvents,
];

export type Context = ReturnType<typeof createContext>;

/** The composition root of objects that live as long as the process. `stop` ends them backwards. */
export function createContext(config: Config, log: Logger = createLog(config), languages: Languages = everyLanguage) {
  const poolOf = (max: number) =>
    createPool({
      connectionString: config.databaseUrl,
      max: Math.max(2, max),
      applicationName: 'universal-logout',
      log,
      pooled: config.directDatabaseUrl !== config.databaseUrl,
    });
  const half = Math.floor(config.databasePoolSize / 2);
  const pool = poolOf(config.databasePoolSize - half);
  // This pool ends access, knows callers and says who is alive: it goes on whatever keeps the other
  // pool busy.
  const accessPool = poolOf(half);
  const endingPool = poolOf(batchConnections);
  const prisma = createPrisma(pool);
  const note = createNotes({ pool: accessPool });
  const liveChannel = createLiveChannel({ ...config, pool: accessPool, log });
  const guardedFetch = createGuardedFetch({ mode: config.mode, privateHosts: config.privateIdpHosts });
  const idpKeys = createIdpKeys({ guardedFetch, log });
  const keyring = createKeyring(config.encryptionKeys);
  const itsChores = [...chores, createRekeyNames({ log }), createRenewOrgKeys({ keyring })];
  const housekeeping = startHousekeeping({ pool, log, chores: itsChores });
  const notifications = startNotifications({ config, log, pool, keyring, languages });
  const downstream = startDownstream({ config, log, pool, keyring, guardedFetch: notifications.webhookFetch });
  const accounts = startAccounts({ config, log, pool, keyring });
  liveChannel.whenAnnounced(() => {
    accounts.wakeRotator();
    downstream.wakeForwarder();
    notifications.wake();
  });
  const refusedCalls = createRefusedCalls({ pool, log });
  const apiKeys = createApiKeys({ pool: accessPool, prisma, note });
  const knownCallers = createKnownCallers();
  const patienceMs = patienceOfCalls[config.journalDir === null ? 'lost' : 'noted'];
  const jwt = createJwtAuthentication({ config, pool: accessPool, idpKeys, knownCallers, patienceMs });
  const { announce } = liveChannel;
  const callers = { apiKeys, jwt, knownCallers, refusedCalls, patienceMs };
  const journal = createCallJournal({ config, log, pool: endingPool, keyring, announce, ...callers });
  const inTurn = createTurns();
  const poller = startPoller({
    config,
    log,
    pool: accessPool,
    idpKeys,
    guardedFetch,
    keyring,
    refusedCalls,
    inTurn,
    announce,
  });
  const pools = { general: pool, access: accessPool, ending: endingPool };
  const batches = createBatches({ pool: endingPool });
  const shortages = watchShortages({ pools, batches, inTurn, log });
  const metrics =
    config.metricsToken === null
      ? null
      : createMetrics({ pools, batches, inTurn, note, journal, rotationsRest: accounts.rotationsRest, log });
  let stopping = false;
  return {
    config,
    log,
    languages,
    pool,
    accessPool,
    endingPool,
    /** Ends the access of people: requests that arrive together share a statement. */
    batches: batches as Batches,
    /** The queues for an org's expensive work on this node. */
    inTurn,
    shortages,
    prisma,
    note,
    keyring,
    guardedFetch,
    idpKeys,
    ...callers,
    journal,
    liveChannel,
    metrics,
    feed: notifications.feed,
    webhooks: notifications.webhooks,
    webhookFetch: notifications.webhookFetch,
    deliveries: notifications.deliveries,
    sendTest: downstream.sendTest,
    wakeForwarder: downstream.wakeForwarder,
    arrivals: downstream.arrivals,
    /** The passwords of shared accounts, what changes them at their systems, and who does. */
    vault: accounts.vault,
    connectors: accounts.connectors,
    wakeRotator: accounts.wakeRotator,
    rotationsRest: accounts.rotationsRest,
    emailAvailable: notifications.emailAvailable,
    isStopping: () => stopping,
    /** From here on /readyz answers 503; requests are still answered. */
    announceStop() {
      stopping = true;
    },
    /** Tells open pages to connect elsewhere. */
    closeStreams() {
      downstream.arrivals.stop();
      return liveChannel.stop();
    },
    /** Waits for the work under way, but not for a silent database. */
    async stop(limitMs = stopLimitMs) {
      stopping = true;
      metrics?.stop();
      shortages.stop();
      const ended = (async () => {
        await liveChannel.stop();
        await journal.stop();
        await Promise.all([notifications.stop(), downstream.stop(), accounts.stop(), poller.stop()]);
        await housekeeping.stop();
        await refusedCalls.stop();
        await prisma.$disconnect();
        await Promise.all([pool.end(), accessPool.end(), endingPool.end()]);
      })();
      await Promise.race([ended, delay(limitMs, undefined, { ref: false })]);
    },
  };
}

/** Options of every log: no process id, ISO 8601 times, no error member that quotes a row. */
export const logOptions = {
  base: null,
  timestamp: stdTimeFunctions.isoTime,
  serializers: {
    err: (error: Error) => {
      // PostgreSQL's detail and where hold values: "Key (org_id, email_key)=(…) already exists".
      const { detail: _detail, where: _where, ...rest } = stdSerializers.err(error) as Record<string, unknown>;
      return rest;
    },
  },
};

let standardOutput: DestinationStream | undefined;

export function createLog(config: Pick<Config, 'logLevel'>): Logger {
  standardOutput ??= createLogOutput(1);
  return pino({ ...logOptions, level: config.logLevel }, standardOutput);
}
