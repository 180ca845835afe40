import type { Pool } from 'pg';
import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readCursor, readTimeCursor, toTimePage } from '../api/page.ts';
import { createGroups } from '../users/groups.ts';
import { createPeople } from '../users/people.ts';
import { noSuchGroup } from './concerned.ts';
import { reference, searchText } from './forms.ts';
import { personPage, toPeoplePage } from './people.ts';

export const group = z
  .object({
    id: idOf('group'),
    displayName: z.string().meta({ examples: ['Crew'] }),
    members: z.int().describe('How many people are in it.'),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Group' });

export const groupPage = pageOf(group).meta({ id: 'GroupPage' });

export const groupNames = z
  .object({
    groups: z.array(group.pick({ id: true, displayName: true })),
    more: z
      .boolean()
      .describe('There are more of them.')
      .meta({ examples: [false] }),
  })
  .meta({ id: 'GroupNames' });

/** Lists provisioning's groups: `{"group": …}` names one of them when access is ended. */
export function groupOperations(deps: { pool: Pool }): readonly Operation[] {
  const groups = createGroups(deps);
  const people = createPeople(deps);
  const tag = 'People';

  return [
    operation({
      method: 'get',
      path: '/api/orgs/current/groups',
      id: 'listGroups',
      tag,
      summary: 'The groups of the organisation, the youngest first',
      permission: 'org.read',
      query: z.object({
        ...pageQuery,
        search: searchText.optional().describe('Part of the name, in any letter case.'),
        member: reference.optional().describe('The id of a person: the groups that they are in.'),
      }),
      success: { status: 200, description: 'A page of groups.', schema: groupPage },
      handle: async ({ orgId, query: { limit, cursor, ...filter } }) => {
        const after = readTimeCursor(cursor);
        const rows = await groups.listGroups(orgId, { ...filter, limit: limit + 1, after });
        return toTimePage(rows, limit);
      },
    }),
    // Before a group's own address, which this would be taken for.
    operation({
      method: 'get',
      path: '/api/orgs/current/groups/names',
      id: 'listGroupNames',
      tag,
      summary: 'The names of groups, in the order of the alphabet',
      description: 'For choosing one: nobody in them is counted. A group of exactly this name comes first.',
      permission: 'org.read',
      query: z.object({
        limit: pageQuery.limit,
        search: searchText.optional().describe('Part of the name, in any letter case.'),
        id: reference.optional().describe('The group that has this id alone.'),
        member: reference.optional().describe('The id of a person: the groups that they are in.'),
      }),
      success: { status: 200, description: 'The names, with the ids.', schema: groupNames },
      handle: async ({ orgId, query: { limit, ...filter } }) => {
        const found = await groups.listGroupNames(orgId, filter, limit + 1);
        return { groups: found.slice(0, limit), more: found.length > limit };
      },
    }),
    operation({
      method: 'get',
      path: '/api/orgs/current/groups/{id}',
      id: 'getGroup',
      tag,
      summary: 'One group',
      permission: 'org.read',
      params: z.object({ id: reference }),
      success: { status: 200, description: 'The group.', schema: group },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id } }) => {
        const found = await groups.findGroup(orgId, id);
        if (!found) throw noSuchGroup();
        return found;
      },
    }),
    operation({
      method: 'get',
      path: '/api/orgs/current/groups/{id}/members',
      id: 'listGroupMembers',
      tag,
      summary: 'Who is in a group, by e-mail address',
      permission: 'org.read',
      params: z.object({ id: reference }),
      query: z.object(pageQuery),
      success: { status: 200, description: 'A page of people.', schema: personPage },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id }, query: { limit, cursor } }) => {
        const after = readCursor(cursor, 1);
        if (!(await groups.hasGroup(orgId, id))) throw noSuchGroup();
        return toPeoplePage(await people.listPeople(orgId, { group: id }, { limit: limit + 1, after }), limit);
      },
    }),
  ];
}
