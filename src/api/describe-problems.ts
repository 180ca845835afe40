import type { Config } from '../config.ts';
import { type ProblemCode, problems } from '../errors.ts';
import type { Documented } from './endpoint.ts';
import type { Json } from './json-schema.ts';
import { isAdministration, isRecent, type Operation, turnOf } from './operation.ts';

/** Every problem that the operation may answer. */
export function problemsOf(operation: Documented | Operation): readonly ProblemCode[] {
  const security = operation.security ?? ['session', 'accessToken'];
  const personal = security.includes('session') && !operation.securityOptional;
  const isJson = operation.body !== undefined && (operation.bodyType ?? 'application/json') === 'application/json';
  return [
    // Any request may have an address or a header that cannot be understood.
    'invalid_request',
    ...(personal
      ? (['not_signed_in', 'session_revoked', 'session_ended', 'session_displaced', 'session_expired'] as const)
      : []),
    ...(security.some((name) => name !== 'session') ? (['invalid_token'] as const) : []),
    ...(isAdministration(operation) ? (['insufficient_scope', 'forbidden'] as const) : []),
    ...('adminScope' in operation && operation.adminScope ? (['insufficient_scope'] as const) : []),
    ...(isAdministration(operation) && isRecent(operation) ? (['reauthentication_required'] as const) : []),
    ...(operation.path.startsWith('/api/') && operation.method !== 'get' ? (['foreign_origin'] as const) : []),
    ...(isJson ? (['content_too_large'] as const) : []),
    // To look at what a confirmation would end takes a turn, too.
    ...(isAdministration(operation) && (turnOf(operation) || operation.problems?.includes('confirmation_required'))
      ? (['too_many_requests'] as const)
      : []),
    ...(operation.problems ?? []),
    'internal_error',
    'unavailable',
  ];
}

/** An answer for each status that they have. */
export function describeProblems(operation: Documented | Operation): Json {
  const byStatus = Object.groupBy(new Set(problemsOf(operation)), (code) => problems[code].status);
  const own = new Set([operation.success, ...(operation.also ?? [])].map(({ status }) => status));
  return Object.fromEntries(
    Object.entries(byStatus)
      .filter(([status]) => !own.has(Number(status)))
      .map(([status, codes = []]) => [
        status,
        {
          description: codes.map((code) => `\`${code}\`: ${problems[code].title}.`).join(' '),
          content: problemContent({ allOf: [problemRef], properties: { code: { enum: codes } } }),
        },
      ]),
  );
}

export const problemRef = { $ref: '#/components/schemas/Problem' };
export const problemContent = (schema: Json) => ({ 'application/problem+json': { schema } });

/** RFC 9457; some codes have further members. */
export function problemSchema({ publicUrl }: Config): Json {
  const text = { type: 'string' };
  return {
    type: 'object',
    description: 'Problem details (RFC 9457). Some codes bring further members.',
    properties: {
      type: { ...text, format: 'uri', description: 'A page that explains the code.' },
      title: text,
      status: { type: 'integer' },
      detail: { ...text, description: 'What was wrong with this request, and what to do.' },
      code: { ...text, enum: Object.keys(problems), description: 'Never changes.' },
      requestId: { ...text, description: 'Under which the log holds the rest.' },
      errors: {
        type: 'array',
        description:
          'The parts of the request that are wrong, where it is known which. Each names a part of the body by `pointer`, or a parameter of the query or of the address by `parameter`.',
        items: {
          type: 'object',
          properties: {
            pointer: {
              ...text,
              description: 'A JSON pointer as a fragment (RFC 6901, section 6), such as `#/names/0`.',
            },
            parameter: text,
            detail: text,
          },
          required: ['detail'],
        },
      },
      permission: { ...text, description: 'Of `forbidden`: the permission that it takes.' },
      signedOutAt: { ...text, format: 'date-time', description: 'When the session or the grant ended.' },
      reason: {
        ...text,
        description:
          'Of `session_revoked`: what an administrator wrote for the person, or that their address or accounts were changed.',
      },
      helpText: {
        ...text,
        description: 'Of `session_revoked`: whom to turn to, in the organisation’s words. Plain text.',
      },
      noted: {
        const: true,
        description:
          'Of `unavailable`, at the revocation endpoint: the call is on a node’s disk, and is carried out once it can be.',
      },
      switchedOff: { const: true, description: 'The person is switched off: signing in again does not work.' },
    },
    required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
    examples: [
      {
        type: `${publicUrl}/problems/not_found`,
        title: problems.not_found.title,
        status: 404,
        detail: 'There is nothing at this address.',
        code: 'not_found',
        requestId: 'req_0f5c7a1b',
      },
    ],
  };
}
