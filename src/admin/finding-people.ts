import type { Pool } from 'pg';
import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { roles } from '../api/permissions.ts';
import { mostCounted } from '../database/most-counted.ts';
import { findNamed } from '../users/named.ts';
import { createPeople, stops } from '../users/people.ts';
import { mostInList } from './ending-access.ts';
import { flag } from './forms.ts';
import { peopleFilter } from './people.ts';

const found = z
  .object({ id: z.string(), name: z.string(), email: z.string(), role: z.enum(roles), active: z.boolean() })
  .meta({ id: 'NamedUser' });

export const foundPeople = z
  .object({
    results: z
      .array(
        z.object({
          name: z
            .string()
            .describe('As it was sent.')
            .meta({ examples: ['trinity@whiterabbit.fake'] }),
          users: z.array(found).describe('Whom it means; nobody, or more than one person, where that is so.'),
        }),
      )
      .describe('One for each name, in their order.'),
  })
  .meta({ id: 'FoundUsers' });

export const countedPeople = z
  .object({
    people: z.int().describe('How many there are; with `more` there may be more than these.'),
    more: z.boolean().meta({ examples: [false] }),
    stoppedBy: z
      .enum(stops)
      .nullable()
      .describe(
        'Why there may be more: the number that is counted at most, or the bound of a search, of a group, or of whom is asked whether they are signed in.',
      )
      .meta({ examples: [null] }),
    users: z
      .array(z.string())
      .nullable()
      .describe(`Their ids, if they were asked for, and all are known, and no more than ${mostInList}.`)
      .meta({ examples: [null] }),
  })
  .meta({ id: 'CountedUsers' });

/** Finds the people of a list that somebody has from elsewhere. */
export function findingPeopleOperations({ pool }: { pool: Pool }): readonly Operation[] {
  const { countPeople } = createPeople({ pool });
  return [
    operation({
      method: 'get',
      path: '/api/orgs/current/users/count',
      id: 'countUsers',
      tag: 'People',
      summary: 'How many people a filter finds, and who they are',
      description: `Counting stops at ${mostCounted}; at 2000 of those whom a \`search\` or a large group has; and with \`live\`, when 500 people were asked, or 2000 where the org’s sessions and grants are few enough to tell who may be signed in. \`more\` then says that there may be more. \`users\` goes into \`revokeMany\`.`,
      permission: 'org.read',
      recent: false,
      query: z.object({ ...peopleFilter, ids: flag.optional().describe('Whether to say who they are.') }),
      success: { status: 200, description: 'How many there are.', schema: countedPeople },
      handle: async ({ orgId, query: { ids: wanted, ...filter } }) => {
        const { people, stoppedBy, ids } = await countPeople(orgId, filter, { most: mostCounted, ids: wanted });
        const more = stoppedBy !== null;
        return { people, more, stoppedBy, users: !more && people <= mostInList ? ids : null };
      },
    }),
    operation({
      // No GET: an address with a thousand names is too long, and would stand in logs.
      method: 'post',
      path: '/api/orgs/current/users/lookup',
      id: 'findUsers',
      tag: 'People',
      summary: 'Who is meant by these names',
      description:
        'An id, an e-mail address, a user name, or an address that the identity provider named last: exactly the people whom a revocation by that name would sign out. It changes nothing.',
      permission: 'org.read',
      recent: false,
      turn: 'lists',
      body: z.strictObject({ names: z.array(z.string().min(1).max(320)).min(1).max(mostInList) }).meta({ id: 'Names' }),
      bodyExample: { names: ['trinity@whiterabbit.fake', 'nobody@whiterabbit.fake'] },
      success: { status: 200, description: 'A result for each.', schema: foundPeople },
      handle: async ({ orgId, body: { names } }) => {
        const meant = await findNamed(pool, orgId, names);
        return { results: names.map((name, index) => ({ name, users: meant[index] })) };
      },
    }),
  ];
}
