import type { RequestHandler } from 'express';
import type { Pool } from 'pg';
import { z } from 'zod';
import { type Documented, type Endpoint, endpoint } from '../../api/endpoint.ts';
import { idOf } from '../../api/examples.ts';
import { isReference } from '../../database/ids.ts';
import { AppError } from '../../errors.ts';
import type { GuardedFetch } from '../../http/guarded-fetch.ts';
import { jsonBody } from '../../http/json-body.ts';
import { noStore } from '../../http/no-store.ts';
import type { InTurn } from '../../http/turns.ts';
import { type OrgSignerDeps, orgIssuer } from '../../signing/org-keys.ts';
import type { Arrivals } from './arrivals.ts';
import { metadataOf, metadataShown } from './metadata.ts';
import { createPoll, pollAnswer, pollBody } from './poll.ts';
import { createReceiverAuthentication, type ReceiverScope } from './receiver.ts';
import { createStatusHandlers } from './status-endpoints.ts';
import { createStreamHandlers } from './stream-endpoints.ts';
import {
  push,
  statusBody,
  statusShown,
  streamBody,
  streamShown,
  subjectBody,
  verificationBody,
} from './stream-forms.ts';
import { createStreams } from './streams.ts';

type Deps = OrgSignerDeps &
  Readonly<{ pool: Pool; appFetch: GuardedFetch; arrivals: Arrivals; inTurn: InTurn; wake: () => void }>;

const tag = 'Events for receivers';
const org = z.object({ org: idOf('org') });
const ofStream = z.object({ stream_id: z.string().describe('Of the stream.') });
const stream = (description: string, status = 200) => ({ status, description, schema: streamShown });
const subject = { format: 'email', email: 'trinity@whiterabbit.fake' };
const streamId = 'str_7d1c5e0f2b9a4c8e8f3a6b1d0e9c2a47';

/**
 * An org's transmitter of security events (SSF 1.0): what its receivers ask. They are no browsers,
 * and an access token of the org's own issuer says which of its apps it is.
 */
