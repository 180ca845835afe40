import type { Request, RequestHandler, Response } from 'express';
import { AppError } from '../../errors.ts';
import type { GuardedFetch } from '../../http/guarded-fetch.ts';
import { receiverOf } from './receiver.ts';
import type { StreamForm, StreamRow } from './stream.ts';
import { parseBody, presentStream, readForm, requireOurs, streamBody } from './stream-forms.ts';
import type { Streams } from './streams.ts';

type Deps = Readonly<{ streams: Streams; appFetch: GuardedFetch; issuerOf: (orgId: string) => string }>;

/** The stream of the receiver who calls, if it is the one that is named. @throws AppError not_found */
export async function requireStream(streams: Streams, res: Response, id: unknown): Promise<StreamRow> {
  const { orgId, appId } = receiverOf(res);
  const stream = await streams.find(orgId, appId);
  if (!stream || stream.id !== id) throw new AppError('not_found', 'You have no such stream.');
  await streams.noteUse(stream);
  return stream;
}

/** @throws AppError invalid_request where the address doesn't name a stream */
export function namedStream({ query }: Pick<Request, 'query'>): string {
  if (typeof query.stream_id === 'string' && query.stream_id !== '') return query.stream_id;
  throw new AppError('invalid_request', 'Name the stream in the address: ?stream_id=…');
}

/** The stream configuration endpoint (SSF 1.0 §8.1.1), a handler a method. */
export function createStreamHandlers({ streams, appFetch, issuerOf }: Deps) {
  const show = (res: Response, status: number, stream: StreamRow) =>
    void res.status(status).json(presentStream(issuerOf(stream.orgId), stream));

  const change = async (req: Request, res: Response, formOf: (before: StreamRow) => StreamForm): Promise<void> => {
    const body = parseBody(streamBody, req.body);
    const before = await requireStream(streams, res, body.stream_id);
    requireOurs(issuerOf(before.orgId), before, body);
    const after = await streams.change(before, formOf(before));
    if (!after) throw new AppError('not_found', 'You have no such stream.');
    show(res, 200, after);
  };

  const create: RequestHandler = async (req, res) => {
    const { orgId, appId } = receiverOf(res);
    const form = readForm(appFetch, parseBody(streamBody, req.body));
    show(res, 201, await streams.create(orgId, appId, form));
  };

  /** One by its id, or a list of all, of which there is one at most. */
  const read: RequestHandler = async (req, res) => {
    if (req.query.stream_id !== undefined)
      return show(res, 200, await requireStream(streams, res, req.query.stream_id));
    const { orgId, appId } = receiverOf(res);
    const stream = await streams.find(orgId, appId);
    res.json(stream ? [presentStream(issuerOf(orgId), stream)] : []);
  };

  /** What isn't sent stays. `null` is as good as not there. */
  const update: RequestHandler = (req, res) =>
    change(req, res, (before) => {
      const body = parseBody(streamBody, req.body);
      const sent = readForm(appFetch, body);
      return {
        delivery: body.delivery ? sent.delivery : null,
        eventsRequested: body.events_requested ? sent.eventsRequested : before.eventsRequested,
        description: body.description === undefined ? before.description : sent.description,
      };
    });

  /** What isn't sent is as it is for a new stream. */
  const replace: RequestHandler = (req, res) =>
    change(req, res, () => readForm(appFetch, parseBody(streamBody, req.body)));

  const remove: RequestHandler = async (req, res) => {
    await streams.remove(await requireStream(streams, res, namedStream(req)));
    res.status(204).end();
  };

  return { create, read, update, replace, remove };
}
