import type { z } from 'zod';
import type { Success } from '../api/endpoint.ts';
import { scimFault } from './forms.ts';

const contentTypes = ['application/scim+json'];

const meanings = {
  400: 'Malformed; `scimType` says what: invalidFilter, invalidPath, invalidValue, mutability, tooMany, …',
  401: 'No API key that counts.',
  403: 'The key lacks the scope `scim`.',
  404: 'Nobody and nothing of this organisation has this id.',
  409: 'There is one of that name or address already (`uniqueness`).',
  412: 'It has changed since the version in `If-Match`.',
  413: 'The body is too large, or asks for too much at once.',
  429: 'Too many wrong keys from this network, or too much at once by this organisation; see `Retry-After`.',
  500: 'Our fault.',
  503: 'Something this depends on does not answer; see `Retry-After`.',
} as const;

/** The refusals of every request, and those of this one (`own`). */
export const errorsOf = (...own: (keyof typeof meanings)[]): readonly Success[] =>
  ([400, 401, 403, 429, 500, 503, ...own] as const)
    .toSorted()
    .map((status) => ({ status, description: meanings[status], contentTypes, schema: scimFault }));

/** What all SCIM endpoints have in common. */
export const provisioning = {
  tag: 'Provisioning (SCIM 2.0)',
  security: ['apiKey'],
  description: 'For an API key with the scope `scim`.',
  also: errorsOf(),
} as const;

export const ok = (schema: z.ZodType, description: string): Success => ({
  status: 200,
  description,
  schema,
  contentTypes,
});

const headers = { ETag: 'Its version.' };

/** One resource in its version. */
export const inItsVersion = (schema: z.ZodType, description: string): Success => ({
  ...ok(schema, description),
  headers,
});

export const created = (schema: z.ZodType): Success => ({
  ...ok(schema, 'The new one.'),
  status: 201,
  headers: { ...headers, Location: 'Where it is.' },
});

export const unchanged: Success = { status: 304, description: 'It is as `If-None-Match` has it.', headers };

/** The answer to a change of a group, which may have ten thousand members. */
export const changedSilently: Success = {
  status: 204,
  description: 'Changed; nothing is sent back unless `attributes` asks for it, or a member was unknown.',
  headers,
};
