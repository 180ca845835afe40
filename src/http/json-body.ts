import express, { type RequestHandler } from 'express';
import { AppError } from '../errors.ts';

/** Parses a JSON body of at most `limit` (default 16 KB). A body not declared as JSON is a 400. */
export function jsonBody(limit = '16kb'): RequestHandler[] {
  return [
    (req, _res, next) => {
      if (req.is('application/json')) return next();
      throw new AppError('invalid_request', 'Send a JSON body with "Content-Type: application/json".');
    },
    express.json({ limit, strict: true }),
    (req, _res, next) => {
      if (isWellFormed(req.body)) return next();
      throw new AppError('invalid_request', brokenText);
    },
  ];
}

const brokenText = 'A text in the body holds half a character (an escaped surrogate without its other half).';

/**
 * Whether each name and text in parsed JSON is well-formed Unicode. JSON's escapes can hold half a
 * surrogate pair (RFC 8259 §8.2), which no database stores as it is. Walks without recursion: the
 * JSON may be very deep.
 */
function isWellFormed(json: unknown): boolean {
  const left = [json];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === 'string' && !value.isWellFormed()) return false;
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, member] of Object.entries(value)) left.push(name, member);
  }
  return true;
}
