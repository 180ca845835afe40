import type { RequestHandler } from 'express';

/** Whatever is answered, nobody keeps it (RFC 9111 §5.2.2.5). */
export const noStore: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store');
  next();
};
