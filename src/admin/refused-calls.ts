import type { Pool } from 'pg';
import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readTimeCursor, toPage } from '../api/page.ts';
import { createAuditEvents, type RecordedEvent } from '../audit/events.ts';
import { type ProblemCode, problems } from '../errors.ts';
import { clientNetwork } from '../http/client-address.ts';
import { callerTypes } from '../revocation/caller.ts';
import { credentialTypes } from '../revocation/refused-calls.ts';
import { subjectFormats } from '../revocation/subject-identifier.ts';
import { reference, time } from './forms.ts';

const code = z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]);

const refusedCall = z
  .object({
    id: idOf('auditEvent').describe('Of the audit event.'),
    at: z.iso.datetime().describe('When it was recorded.'),
    code: code.describe('What was answered.').meta({ examples: ['user_not_found'] }),
    reason: z
      .string()
      .describe('Why, in one word.')
      .meta({ examples: ['user_not_found'] }),
    explanation: z
      .string()
      .nullable()
      .describe('Why, as the caller was told.')
      .meta({ examples: ['Nobody of your organisation is meant by this subject identifier.'] }),
    caller: z
      .object({ type: z.enum(callerTypes), id: idOf('apiKey').nullable() })
      .nullable()
      .describe(
        'The API key or the connection that the credential is of, or that the address which was called belongs to.',
      ),
    authenticated: z.boolean().describe('The credential was valid. Otherwise anybody may have sent it.'),
    credentialType: z.enum(credentialTypes),
    format: z.enum(subjectFormats).nullable().describe('Of the subject identifier; of authenticated callers only.'),
    subject: z
      .string()
      .nullable()
      .describe('The subject identifier as JSON, shortened; of authenticated callers only.')
      .meta({ examples: ['{"format":"email","email":"cypher@whiterabbit.fake"}'] }),
    ip: z.string().nullable(),
    network: z.string().nullable().describe('"various" stands for very many at once.'),
    repeats: z
      .int()
      .describe(
        '0: one call. Otherwise as many calls like one that was recorded before, counted from `firstAt` to `lastAt`.',
      )
      .meta({ examples: [0] }),
    firstAt: z.iso
      .datetime()
      .nullable()
      .meta({ examples: [null] }),
    lastAt: z.iso
      .datetime()
      .nullable()
      .meta({ examples: [null] }),
    requestId: z.string().nullable(),
  })
  .meta({ id: 'RefusedCall' });

/** Calls that the revocation endpoint refused, and why. */
export function refusedCallOperations(deps: { pool: Pool }): readonly Operation[] {
  const events = createAuditEvents(deps);
  return [
    operation({
      method: 'get',
      path: '/api/orgs/current/refused-calls',
      id: 'listRefusedCalls',
      tag: 'Ending access',
      summary: 'Calls of the revocation endpoint that were refused, the youngest first',
      description:
        'Calls of which nobody can say whose organisation they were meant for are in no list. Beyond 30 a minute a network is answered `too_many_requests`, which is not recorded.',
      permission: 'org.read',
      query: z.object({
        ...pageQuery,
        code: code.optional().describe('What was answered.'),
        caller: reference.optional().describe('The id of an API key or a connection.'),
        from: time.optional().describe('Not before this moment.'),
        to: time.optional().describe('Before this moment.'),
      }),
      success: {
        status: 200,
        description: 'A page of refused calls.',
        schema: pageOf(refusedCall).meta({ id: 'RefusedCallPage' }),
      },
      handle: async ({ orgId, query: { limit, cursor, code, caller, from, to } }) => {
        const filter = { from, to, target: caller, action: 'call.refused', refusal: code };
        const page = { limit: limit + 1, after: readTimeCursor(cursor), order: 'desc' } as const;
        return toPage((await events.listEvents(orgId, filter, page)).map(toRefusedCall), limit, ({ at, id }) => [
          at,
          id,
        ]);
      },
    }),
  ];
}

function toRefusedCall({ id, at, actor, target, ip, requestId, detail }: RecordedEvent) {
  const text = (name: string) => (typeof detail[name] === 'string' ? detail[name] : null);
  return {
    id,
    at,
    caller: target && { type: target.type, id: target.id },
    authenticated: actor.type !== 'anonymous',
    ip,
    requestId,
    code: text('code') ?? '',
    reason: text('reason') ?? '',
    explanation: text('explanation'),
    credentialType: text('credentialType') ?? '',
    format: text('format'),
    subject: text('subject'),
    network: text('network') ?? (ip === null ? null : clientNetwork(ip)),
    repeats: typeof detail.repeats === 'number' ? detail.repeats : 0,
    firstAt: text('firstAt'),
    lastAt: text('lastAt'),
  };
}
