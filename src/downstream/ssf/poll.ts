import type { RequestHandler, Response } from 'express';
import type { Pool } from 'pg';
import { z } from 'zod';
import { transaction } from '../../database/pool.ts';
import { AppError } from '../../errors.ts';
import type { InTurn } from '../../http/turns.ts';
import { createOrgSigner, type OrgSignerDeps } from '../../signing/org-keys.ts';
import { ssfSettings } from '../app-settings.ts';
import { isForgotten, withoutReasons } from '../forgotten.ts';
import { tellOfMissingNames } from '../missing-names.ts';
import { type Failed, recordFailed } from '../record-failed.ts';
import type { Arrivals } from './arrivals.ts';
import { type EventToSend, isNameless, makeEventToken } from './event-token.ts';
import { errorWord } from './push-errors.ts';
import { receiverOf } from './receiver.ts';
import { canBeFetched, type StreamRow } from './stream.ts';
import { parseBody } from './stream-forms.ts';
import type { Streams } from './streams.ts';

/** Events of one answer, at most: each costs a signature. */
const mostEvents = 100;
/** Milliseconds that a poll waits for the next event. */
const longestWait = 30_000;

const jti = z.string().min(1).max(255);
/** RFC 8936 §2.2. */
export const pollBody = z
  .object({
    maxEvents: z.int().min(0).optional(),
    returnImmediately: z.boolean().optional(),
    ack: z.array(jti).max(1000).optional(),
    setErrs: z
      .record(jti, z.object({ err: z.string().max(100), description: z.string().max(2000).optional() }))
      .refine((errors) => Object.keys(errors).length <= 1000)
      .optional(),
  })
  .meta({ id: 'EventPollRequest' });
export const pollAnswer = z
  .object({
    sets: z
      .record(z.string(), z.string())
      .meta({ examples: [{ '4d3559ec67504aaba65d40b0363faad8': 'eyJhbGciOiJSUzI1NiIs…' }] }),
    moreAvailable: z.boolean(),
  })
  .meta({ id: 'EventPollAnswer' });

type Deps = OrgSignerDeps & Readonly<{ pool: Pool; streams: Streams; arrivals: Arrivals; inTurn: InTurn }>;

/**
 * A poll (RFC 8936 §2): takes what was acknowledged, then gives what waits, or waits for it, without
 * a connection to the database. An event is kept until it is acknowledged, whoever was sent it.
 */
export function createPoll(deps: Deps): RequestHandler<{ org: string; stream: string }> {
  const { pool, streams, arrivals, inTurn } = deps;
  const signerOf = createOrgSigner(deps);

  return async (req, res) => {
    const receiver = receiverOf(res);
    const stream = await streams.find(receiver.orgId, receiver.appId);
    if (!stream || stream.id !== req.params.stream || stream.method !== 'poll')
      throw new AppError('not_found', 'You have no stream that is polled at this address.');
    const { maxEvents = mostEvents, returnImmediately = false, ack = [], setErrs = {} } = parseBody(pollBody, req.body);
    await streams.noteUse(stream);
    await acknowledge(pool, stream, ack, setErrs);
    const most = Math.min(maxEvents, mostEvents);
    const look = () => inTurn('events', receiver.orgId, () => give({ pool, signerOf }, stream, most), res);
    let answer = await look();
    if (most > 0 && !returnImmediately && isEmpty(answer)) {
      await arrivals.wait(receiver, longestWait, gone(res));
      if (!res.closed) answer = await look();
    }
    res.json(answer);
  };
}

type Answer = z.output<typeof pollAnswer>;
const isEmpty = ({ sets }: Answer) => Object.keys(sets).length === 0;

function gone(res: Response): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => controller.abort());
  return controller.signal;
}

type EventToGive = EventToSend & { jti: string; settings: unknown };

