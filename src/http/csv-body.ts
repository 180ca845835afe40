import express, { type RequestHandler } from 'express';
import { AppError } from '../errors.ts';

/** Reads a CSV body of at most `limit`, in UTF-8, as one text. A body not declared as CSV is a 400. */
export function csvBody(limit = '16kb'): RequestHandler[] {
  return [
    (req, _res, next) => {
      if (req.is('text/csv')) return next();
      throw new AppError('invalid_request', 'Send CSV with "Content-Type: text/csv".');
    },
    express.text({ limit, type: 'text/csv', defaultCharset: 'utf-8' }),
  ];
}
