import { z } from 'zod';
import type { Documented } from '../api/operation.ts';
import { aliases, identifier } from './subject-identifier.ts';

const subject = z.union([identifier, aliases]).meta({
  id: 'SubjectIdentifier',
  description: 'RFC 9493. Users are found by email, iss_sub, opaque (their id), account, and aliases of these.',
});

const revoke = {
  method: 'post',
  tag: 'Global Token Revocation',
  summary: 'End every session and every token of a person',
  description:
    'draft-parecki-oauth-global-token-revocation. Answered when it is done: no request that begins after the `204` gets ' +
    'anything with what the person held before. Asking twice does no harm. A user of another organisation is nobody.',
  body: z.looseObject({
    sub_id: subject.optional(),
    subject: subject.optional().describe('What older callers send in place of `sub_id`.'),
  }),
  bodyExample: { sub_id: { format: 'email', email: 'trinity@whiterabbit.fake' } },
  security: ['apiKey', 'signedJwt'],
  success: { status: 204, description: 'Done, also if there was nothing to end.' },
  problems: [
    'invalid_subject',
    'unsupported_subject_format',
    'ambiguous_subject',
    'insufficient_scope',
    'caller_not_allowed',
    'user_not_found',
    'too_many_requests',
  ],
} as const satisfies Partial<Documented>;

export const revocationDocumentation: readonly Documented[] = [
  { ...revoke, path: '/global-token-revocation', id: 'revokeGlobally' },
  {
    ...revoke,
    path: '/global-token-revocation/{connection}',
    id: 'revokeGloballyByConnection',
    summary: 'The same, for the IdP of one connection',
    params: z.object({ connection: z.string().describe('The id of a connection of the organisation.') }),
  },
];