export function createEventEndpoints(deps: Deps): readonly Endpoint[] {
  const { config, pool } = deps;
  const issuerOf = (orgId: string) => orgIssuer(config, orgId);
  const streams = createStreams(deps);
  const authenticate = createReceiverAuthentication({ pool });
  const configuration = createStreamHandlers({ ...deps, streams, issuerOf });
  const status = createStatusHandlers({ pool, streams });

  type Definition = Omit<Documented, 'tag' | 'security' | 'params'> & Pick<Documented, 'params'>;
  const made = (definition: Definition, scope: ReceiverScope, handler: RequestHandler): Endpoint =>
    endpoint({
      params: org,
      ...definition,
      tag,
      security: ['receiverToken'],
      problems: [
        'invalid_request',
        'invalid_token',
        'insufficient_scope',
        ...(definition.problems ?? []),
        'too_many_requests',
        'unavailable',
      ],
      handlers: [
        noStore,
        authenticate(scope),
        ...(definition.body ? jsonBody('64kb') : []),
        handler,
      ] as RequestHandler[],
    } as Parameters<typeof endpoint>[0]);

  const showMetadata: RequestHandler<{ org: string }> = async (req, res) => {
    const orgId = req.params.org;
    const { rowCount } = isReference(orgId)
      ? await pool.query('SELECT FROM orgs WHERE id = $1', [orgId])
      : { rowCount: 0 };
    if (rowCount !== 1) throw new AppError('not_found', 'There is no such organisation.');
    res.set('Cache-Control', 'public, max-age=300').json(metadataOf(issuerOf(orgId)));
  };

  const path = '/orgs/{org}/ssf';
  return [
    endpoint({
      method: 'get',
      path: '/.well-known/ssf-configuration/orgs/{org}',
      id: 'getEventTransmitter',
      tag,
      summary: 'What an organisation’s transmitter can do',
      description: 'SSF 1.0 §7.',
      params: org,
      security: [],
      success: { status: 200, description: 'Its metadata.', schema: metadataShown },
      problems: ['not_found', 'unavailable'],
      handlers: [showMetadata],
    }),
    made(
      {
        method: 'post',
        path: `${path}/stream`,
        id: 'createEventStream',
        summary: 'Create the stream of this receiver',
        description:
          'Without `delivery` its events are polled, without `events_requested` it gets every event. An `authorization_header` is shown to `endpoint_url` by each push, and never shown again here.',
        body: streamBody,
        bodyExample: { delivery: { method: push, endpoint_url: 'https://receiver.example/events' } },
        success: stream('Created.', 201),
        problems: ['conflict'],
      },
      'ssf.manage',
      configuration.create,
    ),
    made(
      {
        method: 'get',
        path: `${path}/stream`,
        id: 'readEventStream',
        summary: 'The stream of this receiver',
        description: 'SSF 1.0 §8.1.1.2.',
        query: ofStream.partial(),
        success: {
          status: 200,
          description: 'The stream of that id; without an id a list, in which there is one at most.',
          schema: z.union([streamShown, z.array(streamShown)]).meta({ id: 'EventStreams' }),
        },
        problems: ['not_found'],
      },
      'ssf.read',
      configuration.read,
    ),
    made(
      {
        method: 'patch',
        path: `${path}/stream`,
        id: 'updateEventStream',
        summary: 'Change what is sent, and leave the rest',
        description: 'What we supply may be sent along, if it is as it stands here. SSF 1.0 §8.1.1.3.',
        body: streamBody,
        bodyExample: { stream_id: streamId, description: 'Of our directory' },
        success: stream('As it is now.'),
        problems: ['not_found'],
      },
      'ssf.manage',
      configuration.update,
    ),
    made(
      {
        method: 'put',
        path: `${path}/stream`,
        id: 'replaceEventStream',
        summary: 'Replace all that the receiver says of its stream',
        description: 'What is not sent is as it is for a new stream. SSF 1.0 §8.1.1.4.',
        body: streamBody,
        bodyExample: {
          stream_id: streamId,
          delivery: { method: push, endpoint_url: 'https://receiver.example/events' },
        },
        success: stream('As it is now.'),
        problems: ['not_found'],
      },
      'ssf.manage',
      configuration.replace,
    ),
    made(
      {
        method: 'delete',
        path: `${path}/stream`,
        id: 'deleteEventStream',
        summary: 'Delete the stream, with what waits in it',
        description: 'SSF 1.0 §8.1.1.5.',
        query: ofStream,
        success: { status: 204, description: 'Deleted.' },
        problems: ['not_found'],
      },
      'ssf.manage',
      configuration.remove,
    ),
    made(
      {
        method: 'get',
        path: `${path}/status`,
        id: 'readEventStreamStatus',
        summary: 'Whether the stream flows',
        description: 'SSF 1.0 §8.1.2.1.',
        query: ofStream,
        success: { status: 200, description: 'Its status.', schema: statusShown },
        problems: ['not_found'],
      },
      'ssf.read',
      status.read,
    ),
    made(
      {
        method: 'post',
        path: `${path}/status`,
        id: 'setEventStreamStatus',
        summary: 'Pause the stream, switch it off, or let it flow',
        description: '`paused`: what comes is held, 30 days at most. `disabled`: what comes is discarded.',
        body: statusBody,
        bodyExample: { stream_id: streamId, status: 'paused', reason: 'Maintenance' },
        success: { status: 200, description: 'As it is now.', schema: statusShown },
        problems: ['not_found', 'forbidden'],
      },
      'ssf.manage',
      status.set,
    ),
    made(
      {
        method: 'post',
        path: `${path}/subjects/add`,
        id: 'addEventStreamSubject',
        summary: 'Hear of somebody again who was removed',
        description:
          'At first a stream has everybody whom its app concerns. The answer is the same for unknown people.',
        body: subjectBody,
        bodyExample: { stream_id: streamId, subject },
        success: { status: 200, description: 'Added, if there is such a person.' },
        problems: ['not_found', 'invalid_subject', 'unsupported_subject_format'],
      },
      'ssf.manage',
      status.addSubject,
    ),
    made(
      {
        method: 'post',
        path: `${path}/subjects/remove`,
        id: 'removeEventStreamSubject',
        summary: 'Hear no more of somebody',
        description: 'SSF 1.0 §8.1.3.3. The answer is the same for unknown people.',
        body: subjectBody,
        bodyExample: { stream_id: streamId, subject },
        success: { status: 204, description: 'Removed, if there is such a person.' },
        problems: ['not_found', 'invalid_subject', 'unsupported_subject_format'],
      },
      'ssf.manage',
      status.removeSubject,
    ),
    made(
      {
        method: 'post',
        path: `${path}/verify`,
        id: 'verifyEventStream',
        summary: 'Ask for a verification event',
        description: 'SSF 1.0 §8.1.4. It goes by the way of all events, with the `state` that is sent.',
        body: verificationBody,
        bodyExample: { stream_id: streamId, state: 'a-text-to-know-it-by' },
        success: { status: 204, description: 'It is on its way.' },
        problems: ['not_found'],
      },
      'ssf.manage',
      status.verify,
    ),
    made(
      {
        method: 'post',
        path: `${path}/poll/{stream}`,
        id: 'pollEvents',
        summary: 'Fetch events, and acknowledge those of before',
        description:
          'RFC 8936. Unless `returnImmediately` is true it waits up to 30 seconds for the next event. An event comes again until it is acknowledged; `maxEvents` 0 acknowledges alone, and 100 is the most.',
        params: z.object({ org: idOf('org'), stream: idOf('stream') }),
        body: pollBody,
        bodyExample: { maxEvents: 10, returnImmediately: true, ack: [] },
        success: { status: 200, description: 'Security event tokens by their `jti`.', schema: pollAnswer },
        problems: ['not_found'],
      },
      'ssf.read',
      createPoll({ ...deps, streams }) as unknown as RequestHandler,
    ),
  ];
}
