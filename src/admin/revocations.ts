import type { Pool } from 'pg';
import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readTimeCursor, toTimePage } from '../api/page.ts';
import { Initiator } from '../database/generated/client.ts';
import { AppError } from '../errors.ts';
import { createRevocationRecord } from '../revocation/revocation-record.ts';
import { reference, time } from './forms.ts';

const actor = z.object({ type: z.string(), id: z.string().nullable(), name: z.string().nullable() });

const revocation = z.object({
  id: z.string(),
  user: z
    .object({ id: z.string(), name: z.string().nullable(), email: z.string().nullable() })
    .nullable()
    .describe('Whose access ended; null: everyone’s. Of a person who has been removed only the id is left.'),
  initiator: z.enum(Initiator),
  caller: z
    .object({ type: z.enum(['api_key', 'connection']), id: z.string(), name: z.string().nullable() })
    .nullable()
    .describe('The credential that called the endpoint.'),
  actor: actor.nullable().describe('Who did it, as long as the record keeps the event.'),
  subject: z.unknown().describe('What was asked for, as it was received.'),
  reason: z.string().nullable().describe('For administrators.'),
  reasonForPerson: z.string().nullable().describe('What the people concerned read.'),
  sessionsEnded: z.int().nullable().describe('Null where everyone’s access ended: nobody counts.'),
  grantsEnded: z.int().nullable(),
  durationMs: z.number().nullable().describe('In the database, waiting for locks included.'),
  requestId: z.string().nullable(),
  createdAt: z.iso.datetime(),
});

/** What has ended access in the org, by whom, and why. */
export function revocationOperations(deps: { pool: Pool }): readonly Operation[] {
  const record = createRevocationRecord(deps);
  return [
    operation({
      method: 'get',
      path: '/api/orgs/current/revocations',
      id: 'listRevocations',
      tag: 'Ending access',
      summary: 'What has ended access, the youngest first',
      permission: 'org.read',
      query: z.object({
        ...pageQuery,
        user: reference.optional(),
        initiator: z.enum(Initiator).optional(),
        from: time.optional().describe('Not before this moment.'),
        to: time.optional().describe('Before this moment.'),
      }),
      success: { status: 200, description: 'A page of revocations.', schema: pageOf(revocation) },
      handle: async ({ orgId, query: { limit, cursor, ...filter } }) => {
        const rows = await record.listRevocations(orgId, filter, { limit: limit + 1, after: readTimeCursor(cursor) });
        return toTimePage(rows, limit);
      },
    }),
    operation({
      method: 'get',
      path: '/api/orgs/current/revocations/{id}',
      id: 'getRevocation',
      tag: 'Ending access',
      summary: 'One revocation',
      permission: 'org.read',
      params: z.object({ id: reference }),
      success: { status: 200, description: 'The revocation.', schema: revocation },
      problems: ['not_found'],
      handle: async ({ orgId, params }) => {
        const found = await record.findRevocation(orgId, params.id);
        if (!found) throw new AppError('not_found', 'Your organisation has no revocation of this id.');
        return found;
      },
    }),
  ];
}