/** What waits, the oldest first. What would name nobody is left out on the way. */
async function give(
  { pool, signerOf }: { pool: Pool; signerOf: ReturnType<typeof createOrgSigner> },
  { orgId, appId }: StreamRow,
  most: number,
): Promise<Answer> {
  for (;;) {
    const { rows } = await pool.query<EventToGive>({
      name: 'events-to-fetch',
      text: `SELECT f.jti, f.user_id AS "userId", f.type, f.names, f.said, f.revocation_id AS "revocationId", f.revoked_at AS "revokedAt", a.settings
             FROM apps a
             JOIN event_streams s ON s.org_id = a.org_id AND s.app_id = a.id
             JOIN forwards f ON f.org_id = a.org_id AND f.app_id = a.id AND ${canBeFetched}
             WHERE a.org_id = $1 AND a.id = $2
             ORDER BY f.mass, f.created_at, f.id LIMIT $3`,
      values: [orgId, appId, mostEvents + 1],
    });
    const events = rows.map(({ settings, ...event }) => ({ event, settings: ssfSettings.parse(settings) }));
    const [nameless = [], named = []] = [true, false].map((none) =>
      events.filter(({ event, settings }) => isNameless(event, settings) === none),
    );
    if (nameless.length > 0)
      await leaveOut(
        pool,
        { orgId, appId },
        nameless.map(({ event }) => event.jti),
      );
    // Nothing but those: what waits behind them is looked for.
    if (rows.length > 0 && named.length === 0) continue;
    const moreAvailable = named.length > most || rows.length > mostEvents;
    const given = named.slice(0, most);
    if (given.length === 0) return { sets: {}, moreAvailable };
    const sign = await signerOf(orgId);
    const sets = await Promise.all(
      given.map(async ({ event, settings }) => [event.jti, await makeEventToken(sign, settings, event)] as const),
    );
    const known = sets.filter((each): each is readonly [string, string] => each[1] !== null);
    return { sets: Object.fromEntries(known), moreAvailable };
  }
}

/** The receipt says so, and administrators are told. */
async function leaveOut(
  pool: Pool,
  { orgId, appId }: Pick<StreamRow, 'orgId' | 'appId'>,
  jtis: readonly string[],
): Promise<void> {
  await transaction(pool, async (client) => {
    const { rows } = await client.query<{ org_id: string; app_id: string }>(
      `UPDATE forwards f SET status = 'left_out', error = 'no_identity', names = '{}', said = ${withoutReasons}, finished_at = clock_timestamp()
       WHERE f.org_id = $1 AND f.app_id = $2 AND f.jti = ANY ($3::text[]) AND f.status = 'pending'
       RETURNING f.org_id, f.app_id`,
      [orgId, appId, jtis],
    );
    await tellOfMissingNames(client, rows.slice(0, 1));
  });
}

/** What was acknowledged is delivered; what was refused is dead, and administrators are told. */
async function acknowledge(
  pool: Pool,
  { orgId, appId }: StreamRow,
  ack: readonly string[],
  setErrs: Readonly<Record<string, { err: string }>>,
): Promise<void> {
  const errors = Object.entries(setErrs);
  if (ack.length === 0 && errors.length === 0) return;
  await transaction(pool, async (client) => {
    const { rows } = await client.query<Failed & { status: string }>(settleSql, [
      orgId,
      appId,
      ack,
      errors.map(([id]) => id),
      errors.map(([, { err }]) => errorWord(err)),
    ]);
    for (const row of rows) if (row.status === 'dead') await recordFailed(client, row, null);
  });
}

const settleSql = `
  WITH said AS (
    SELECT jti, 'delivered' AS status, NULL AS error FROM unnest($3::text[]) AS jti
    UNION
    SELECT jti, 'dead', error FROM unnest($4::text[], $5::text[]) AS wrong (jti, error) WHERE jti <> ALL ($3::text[])
  ), settled AS (
    UPDATE forwards f SET status = said.status, error = said.error, attempts = f.attempts + 1,
      (names, said) = (SELECT CASE WHEN gone THEN '{}' ELSE f.names END, CASE WHEN gone THEN ${withoutReasons} ELSE f.said END
                       FROM (SELECT said.status = 'delivered' OR ${isForgotten}) AS over (gone)),
      finished_at = clock_timestamp()
    FROM said
    WHERE f.org_id = $1 AND f.app_id = $2 AND f.jti = said.jti AND f.status = 'pending'
    RETURNING f.org_id, f.id, f.app_id, f.status, f.error, f.attempts, f.revocation_id
  ), logged AS (
    INSERT INTO forward_attempts (org_id, forward_id, number, status, duration_ms, error)
    SELECT org_id, id, attempts, NULL, 0, error FROM settled
  ), healthy AS (
    UPDATE apps SET last_received_at = clock_timestamp()
    WHERE org_id = $1 AND id = $2 AND EXISTS (SELECT FROM settled WHERE status = 'delivered')
      AND (last_received_at IS NULL OR last_received_at < clock_timestamp() - interval '1 second')
  )
  SELECT s.org_id AS "orgId", s.app_id AS "appId", a.name, s.id, s.revocation_id AS revocation, s.status, s.error, s.attempts
  FROM settled s JOIN apps a ON a.org_id = s.org_id AND a.id = s.app_id`;
