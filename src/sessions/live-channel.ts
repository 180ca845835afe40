import { setTimeout as delay } from 'node:timers/promises';
import type { Response } from 'express';
import pg, { type Pool } from 'pg';
import type { Logger } from 'pino';
import { AppError } from '../errors.ts';
import type { Principal } from './principal.ts';
import { explainEndById, type SessionEnd } from './session-end.ts';

export type LiveChannel = ReturnType<typeof createLiveChannel>;

type Stream = { principal: Principal; response: Response };

/** Says on every node that access has ended somewhere, so that open pages hear at once; they would within a second. */
export const announceSql = 'NOTIFY access_revoked';
const listenSql = 'LISTEN access_revoked';
const mostStreams = { ofSession: 10, ofNode: 20_000 };

/**
 * Tells open pages that their session has ended. One LISTEN connection and one query a second serve all streams of a
 * node: a notification only makes the same query come sooner, so a lost one costs at most that second. While the LISTEN
 * connection is down every stream is closed: an open stream is never one that would not hear.
 */
export function createLiveChannel(deps: { pool: Pool; directDatabaseUrl: string; log: Logger; checkEveryMs?: number }) {
  const streams = new Map<Response, Stream>();
  let listener: pg.Client | null = null;
  let stopped = false;
  const stopping = new AbortController();

  const close = (stream: Stream, end?: SessionEnd) => {
    streams.delete(stream.response);
    if (end)
      stream.response.write(
        `event: signed-out\ndata: ${JSON.stringify({ reason: end.code, at: end.at.toISOString() })}\n\n`,
      );
    stream.response.end();
  };

  // One check at a time; whatever asks meanwhile is served by one more.
  let checking: Promise<void> | null = null;
  let again = false;
  const check = (): Promise<void> => {
    again = true;
    checking ??= (async () => {
      while (again) {
        again = false;
        await closeDead();
      }
    })().finally(() => {
      checking = null;
    });
    return checking;
  };

  const closeDead = async () => {
    if (streams.size === 0) return;
    const open = [...streams.values()];
    const { rows } = await deps.pool.query({
      name: 'live-channel-dead',
      text: `SELECT asked.org_id, asked.id FROM unnest($1::text[], $2::text[]) AS asked (org_id, id)
             WHERE NOT EXISTS (SELECT FROM live_sessions l WHERE l.org_id = asked.org_id AND l.id = asked.id)`,
      values: [open.map((stream) => stream.principal.orgId), open.map((stream) => stream.principal.sessionId)],
    });
    if (rows.length === 0) return;
    const dead = new Set(rows.map((row) => row.id));
    await Promise.all(
      open
        .filter((stream) => dead.has(stream.principal.sessionId) && streams.has(stream.response))
        .map(async ({ principal, ...stream }) =>
          close(
            { principal, ...stream },
            (await explainEndById(deps.pool, principal.orgId, principal.sessionId)) ?? undefined,
          ),
        ),
    );
  };

  const checkOrClose = () => {
    check().catch((error) => {
      deps.log.warn({ err: error }, 'open pages could not be checked; their streams are closed');
      for (const stream of streams.values()) close(stream);
    });
  };

  const timer = setInterval(checkOrClose, deps.checkEveryMs ?? 1_000);
  const heartbeat = setInterval(() => {
    for (const stream of streams.values()) stream.response.write(': still here\n\n');
  }, 15_000);
  timer.unref();
  heartbeat.unref();

  const listen = async () => {
    const client = new pg.Client({
      connectionString: deps.directDatabaseUrl,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    const lost = new Promise<void>((resolve) => {
      client.on('error', () => resolve());
      client.on('end', () => resolve());
    });
    client.on('notification', checkOrClose);
    try {
      await client.connect();
      await client.query(`SET application_name = 'universal-logout live channel'`);
      await client.query(listenSql);
      if (stopped) return;
      listener = client;
      await lost;
    } finally {
      listener = null;
      for (const stream of streams.values()) close(stream);
      await client.end().catch(() => {});
    }
  };

  // Kept up for as long as the process runs; the pause keeps a database that is down from being hammered.
  const listening = (async () => {
    while (!stopped) {
      await listen().catch((error) => deps.log.warn({ err: error }, 'LISTEN connection failed'));
      if (!stopped) await delay(500, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();

  // What many revocations a second ask for is sent as one NOTIFY after another, never one each: NOTIFY serialises commits.
  let announcing = false;
  let announceAgain = false;
  const announce = () => {
    announceAgain = true;
    if (announcing) return;
    announcing = true;
    (async () => {
      while (announceAgain) {
        announceAgain = false;
        await deps.pool.query(announceSql);
        await delay(20);
      }
    })()
      .catch((error) => deps.log.warn({ err: error }, 'NOTIFY failed; open pages hear within a second all the same'))
      .finally(() => {
        announcing = false;
      });
  };

  return {
    /** Whether the LISTEN connection is up: without it no stream is opened. */
    isListening: () => listener !== null,

    /**
     * Makes `response` an event stream (text/event-stream) that closes when the session dies, after one event
     * `signed-out` with `{reason, at}`. Registered first and checked after, so that nothing falls between.
     * @throws AppError unavailable, too_many_requests
     */
    async open(principal: Principal, response: Response): Promise<void> {
      if (!listener || stopped || streams.size >= mostStreams.ofNode)
        throw new AppError('unavailable', 'Live updates are not available right now; try again in a few seconds.', {
          headers: { 'Retry-After': '2' },
        });
      const ofSession = [...streams.values()].filter((stream) => stream.principal.sessionId === principal.sessionId);
      if (ofSession.length >= mostStreams.ofSession && ofSession[0]) close(ofSession[0]);
      response.writeHead(200, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-store',
        Connection: 'keep-alive',
        'X-Accel-Buffering': 'no',
      });
      response.write('retry: 1000\n\n');
      streams.set(response, { principal, response });
      response.on('close', () => streams.delete(response));
      await check();
    },

    /** Says on every node that access has ended somewhere. Never awaited by a revocation: nothing rests on it. */
    announce,

    async stop(): Promise<void> {
      stopped = true;
      clearInterval(timer);
      clearInterval(heartbeat);
      stopping.abort();
      for (const stream of streams.values()) close(stream);
      await listener?.end();
      await listening;
    },
  };
}
