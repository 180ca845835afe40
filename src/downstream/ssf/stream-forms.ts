import { z } from 'zod';
import { idOf } from '../../api/examples.ts';
import { AppError } from '../../errors.ts';
import { type GuardedFetch, GuardedFetchError } from '../../http/guarded-fetch.ts';
import { wrongMembers } from '../../issues.ts';
import { eventTypes, ssfSettings } from '../app-settings.ts';
import { uriOf, urisOf } from './event-uris.ts';
import {
  type Delivery,
  inactivityTimeout,
  minVerificationInterval,
  type StreamForm,
  type StreamRow,
  streamStatuses,
} from './stream.ts';

export const push = 'urn:ietf:rfc:8935';
export const poll = 'urn:ietf:rfc:8936';

const uri = z.string().min(1).max(500);
const words = z.string().max(1000);
const header = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[\x20-\x7e]+$/);

const delivery = z.object({
  method: z.enum([push, poll]),
  endpoint_url: z.string().min(1).max(2048).nullish(),
  authorization_header: header.nullish(),
});

/** What a receiver sends (SSF 1.0 §8.1.1). What we supply may be there, if it is as we have it. */
export const streamBody = z
  .object({
    stream_id: z.string().max(80).optional(),
    iss: z.string().max(2048).optional(),
    aud: z.union([z.string().max(2048), z.array(z.string().max(2048)).max(20)]).optional(),
    delivery: delivery.nullish(),
    events_requested: z.array(uri).max(100).nullish(),
    events_supported: z.array(uri).max(100).optional(),
    events_delivered: z.array(uri).max(100).optional(),
    min_verification_interval: z.number().optional(),
    inactivity_timeout: z.number().optional(),
    description: words.nullish(),
  })
  .meta({ id: 'EventStreamRequest' });
export type StreamBody = z.output<typeof streamBody>;

const shownUri = z.string().meta({ examples: [uriOf['session-revoked']] });

export const streamShown = z
  .object({
    stream_id: idOf('stream'),
    iss: z.string().meta({ examples: ['https://logout.example/orgs/org_7d1c5e0f2b9a4c8e8f3a6b1d0e9c2a47'] }),
    aud: z.string().meta({ examples: ['https://receiver.example'] }),
    delivery: z
      .object({ method: z.enum([push, poll]), endpoint_url: z.string() })
      .meta({ examples: [{ method: push, endpoint_url: 'https://receiver.example/events' }] }),
    events_supported: z.array(shownUri),
    events_requested: z.array(shownUri),
    events_delivered: z.array(shownUri),
    min_verification_interval: z.int(),
    inactivity_timeout: z
      .int()
      .describe('Seconds without a call of the receiver after which a polled stream is paused.'),
    description: z
      .string()
      .optional()
      .meta({ examples: ['Of our directory'] }),
  })
  .meta({ id: 'EventStream' });

export const statusBody = z
  .object({ stream_id: z.string().max(80), status: z.enum(streamStatuses), reason: words.nullish() })
  .meta({ id: 'EventStreamStatusRequest' });
export const statusShown = z
  .object({
    stream_id: idOf('stream'),
    status: z.enum(streamStatuses),
    reason: z
      .string()
      .optional()
      .meta({ examples: ['Maintenance'] }),
  })
  .meta({ id: 'EventStreamStatus' });
export const subjectBody = z
  .object({ stream_id: z.string().max(80), subject: z.unknown(), verified: z.boolean().optional() })
  .meta({ id: 'EventStreamSubject' });
export const verificationBody = z
  .object({ stream_id: z.string().max(80), state: z.string().max(1000).nullish() })
  .meta({ id: 'EventStreamVerification' });

/** @throws AppError invalid_request, which names the members that are wrong and never their values */
export function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new AppError('invalid_request', 'The body must be a JSON object.');
  throw new AppError(
    'invalid_request',
    `These members are missing or malformed: ${wrongMembers(parsed.error, 'all').join(', ')}.`,
  );
}

/** Without `delivery` events are polled; without `events_requested` it is every event that there is. */
export function readForm(appFetch: GuardedFetch, body: StreamBody): StreamForm {
  return {
    delivery: readDelivery(appFetch, body.delivery ?? { method: poll }),
    eventsRequested: [...new Set(body.events_requested ?? urisOf(eventTypes))],
    description: body.description ?? null,
  };
}

function readDelivery(appFetch: GuardedFetch, given: z.output<typeof delivery>): Delivery {
  if (given.method === poll) {
    if (given.authorization_header)
      throw new AppError('invalid_request', '"delivery.authorization_header" is for pushes alone.');
    return { method: 'poll' };
  }
  const { endpoint_url: endpointUrl, authorization_header: shown } = given;
  if (!endpointUrl)
    throw new AppError('invalid_request', '"delivery.endpoint_url" is missing: where are events pushed to?');
  try {
    appFetch.check(endpointUrl);
  } catch (error) {
    if (!(error instanceof GuardedFetchError)) throw error;
    throw new AppError('invalid_request', `"delivery.endpoint_url": ${error.message}`);
  }
  return { method: 'push', endpointUrl, header: shown ?? null };
}

/** A stream as its receiver sees it. `authorization_header` is never shown again. */
export function presentStream(issuer: string, stream: StreamRow): z.output<typeof streamShown> {
  const { audience, events } = ssfSettings.parse(stream.settings);
  const supported = urisOf(events);
  return {
    stream_id: stream.id,
    iss: issuer,
    aud: audience,
    delivery:
      stream.method === 'push'
        ? { method: push, endpoint_url: stream.endpointUrl as string }
        : { method: poll, endpoint_url: pollUrl(issuer, stream) },
    events_supported: supported,
    events_requested: [...stream.eventsRequested],
    events_delivered: supported.filter((each) => stream.eventsRequested.includes(each)),
    min_verification_interval: minVerificationInterval,
    inactivity_timeout: inactivityTimeout,
    ...(stream.description === null ? {} : { description: stream.description }),
  };
}

/** §8.1.1.3, §8.1.1.4: what we supply may be sent along, but not otherwise. @throws AppError */
export function requireOurs(issuer: string, stream: StreamRow, body: StreamBody): void {
  const ours = presentStream(issuer, stream);
  const { iss, aud, events_supported, events_delivered, min_verification_interval, inactivity_timeout } = ours;
  const fixed = { iss, aud, events_supported, events_delivered, min_verification_interval, inactivity_timeout };
  const wrong = Object.entries(fixed).filter(([name, value]) => {
    const given = body[name as keyof typeof fixed];
    return given !== undefined && listed(given) !== listed(value);
  });
  const { method, endpoint_url: address } = body.delivery ?? {};
  const polledElsewhere = method === poll && address && address !== pollUrl(issuer, stream);
  const names = [...wrong.map(([name]) => name), ...(polledElsewhere ? ['delivery.endpoint_url'] : [])];
  if (names.length > 0)
    throw new AppError('invalid_request', `These members are ours to set, and differ: ${names.join(', ')}.`);
}

const listed = (value: unknown) => JSON.stringify([value].flat().toSorted());
const pollUrl = (issuer: string, { id }: StreamRow) => `${issuer}/ssf/poll/${id}`;
