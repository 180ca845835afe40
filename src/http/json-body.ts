import express, { type RequestHandler } from 'express';
import { AppError } from '../errors.ts';

/** Parses a JSON body of at most `limit` (default 16 KB). Anything that isn't declared JSON is a 400 that says so. */
export function jsonBody(limit = '16kb'): RequestHandler[] {
  return [
    (req, _res, next) => {
      if (req.is('application/json')) return next();
      throw new AppError('invalid_request', 'Send a JSON body with "Content-Type: application/json".');
    },
    express.json({ limit, strict: true }),
  ];
}
