import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { AppError } from '../errors.ts';

/**
 * Goes on once the request's body has come as a whole, of `most` bytes at most, and leaves it to be
 * read. So whoever sends slowly waits alone, and takes nothing that others wait for.
 */
export function wholeBody(most: number): RequestHandler {
  return async (req, _res, next) => {
    if (Number(req.headers['content-length'] ?? 0) > most || !(await isReceived(req, most)))
      throw new AppError('content_too_large', `The body has at most ${most} bytes.`);
    if (req.complete) next();
  };
}

/** False once more than `most` bytes have come. A request that was broken off settles it, too. */
function isReceived(req: IncomingMessage, most: number): Promise<boolean> {
  return new Promise((resolve) => {
    const look = () => {
      const isTooLarge = req.readableLength > most;
      if (!req.complete && !req.destroyed && !isTooLarge) return;
      req.off('readable', look).off('close', look);
      resolve(!isTooLarge);
    };
    // A listener makes the stream fill its buffer, which holds more than any form.
    req.on('readable', look).on('close', look);
    look();
  });
}
