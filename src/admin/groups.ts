import type { Pool } from 'pg';
import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readCursor, readTimeCursor, toTimePage } from '../api/page.ts';
import { createGroups } from '../users/groups.ts';
import { createPeople } from '../users/people.ts';
import { noSuchGroup } from './concerned.ts';
import { line, reference } from './forms.ts';
import { personPage, toPeoplePage } from './people.ts';

const group = z
  .object({
    id: idOf('group'),
    displayName: z.string().meta({ examples: ['Crew'] }),
    members: z.int().describe('How many people are in it.'),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Group' });

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
        search: line(200).optional().describe('Part of the name, in any letter case.'),
      }),
      success: { status: 200, description: 'A page of groups.', schema: pageOf(group).meta({ id: 'GroupPage' }) },
      handle: async ({ orgId, query: { limit, cursor, search } }) => {
        const after = readTimeCursor(cursor);
        const rows = await groups.listGroups(orgId, { search, limit: limit + 1, after });
        return toTimePage(rows, limit);
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
        const after = readCursor(cursor, 1)?.[0] ?? null;
        if (!(await groups.hasGroup(orgId, id))) throw noSuchGroup();
        return toPeoplePage(await people.listPeople(orgId, { group: id }, { limit: limit + 1, after }), limit);
      },
    }),
  ];
}
