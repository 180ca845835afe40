import express, { type RequestHandler } from 'express';
import { ScimError } from './scim-error.ts';

const types = ['application/scim+json', 'application/json'];

/** Parses a body of at most `limit` bytes, of either media type. */
export const scimBody = (limit: number): readonly RequestHandler[] => [
  (req, _res, next) => {
    if (req.is(types)) return next();
    throw new ScimError(400, 'invalidSyntax', 'Send a JSON body with "Content-Type: application/scim+json".');
  },
  express.json({ type: types, limit, strict: true }),
];
