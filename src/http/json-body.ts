import express, { type RequestHandler } from 'express';
import { AppError } from '../errors.ts';

/**
 * Parses a JSON body of at most `limit` (default 16 KB). Anything that isn't declared JSON is a 400
 * that says so.
 */
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
 * Whether each name and text of what JSON said is well-formed Unicode. JSON's escapes can say what
 * is not (RFC 8259 §8.2): it cannot be stored, or only as another text. Walked without recursion,
 * for it may be very deep.
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
