import type { PoolClient } from 'pg';

export const streamStatuses = ['enabled', 'paused', 'disabled'] as const;
export type StreamStatus = (typeof streamStatuses)[number];

/** `poll`: at an address of ours. `push`: to one of the receiver's, which `header` is shown to. */
export type Delivery =
  | Readonly<{ method: 'poll' }>
  | Readonly<{ method: 'push'; endpointUrl: string; header: string | null }>;

/** What a receiver says of its stream. */
export type StreamForm = Readonly<{
  /** Null: as it is. */
  delivery: Delivery | null;
  /** URIs. */
  eventsRequested: readonly string[];
  description: string | null;
}>;

/** The stream of a receiver: of one app, of one org. */
export type StreamRow = Readonly<{
  orgId: string;
  id: string;
  appId: string;
  method: 'push' | 'poll';
  endpointUrl: string | null;
  /** Sealed. */
  authorizationHeader: string | null;
  eventsRequested: readonly string[];
  description: string | null;
  /** The receiver's own, or ours after it was silent for too long. */
  ownStatus: StreamStatus;
  /** What administrators set for the app. */
  appState: 'enabled' | 'paused' | 'disabled';
  /** Of the two, the one that lets less through. */
  status: StreamStatus;
  reason: string | null;
  /** Of the app, as stored. */
  settings: unknown;
}>;

/** Seconds without a word of the receiver after which a polled stream is paused. */
export const inactivityTimeout = 7 * 86_400;

/** Seconds between two verifications. */
export const minVerificationInterval = 5;

/** SQL over `a` (apps) and `s` (event_streams). */
export const streamStatus = `CASE
  WHEN a.state = 'disabled' OR s.status = 'disabled' THEN 'disabled'
  WHEN a.state = 'paused' OR s.status = 'paused' THEN 'paused' ELSE 'enabled' END`;

/** SQL over `a`, `s` and `f` (forwards): of a stream that stands still only the news of that. */
export const canBeFetched = `f.status = 'pending' AND f.jti IS NOT NULL
  AND (f.type = 'stream-updated' OR (a.state = 'enabled' AND s.status = 'enabled'))`;

export const streamColumns = `s.org_id AS "orgId", s.id, s.app_id AS "appId", s.method, s.endpoint_url AS "endpointUrl",
  s.authorization_header AS "authorizationHeader", s.events_requested AS "eventsRequested", s.description,
  s.status AS "ownStatus", a.state AS "appState", ${streamStatus} AS status, CASE WHEN s.status <> 'enabled' THEN s.reason END AS reason, a.settings`;

/**
 * Lets a receiver know that its stream stands still, or goes on (SSF 1.0 §8.1.5). It goes out though
 * nothing else does, and only the latest counts. Nothing is told to an app that has no stream, nor
 * where nobody could fetch it.
 */
export async function tellStreamUpdated(
  client: PoolClient,
  orgId: string,
  appId: string,
  reason: string | null,
): Promise<void> {
  await client.query(
    `WITH before AS (
       UPDATE forwards SET status = 'superseded', finished_at = clock_timestamp()
       WHERE org_id = $1 AND app_id = $2 AND status = 'pending' AND type = 'stream-updated'
     )
     INSERT INTO forwards (org_id, id, app_id, user_id, type, said, jti, revoked_at)
     SELECT a.org_id, 'fwd_' || replace(gen_random_uuid()::text, '-', ''), a.id, s.id, 'stream-updated',
            jsonb_build_object('status', ${streamStatus}, 'reason', $3::text), gen_random_uuid(), clock_timestamp()
     FROM apps a JOIN event_streams s ON s.org_id = a.org_id AND s.app_id = a.id
     WHERE a.org_id = $1 AND a.id = $2 AND (s.method = 'push' OR a.state <> 'disabled')`,
    [orgId, appId, reason],
  );
}
