import type { Pool } from 'pg';
import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readTimeCursor, toTimePage } from '../api/page.ts';
import { actorTypes } from '../by.ts';
import { Initiator } from '../database/generated/client.ts';
import { sampleId } from '../database/ids.ts';
import { AppError } from '../errors.ts';
import { callerTypes } from '../revocation/caller.ts';
import { createRevocationRecord } from '../revocation/revocation-record.ts';
import { reference, time } from './forms.ts';

const actor = z.object({ type: z.enum(actorTypes), id: z.string().nullable(), name: z.string().nullable() });

export const revocation = z
  .object({
    id: idOf('revocation'),
    user: z
      .object({ id: z.string(), name: z.string().nullable(), email: z.string().nullable() })
      .nullable()
      .describe('Whose access ended; null: everyone’s. Of a person who has been removed only the id is left.'),
    initiator: z.enum(Initiator),
    caller: z
      .object({
        type: z.enum(callerTypes),
        id: idOf('apiKey'),
        name: z
          .string()
          .nullable()
          .meta({ examples: ['Okta Workflows'] }),
      })
      .nullable()
      .describe('The credential that called the endpoint.'),
    actor: actor
      .nullable()
      .describe('Who did it, as long as the record keeps the event.')
      .meta({ examples: [{ type: 'api_key', id: sampleId('apiKey'), name: 'Okta Workflows' }] }),
    subject: z
      .unknown()
      .describe('What was asked for, as it was received.')
      .meta({ examples: [{ format: 'email', email: 'trinity@whiterabbit.fake' }] }),
    reason: z
      .string()
      .nullable()
      .describe('For administrators.')
      .meta({ examples: [null] }),
    reasonForPerson: z
      .string()
      .nullable()
      .describe('What the people concerned read.')
      .meta({ examples: [null] }),
    sessionsEnded: z.int().nullable().describe('Null where everyone’s access ended: nobody counts.'),
    grantsEnded: z.int().nullable(),
    more: z
      .boolean()
      .describe('They had very many: what is not counted yet has ended like the rest.')
      .meta({ examples: [false] }),
    durationMs: z
      .number()
      .nullable()
      .describe('In the database, waiting for locks included.')
      .meta({ examples: [0.8] }),
    requestId: z.string().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Revocation' });
export const revocationPage = pageOf(revocation).meta({ id: 'RevocationPage' });

export const revocationsTogether = pageOf(revocation)
  .extend({
    revocations: z.int().describe('How many there are: one a person.'),
    sessionsEnded: z.int().describe('By all of them.'),
    grantsEnded: z.int(),
  })
  .meta({ id: 'RevocationsTogether' });

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
      success: {
        status: 200,
        description: 'A page of revocations.',
        schema: revocationPage,
      },
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
        if (!found) throw noSuchRevocation();
        return found;
      },
    }),
    operation({
      method: 'get',
      path: '/api/orgs/current/revocations/{id}/together',
      id: 'listRevocationsTogether',
      tag: 'Ending access',
      summary: 'What the same request ended: a list, a group',
      permission: 'org.read',
      params: z.object({ id: reference }),
      query: z.object(pageQuery),
      success: {
        status: 200,
        description: 'A page of revocations, this one among all of them, the youngest first.',
        schema: revocationsTogether,
      },
      problems: ['not_found'],
      handle: async ({ orgId, params, query: { limit, cursor } }) => {
        const after = readTimeCursor(cursor);
        const { rows, totals } = await record.listTogether(orgId, params.id, { limit: limit + 1, after });
        if (totals.revocations === 0) throw noSuchRevocation();
        return { ...toTimePage(rows, limit), ...totals };
      },
    }),
  ];
}

export const noSuchRevocation = () => new AppError('not_found', 'Your organisation has no revocation of this id.');
