import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { tooManyRequests } from '../../http/rate-limit.ts';
import type { Receiver } from './receiver.ts';
import { canBeFetched } from './stream.ts';

/** Polls of one org that wait on a node at once; one of each stream would do. */
const mostOfOrg = 50;
const mostOfStream = 2;
/** Milliseconds: how often a node looks what other nodes have planned. */
const lookMs = 1_000;

export type Arrivals = ReturnType<typeof createArrivals>;

/**
 * Lets polls wait for the next event without a connection of their own: while any wait, one query a
 * second asks for all of them. `look` makes it ask at once, since something was planned here.
 */
export function createArrivals({ pool, log }: { pool: Pool; log: Logger }) {
  const waiting = new Set<Receiver & { end: () => void }>();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let again = false;
  let stopped = false;

  const look = async (): Promise<void> => {
    if (waiting.size === 0) return;
    again = looking;
    if (looking) return;
    looking = true;
    try {
      const all = [...waiting];
      const { rows } = await pool.query<Receiver>({
        name: 'events-arrived',
        text: `SELECT w.org_id AS "orgId", w.app_id AS "appId"
               FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS w (org_id, app_id)) w
               JOIN apps a ON a.org_id = w.org_id AND a.id = w.app_id
               JOIN event_streams s ON s.org_id = a.org_id AND s.app_id = a.id
               WHERE EXISTS (SELECT FROM forwards f WHERE f.org_id = a.org_id AND f.app_id = a.id AND ${canBeFetched})`,
        values: [all.map(({ orgId }) => orgId), all.map(({ appId }) => appId)],
      });
      const arrived = new Set(rows.map(keyOf));
      for (const each of all) if (arrived.has(keyOf(each))) each.end();
    } catch (error) {
      log.warn({ err: error }, 'what waits for receivers could not be looked at; it will be tried again');
    } finally {
      looking = false;
    }
    if (again) await look();
  };

  return {
    look: () => void look(),

    /**
     * Resolves when something may have come for the receiver, after `ms`, or when nobody waits any
     * more. @throws AppError too_many_requests
     */
    async wait({ orgId, appId }: Receiver, ms: number, signal: AbortSignal): Promise<void> {
      if (stopped || signal.aborted) return;
      const ofOrg = [...waiting].filter((each) => each.orgId === orgId);
      if (ofOrg.length >= mostOfOrg || ofOrg.filter((each) => each.appId === appId).length >= mostOfStream)
        throw tooManyRequests('Too many of your polls wait at once; end one before the next.', 5);
      const over = Promise.withResolvers<void>();
      const end = () => over.resolve();
      const entry = { orgId, appId, end };
      waiting.add(entry);
      timer ??= setInterval(() => void look(), lookMs).unref();
      signal.addEventListener('abort', end, { once: true });
      const limit = setTimeout(end, ms);
      // What came between the caller's own look and this moment.
      void look();
      await over.promise;
      clearTimeout(limit);
      signal.removeEventListener('abort', end);
      waiting.delete(entry);
      if (waiting.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    },

    /** Ends every wait: the polls are answered with nothing. */
    stop(): void {
      stopped = true;
      for (const { end } of waiting) end();
    },
  };
}

const keyOf = ({ orgId, appId }: Receiver) => `${orgId} ${appId}`;
