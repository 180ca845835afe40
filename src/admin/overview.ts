import type { Pool } from 'pg';
import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { mostCounted } from '../database/most-counted.ts';
import { attentionKinds, findAttention } from './attention.ts';
import { mostSignedIn, readFigures } from './figures.ts';

const counted = z.int().max(mostCounted).describe(`At most ${mostCounted}, which stands for that many or more.`);

export const overview = z
  .object({
    at: z.iso.datetime().describe('When it was counted.'),
    peopleSignedIn: counted.describe(
      `People with a live session or app, of the first ${mostSignedIn} who have had one of late.`,
    ),
    peopleSignedInIsExact: z
      .boolean()
      .describe('False: there are more people than were looked at, and so many or more are signed in.'),
    revocations: z.object({
      today: counted,
      week: z.int().describe('Of the days below.'),
      days: z
        .array(z.object({ day: z.iso.date().meta({ examples: ['2026-11-29'] }), count: counted }))
        .describe('The last seven days in UTC, the oldest first; the last one is today.'),
    }),
    refusedCalls: z.object({
      today: counted.describe('Calls, those that were counted together too.'),
      week: counted,
    }),
    attention: z
      .array(
        z.object({
          kind: z.enum(attentionKinds),
          id: z
            .string()
            .nullable()
            .describe('Of the connection, the domain, the app, the shared account or the API key.'),
          name: z
            .string()
            .nullable()
            .describe('Of the same.')
            .meta({ examples: ['Okta'] }),
          count: z
            .int()
            .nullable()
            .describe(
              'How many there are, where it is no single thing; of shared accounts: how many stand so, of which the first twenty are here.',
            ),
          at: z.iso
            .datetime()
            .nullable()
            .describe(
              'When an API key expires; until when people have to change a password; since when one cannot be changed.',
            ),
        }),
      )
      .describe('What an administrator should put right, the gravest first.'),
  })
  .meta({ id: 'Overview' });

/** What an administrator looks at first. */
export function overviewOperations(deps: { pool: Pool; emailAvailable: boolean }): readonly Operation[] {
  return [
    operation({
      method: 'get',
      path: '/api/orgs/current/overview',
      id: 'getOverview',
      tag: 'Organisation',
      summary: 'How things are: who is signed in, what was ended or refused, what needs attention',
      description:
        'Days are days in UTC. Counts end at a bound, so that the answer comes as fast for a large organisation.',
      permission: 'org.read',
      success: { status: 200, description: 'The overview.', schema: overview },
      handle: async ({ orgId }) => {
        const figures = await readFigures(deps.pool, orgId);
        return { ...figures, attention: await findAttention(deps, orgId) };
      },
    }),
  ];
}
