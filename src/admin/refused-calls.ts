import type { Pool } from 'pg';
import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readTimeCursor, toPage } from '../api/page.ts';
import { calledEndpoints } from '../audit/actions.ts';
import { createAuditEvents, type RecordedEvent } from '../audit/events.ts';
import { type ProblemCode, problems } from '../errors.ts';
import { clientNetwork } from '../http/client-address.ts';
import { callerTypes } from '../revocation/caller.ts';
import { credentialTypes } from '../revocation/refused-calls.ts';
import { subjectFormats } from '../revocation/subject-identifier.ts';
import { reference, time } from './forms.ts';

const code = z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]);

const endpoint = z.enum(calledEndpoints);

const refusedCall = z
  .object({
    id: idOf('auditEvent').describe('Of the audit event.'),
    at: z.iso.datetime().describe('When it was recorded.'),
    endpoint: endpoint.describe(
      'Where: the revocation endpoint, or the one that takes logout tokens or security events of identity providers.',
    ),
    code: code
      .describe('What was answered. Refusals of tokens differ in `reason` only.')
      .meta({ examples: ['user_not_found'] }),
    reason: z
      .string()
      .describe('Why, in one word.')
      .meta({ examples: ['user_not_found'] }),
    explanation: z
      .string()
      .nullable()
      .describe(
        'Why, as the caller was told, unless that was `too_many_requests`. Where the identity provider signed the token, also what it says that is refused. Of calls that are counted together, what was wrong with the last.',
      )
      .meta({ examples: ['No user of your organisation matches the subject identifier.'] }),
    caller: z
      .object({
        type: z.enum(callerTypes),
        id: idOf('apiKey').nullable(),
        name: z
          .string()
          .nullable()
          .describe('As it was then.')
          .meta({ examples: ['Okta Workflows'] }),
      })
      .nullable()
      .describe(
        'The API key or the connection that the credential is of, or that the address which was called belongs to. Null where that address is the whole organisation’s.',
      ),
    authenticated: z
      .boolean()
      .describe(
        'The key was valid, or the identity provider of the connection signed the token for such a call. Otherwise anybody may have made it up, or have a token of another kind from that identity provider.',
      ),
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
export const refusedCallPage = pageOf(refusedCall).meta({ id: 'RefusedCallPage' });

/** Calls that ask to end access and were refused, and why. */
export function refusedCallOperations(deps: { pool: Pool }): readonly Operation[] {
  const events = createAuditEvents(deps);
  return [
    operation({
      method: 'get',
      path: '/api/orgs/current/refused-calls',
      id: 'listRefusedCalls',
      tag: 'Ending access',
      summary: 'Calls that ask to end access and were refused, the youngest first',
      description:
        'Of the revocation endpoint, and of the ones that take logout tokens and security events. Calls of which nobody can say whose organisation they were meant for are in no list. A call of the revocation endpoint with a valid credential is recorded each time; of others that are alike the first of a minute, and then the number of the rest. A network with more than 30 wrong credentials a minute at the revocation endpoint is answered `too_many_requests`, which is recorded so too. Security events that were taken and ended nobody’s access are no refused calls: the record has them as `signal.received`, with their `outcome` and `subject`.',
      permission: 'org.read',
      query: z.object({
        ...pageQuery,
        endpoint: endpoint.optional(),
        code: code.optional().describe('What was answered.'),
        caller: reference.optional().describe('The id of an API key or a connection.'),
        from: time.optional().describe('Not before this moment.'),
        to: time.optional().describe('Before this moment.'),
      }),
      success: {
        status: 200,
        description: 'A page of refused calls.',
        schema: refusedCallPage,
      },
      handle: async ({ orgId, query: { limit, cursor, endpoint, code, caller, from, to } }) => {
        const filter = { from, to, target: caller, action: 'call.refused', refusal: code, refusedBy: endpoint };
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
    endpoint: text('endpoint') ?? 'revocation',
    caller: target && target.type !== 'org' ? { type: target.type, id: target.id, name: target.name } : null,
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
