import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { transaction } from '../database/pool.ts';
import { planAccountMails } from './account-mail.ts';
import { addNotifications } from './add-notifications.ts';
import { toNotices } from './notices.ts';
import { takeEvents } from './outbox.ts';
import { planDeliveries } from './plan-deliveries.ts';

/** Events that one transaction takes. */
const batchSize = 500;
/** Milliseconds: events that come meanwhile are taken together, at a fraction of the cost. */
const restMs = 250;

/**
 * Turns audit events in the outbox into notifications and jobs. Each node runs a relay; none waits
 * for another's batch. `wake` makes the next round come at once; it comes every second anyway. No
 * revocation waits for a relay.
 */
export function startRelay(deps: { pool: Pool; log: Logger; emailAvailable: boolean; pollMs?: number }) {
  const stopping = new AbortController();
  let woken = Promise.withResolvers<void>();

  const rest = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal, ref: false }).catch(() => {});

  const working = (async () => {
    while (!stopping.signal.aborted) {
      woken = Promise.withResolvers();
      const taken = await relayBatch(deps).catch((error) => {
        deps.log.warn({ err: error }, 'the outbox could not be relayed; it will be tried again');
        return 0;
      });
      await rest(restMs, stopping.signal);
      if (taken === batchSize) continue;
      const wait = new AbortController();
      await Promise.race([woken.promise, rest(deps.pollMs ?? 1_000, wait.signal)]);
      wait.abort();
    }
  })();

  return {
    wake: () => woken.resolve(),
    /** Waits for the batch under way. */
    async stop(): Promise<void> {
      stopping.abort();
      woken.resolve();
      await working;
    },
  };
}

/**
 * Takes a batch out of the outbox and writes what follows from it, in one transaction. A kill of
 * the process or of the database before the commit leaves the events in the outbox. Returns how
 * many were taken.
 */
async function relayBatch(deps: { pool: Pool; emailAvailable: boolean }): Promise<number> {
  // Most rounds find nothing: one statement, no transaction.
  const { rows } = await deps.pool.query({ name: 'outbox-any', text: 'SELECT FROM outbox LIMIT 1' });
  if (rows.length === 0) return 0;
  return transaction(deps.pool, async (client) => {
    const events = await takeEvents(client, batchSize);
    if (events.length === 0) return 0;
    await lockFeeds(client, [...new Set(events.map(({ orgId }) => orgId))].sort());
    const notices = await toNotices(client, events);
    const told = await addNotifications(client, notices);
    await planDeliveries(client, told, deps);
    if (deps.emailAvailable) await planAccountMails(client, events);
    await announce(client, [...new Set(told.map(({ orgId }) => orgId))]);
    return events.length;
  });
}

/** Locks in the order of ids, so that two relays never deadlock, and then add to a feed in turn. */
async function lockFeeds(client: PoolClient, orgIds: readonly string[]): Promise<void> {
  await client.query({
    name: 'feeds-make',
    text: `INSERT INTO notification_feeds (org_id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`,
    values: [orgIds],
  });
  await client.query({
    name: 'feeds-lock',
    text: 'SELECT FROM notification_feeds WHERE org_id = ANY ($1::text[]) ORDER BY org_id FOR UPDATE',
    values: [orgIds],
  });
}

/** Every node hears this after the commit: org ids only. A payload has room for 8,000 bytes. */
async function announce(client: PoolClient, orgIds: readonly string[]): Promise<void> {
  for (let index = 0; index < orgIds.length; index += 100)
    await client.query({
      name: 'notifications-announce',
      text: `SELECT pg_notify('notifications', $1)`,
      values: [orgIds.slice(index, index + 100).join(' ')],
    });
}
