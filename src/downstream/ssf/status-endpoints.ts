import type { RequestHandler, Response } from 'express';
import type { Pool } from 'pg';
import { AppError } from '../../errors.ts';
import { findMeant } from '../../revocation/find-meant.ts';
import { parseSubject, toSubject } from '../../revocation/subject-identifier.ts';
import type { StreamRow } from './stream.ts';
import { namedStream, requireStream } from './stream-endpoints.ts';
import { parseBody, statusBody, subjectBody, verificationBody } from './stream-forms.ts';
import type { Streams } from './streams.ts';

/** Status, subjects and verification of a stream (SSF 1.0 §8.1.2 to §8.1.4). */
export function createStatusHandlers({ pool, streams }: { pool: Pool; streams: Streams }) {
  const show = (res: Response, { id, status, reason }: Pick<StreamRow, 'id' | 'status' | 'reason'>) =>
    void res.json({ stream_id: id, status, ...(reason ? { reason } : {}) });

  const read: RequestHandler = async (req, res) => show(res, await requireStream(streams, res, namedStream(req)));

  /** What an administrator has stopped, the receiver can't start. */
  const set: RequestHandler = async (req, res) => {
    const { stream_id: id, status, reason = null } = parseBody(statusBody, req.body);
    const stream = await requireStream(streams, res, id);
    if (stream.appState !== 'enabled' && status === 'enabled')
      throw new AppError('forbidden', 'An administrator of the organisation has paused this stream; ask them.');
    await streams.setStatus(stream, status, reason);
    // As it is now: an administrator may have paused the app, too.
    show(res, await requireStream(streams, res, id));
  };

  /**
   * By their names of today. The answer is the same whether anybody is called so: a receiver learns
   * of nobody whom it has never heard of.
   */
  const meantBy = async (res: Response, body: unknown) => {
    const { stream_id: id, subject } = parseBody(subjectBody, body);
    const stream = await requireStream(streams, res, id);
    return { stream, userIds: await findMeant(pool, stream.orgId, toSubject(parseSubject(subject))) };
  };

  const addSubject: RequestHandler = async (req, res) => {
    const { stream, userIds } = await meantBy(res, req.body);
    await streams.addPeople(stream, userIds);
    res.status(200).end();
  };

  const removeSubject: RequestHandler = async (req, res) => {
    const { stream, userIds } = await meantBy(res, req.body);
    await streams.removePeople(stream, userIds);
    res.status(204).end();
  };

  const verify: RequestHandler = async (req, res) => {
    const { stream_id: id, state = null } = parseBody(verificationBody, req.body);
    const stream = await requireStream(streams, res, id);
    if (stream.status !== 'enabled')
      throw new AppError('invalid_request', `The stream is ${stream.status}: enable it before you verify it.`);
    await streams.verify(stream, state);
    res.status(204).end();
  };

  return { read, set, addSubject, removeSubject, verify };
}
