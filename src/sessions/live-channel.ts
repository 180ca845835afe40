import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import type { Response } from 'express';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { AppError } from '../errors.ts';
import { beginLongAnswer } from '../http/long-answer.ts';
import { tooManyRequests } from '../http/rate-limit.ts';
import { keepListening } from './listener.ts';
import type { DeviceKind, Principal } from './principal.ts';
import { nodeName } from './running-nodes.ts';
import { type EndRow, endColumns, type SessionEnd, toSessionEnd } from './session-end.ts';

export type LiveChannel = ReturnType<typeof createLiveChannel>;

type Stream = { principal: Principal; response: Response };

/** Tells every node that access has ended: open pages hear at once, else within a second. */
export const announceSql = 'NOTIFY access_revoked';
const listenSql = 'LISTEN access_revoked; LISTEN notifications';
export const mostStreams = { ofCredential: 10, ofPerson: 20, ofNode: 20_000 };

/** The events of a stream by name; each has an object as its data. */
export const streamEvents = {
  'signed-out': 'The session or the grant has died: `{reason, at}`. Then the stream closes.',
  notifications:
    'The feed of the organisation has grown: `{}`. Only administrators hear it; an app needs the scope `admin` for it.',
} as const;

function sendEvent(response: Response, event: keyof typeof streamEvents, data: object): void {
  response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

const deadAmong = (kind: DeviceKind, orgIds: string, ids: string) => `
  SELECT asked.id, s.id IS NOT NULL AS known, ${endColumns('s', kind)}
  FROM unnest(${orgIds}::text[], ${ids}::text[]) AS asked (org_id, id)
  LEFT JOIN ${kind}s s ON s.org_id = asked.org_id AND s.id = asked.id
  LEFT JOIN users u ON u.org_id = s.org_id AND u.id = s.user_id
  LEFT JOIN orgs o ON o.id = s.org_id
  WHERE NOT EXISTS (SELECT FROM live_${kind}s l WHERE l.org_id = asked.org_id AND l.id = asked.id)`;

/** `known`: the row exists; without it nothing tells why it is dead. */
type DeadRow = EndRow & { id: string; known: boolean };

/** Credentials, among the open streams, of administrators; an app needs the scope `admin`. */
const administratorsSql = `
  SELECT id FROM live_sessions
  WHERE (org_id, id) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND role <> 'member'
  UNION ALL
  SELECT id FROM live_grants
  WHERE (org_id, id) IN (SELECT * FROM unnest($3::text[], $4::text[])) AND role <> 'member'
    AND 'admin' = ANY (string_to_array(scope, ' '))`;

const deadSql = `${deadAmong('session', '$1', '$2')} UNION ALL ${deadAmong('grant', '$3', '$4')}`;

/** A longer check counts as failed: people who can't be told in time are not kept waiting. */
const checkLimitMs = 2_000;

/**
 * Tells open pages, and apps, that their session or grant has ended. An app's access token is
 * checked when its stream opens; from then on the grant decides, so a stream may outlast the token.
 * One LISTEN connection and one query a second serve all streams of a node. A notification only
 * makes the query come sooner, so a lost one costs at most a second. While the LISTEN connection is
 * down, or the query has no answer within two seconds, every stream is closed: an open stream
 * always hears.
 */
export function createLiveChannel(deps: {
  pool: Pool;
  directDatabaseUrl: string;
  log: Logger;
  /** The node's, for its name. */
  encryptionKeys?: readonly Uint8Array[];
  checkEveryMs?: number;
}) {
  const streams = new Set<Stream>();
  const ofPerson = new Map<string, Set<Stream>>();
  let stopped = false;

  const keep = (stream: Stream) => {
    streams.add(stream);
    const key = personOf(stream.principal);
    ofPerson.set(key, (ofPerson.get(key) ?? new Set()).add(stream));
  };
  const forget = (stream: Stream) => {
    streams.delete(stream);
    const key = personOf(stream.principal);
    const others = ofPerson.get(key);
    others?.delete(stream);
    if (others?.size === 0) ofPerson.delete(key);
  };

  const close = (stream: Stream, end?: SessionEnd) => {
    forget(stream);
    if (end) sendEvent(stream.response, 'signed-out', { reason: end.code, at: end.at.toISOString() });
    stream.response.end();
  };

  // One check runs at a time; one more serves everybody who asks meanwhile. A stream that has just
  // been opened is looked at without all the others: after a restart of a node thousands come.
  let checking: Promise<void> | null = null;
  let everybody = false;
  const opened = new Set<Stream>();
  const check = (stream?: Stream): Promise<void> => {
    if (stream) opened.add(stream);
    else everybody = true;
    checking ??= (async () => {
      while (everybody || opened.size > 0) {
        const concerned = [...(everybody ? streams : opened)];
        everybody = false;
        opened.clear();
        await closeDead(concerned);
      }
    })().finally(() => {
      checking = null;
    });
    return checking;
  };

  const closeDead = async (open: readonly Stream[]) => {
    if (open.length === 0) return;
    const values = credentialsOf(open);
    const { rows } = await withinLimit(deps.pool.query<DeadRow>({ name: 'live-channel-dead', text: deadSql, values }));
    const ends = new Map(rows.map((row) => [row.id, row.known ? toSessionEnd(row) : undefined]));
    for (const stream of open)
      if (ends.has(stream.principal.credential.id) && streams.has(stream))
        close(stream, ends.get(stream.principal.credential.id));
  };

  const closeAll = () => {
    for (const stream of streams) close(stream);
  };

  const checkOrClose = () => {
    check().catch((error) => {
      deps.log.warn({ err: error }, 'open pages could not be checked; their streams are closed');
      closeAll();
    });
  };

  // The administrators are asked for each time: a stream may be older than its person's role. One
  // query runs at a time; the next one serves all orgs that come meanwhile.
  const concerned = new Set<string>();
  let telling = false;
  const tellAdministrators = (orgIds: readonly string[]) => {
    for (const orgId of orgIds) concerned.add(orgId);
    if (telling) return;
    telling = true;
    (async () => {
      while (concerned.size > 0) {
        const open = [...streams].filter(({ principal }) => concerned.has(principal.orgId));
        concerned.clear();
        if (open.length > 0) await tell(open);
      }
    })()
      .catch((error) => {
        deps.log.warn({ err: error }, 'administrators could not be told; their streams are closed');
        closeAll();
      })
      .finally(() => {
        telling = false;
      });
  };

  const tell = async (open: readonly Stream[]) => {
    const values = credentialsOf(open);
    const query = { name: 'live-channel-administrators', text: administratorsSql, values };
    const { rows } = await withinLimit(deps.pool.query<{ id: string }>(query));
    const administrators = new Set(rows.map(({ id }) => id));
    for (const stream of open)
      if (administrators.has(stream.principal.credential.id) && streams.has(stream))
        sendEvent(stream.response, 'notifications', {});
  };

  const timer = setInterval(checkOrClose, deps.checkEveryMs ?? 1_000);
  const heartbeat = setInterval(() => {
    for (const stream of streams) stream.response.write(': still here\n\n');
  }, 15_000);
  timer.unref();
  heartbeat.unref();

  let onAnnounced = () => {};
  const onNotification = (channel: string, payload: string) => {
    if (channel === 'notifications') return tellAdministrators(payload.split(' '));
    checkOrClose();
    onAnnounced();
  };
  const applicationName = nodeName(deps.encryptionKeys ?? []);
  const listener = keepListening({ ...deps, applicationName, listenSql, onNotification, onLost: closeAll });

  // One NOTIFY follows another, never one for each revocation: NOTIFY serialises commits.
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
    isListening: listener.isUp,

    /**
     * Makes `response` an event stream (text/event-stream) that closes when the session or grant
     * dies. The stream is registered first and checked after, so that no ending falls between.
     * @throws AppError unavailable, too_many_requests
     */
    async open(principal: Principal, response: Response): Promise<void> {
      if (!listener.isUp() || stopped || streams.size >= mostStreams.ofNode)
        throw new AppError('unavailable', 'Live updates are not available right now; try again in a few seconds.', {
          headers: { 'Retry-After': '2' },
        });
      const samePerson = [...(ofPerson.get(personOf(principal)) ?? [])];
      const sameCredential = samePerson.filter((stream) => stream.principal.credential.id === principal.credential.id);
      if (sameCredential.length >= mostStreams.ofCredential && sameCredential[0]) close(sameCredential[0]);
      else if (samePerson.length >= mostStreams.ofPerson)
        throw tooManyRequests(
          `You have ${mostStreams.ofPerson} streams open here, the most one may have. Close some first.`,
          30,
        );
      beginLongAnswer(response, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-store',
        Connection: 'keep-alive',
        'X-Accel-Buffering': 'no',
      });
      response.write('retry: 1000\n\n');
      // A client that has left by now has sent its "close" already.
      if (response.destroyed) return;
      const stream = { principal, response };
      keep(stream);
      response.on('close', () => forget(stream));
      await check(stream);
    },

    /** Tells every node that access has ended. No revocation awaits it: nothing rests on it. */
    announce,

    /** `listener` runs on every node after an `announce` on any: it starts what nobody awaits. */
    whenAnnounced(listener: () => void): void {
      onAnnounced = listener;
    },

    async stop(): Promise<void> {
      stopped = true;
      clearInterval(timer);
      clearInterval(heartbeat);
      closeAll();
      await listener.stop();
    },
  };
}

const personOf = ({ orgId, userId }: Principal) => `${orgId} ${userId}`;

/** Org ids and ids of the sessions, then the same of the grants. */
function credentialsOf(open: readonly Stream[]): string[][] {
  const ofType = (type: DeviceKind) => open.filter(({ principal }) => principal.credential.type === type);
  return [ofType('session'), ofType('grant')].flatMap((streams) => [
    streams.map(({ principal }) => principal.orgId),
    streams.map(({ principal }) => principal.credential.id),
  ]);
}

async function withinLimit<T>(work: Promise<T>): Promise<T> {
  const limit = new AbortController();
  const late = delay(checkLimitMs, undefined, { signal: limit.signal })
    // A process that got no turn for two seconds reads what has come meanwhile before it judges.
    .then(() => setImmediate())
    .then(() => {
      throw new Error(`no answer within ${checkLimitMs} ms`);
    });
  try {
    return await Promise.race([work, late]);
  } finally {
    limit.abort();
    late.catch(() => {});
    work.catch(() => {});
  }
}
