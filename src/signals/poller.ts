import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { eventPollPurpose } from '../database/sealed-places.ts';
import { GuardedFetchError } from '../http/guarded-fetch.ts';
import { byBasic, createKeptTokens, NoTokenError } from '../http/kept-tokens.ts';
import type { Keyring } from '../keyring.ts';
import type { PollAuth } from './event-polls.ts';
import { findById } from './find-connection.ts';
import { PollFailed, pollTransmitter, type TransmitterDeps } from './poll-transmitter.ts';

/** Polls of a node at once. They mostly wait, without a connection to the database. */
const concurrency = 100;
/** Seconds that a claim lasts: longer than a poll with all that it brings. */
const leaseSeconds = 120;
/**
 * Milliseconds of it in which no further event is begun: one may wait for its turn, and all are
 * acknowledged then.
 */
const spareMs = 30_000;
/** Seconds until the next poll of a transmitter that answers at once, though nothing new has come. */
const restSeconds = 5;
/** Milliseconds that an answer without events takes where the transmitter knows how to wait. */
const waitedMs = 1_000;
/** Seconds before its end at which an access token isn't used any more: a poll may wait for so long. */
const tokenMargin = 60;

type Claimed = {
  orgId: string;
  connectionId: string;
  endpoint: string;
  auth: PollAuth;
  credential: string;
  claim: number;
  failures: number;
};
type Deps = TransmitterDeps & Readonly<{ log: Logger; keyring: Keyring; lookMs?: number }>;

/** Seconds until the next try: 5 to 10 after the first failure, twice as long each time, 5 minutes at most. */
const pauseAfter = (failures: number): number => Math.min(300, 5 * (1 + Math.random()) * 2 ** Math.min(failures, 7));

/**
 * Fetches security events for as long as the process lives, of each connection on one node at a
 * time. After a failure a transmitter isn't asked to wait, so that it is known soon whether it is
 * back. `stop` breaks off what waits; what wasn't acknowledged comes again.
 */
export function startPoller({ log, keyring, lookMs = 1_000, ...deps }: Deps) {
  const { pool } = deps;
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  const tokens = createKeptTokens({ guardedFetch: deps.guardedFetch, margin: tokenMargin });
  let woken = Promise.withResolvers<void>();

  const poll = async (claimed: Claimed): Promise<number> => {
    const { orgId, connectionId, endpoint, auth, failures } = claimed;
    const until = performance.now() + leaseSeconds * 1000 - spareMs;
    const connection = await findById(pool, connectionId);
    if (!connection?.active || connection.orgId !== orgId) return restSeconds;
    const secret = await keyring.decrypt(claimed.credential, eventPollPurpose(orgId, connectionId));
    const key = JSON.stringify([orgId, connectionId, auth, claimed.credential]);
    const { signal } = stopping;
    try {
      const token =
        auth.method === 'bearer' ? secret : await tokens.get(key, auth, () => byBasic(auth.clientId, secret), signal);
      const begun = performance.now();
      const waits = failures === 0;
      const { came, fresh } = await pollTransmitter(deps, connection, { endpoint, token, waits, until, signal });
      const waited = came === 0 && performance.now() - begun >= waitedMs;
      return fresh > 0 || waited || !waits ? 0 : restSeconds;
    } catch (error) {
      if (error instanceof PollFailed && error.word === 'not_authorized') tokens.forget(key);
      throw error;
    }
  };

  const run = async (claimed: Claimed): Promise<void> => {
    try {
      const rest = await poll(claimed);
      await settle(pool, claimed, { seconds: rest, error: null });
    } catch (error) {
      // The process is stopping: the lease goes back, and the transmitter isn't at fault.
      if (stopping.signal.aborted) return settle(pool, claimed, null);
      const word = wordOf(error);
      log.warn({ err: error, connection: claimed.connectionId, error: word }, 'security events could not be fetched');
      await settle(pool, claimed, { seconds: pauseAfter(claimed.failures), error: word });
    }
  };

  const begin = (claimed: Claimed): void => {
    const running = run(claimed)
      .catch((error) => log.warn({ err: error }, 'a poll could not be settled; its lease runs out'))
      .finally(() => {
        underWay.delete(running);
        woken.resolve();
      });
    underWay.add(running);
  };

  const working = (async () => {
    while (!stopping.signal.aborted) {
      woken = Promise.withResolvers();
      const room = concurrency - underWay.size;
      const claimed = await (room > 0 ? claim(pool, room) : Promise.resolve([])).catch((error) => {
        log.warn({ err: error }, 'polls could not be claimed; it will be tried again');
        return [];
      });
      for (const each of claimed) begin(each);
      const pause = delay(lookMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
      await Promise.race([woken.promise, pause]);
    }
  })();

  return {
    async stop(): Promise<void> {
      stopping.abort();
      await working;
      await Promise.all(underWay);
    },
  };
}

const wordOf = (error: unknown): string => {
  if (error instanceof PollFailed) return error.word;
  if (error instanceof NoTokenError) return 'no_token';
  return error instanceof GuardedFetchError ? error.reason : 'failed_here';
};

async function claim(pool: Pool, room: number): Promise<Claimed[]> {
  const { rows } = await pool.query<Claimed>({
    name: 'event-polls-claim',
    text: `UPDATE event_polls p SET claim = p.claim + 1, leased_until = clock_timestamp() + interval '${leaseSeconds} seconds'
           FROM (
             SELECT p.org_id, p.connection_id FROM event_polls p
             JOIN connections c ON c.org_id = p.org_id AND c.id = p.connection_id AND c.active
             WHERE p.due_at <= clock_timestamp() AND (p.leased_until IS NULL OR p.leased_until < clock_timestamp())
             ORDER BY p.due_at LIMIT $1 FOR NO KEY UPDATE OF p SKIP LOCKED
           ) due
           WHERE p.org_id = due.org_id AND p.connection_id = due.connection_id
           RETURNING p.org_id AS "orgId", p.connection_id AS "connectionId", p.endpoint, p.auth, p.credential, p.claim, p.failures`,
    values: [room],
  });
  return rows;
}

/** Whoever was claimed by another node, or changed, meanwhile writes nothing. Null: given back as it was. */
async function settle(
  pool: Pool,
  { orgId, connectionId, claim: mine }: Claimed,
  outcome: { seconds: number; error: string | null } | null,
): Promise<void> {
  await pool.query({
    name: 'event-poll-settle',
    text: `UPDATE event_polls SET leased_until = NULL,
             due_at = CASE WHEN $6 THEN clock_timestamp() + make_interval(secs => $4) ELSE due_at END,
             failures = CASE WHEN NOT $6 THEN failures WHEN $5::text IS NULL THEN 0 ELSE failures + 1 END,
             error = CASE WHEN $6 THEN $5 ELSE error END,
             answered_at = CASE WHEN $6 AND $5::text IS NULL THEN now() ELSE answered_at END
           WHERE org_id = $1 AND connection_id = $2 AND claim = $3`,
    values: [orgId, connectionId, mine, outcome?.seconds ?? 0, outcome?.error ?? null, outcome !== null],
  });
}
