import type { Pool } from 'pg';
import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { recordEvent } from '../audit/record.ts';
import { createPeople, type People, type Person } from '../users/people.ts';
import type { PeopleFilter } from '../users/people-filter.ts';
import { requireStill } from './end-confirmed.ts';
import { peopleFilter } from './people.ts';
import { csvDescription, sendCsv } from './send-csv.ts';

/** People that are read at a time. */
const exportPage = 500;

/** The list of people as a file. */
export function exportingPeopleOperations({ pool }: { pool: Pool }): readonly Operation[] {
  const people = createPeople({ pool });
  return [
    operation({
      method: 'get',
      path: '/api/orgs/current/users/export',
      id: 'exportUsers',
      tag: 'People',
      summary: 'The people of the organisation, by e-mail address, as a file',
      description: `${csvDescription} That an export began is itself recorded.`,
      permission: 'record.export',
      recent: true,
      turn: 'export',
      query: z.object(peopleFilter),
      success: { status: 200, description: 'The people.', contentTypes: ['text/csv'] },
      handle: async ({ orgId, principal, by, query, req, res }) => {
        res.status(200).attachment('people.csv').type('text/csv');
        if (req.method === 'HEAD') {
          res.end();
          return;
        }
        // What was searched for may name somebody: the record says only that something was.
        const { search, ...named } = query;
        const detail = Object.entries({ ...named, ...(search !== undefined && { search: true }) });
        const target = { type: 'org', id: orgId };
        const given = Object.fromEntries(detail.map(([name, value]) => [name, value ?? null]));
        await recordEvent(pool, { orgId, action: 'people.exported', by, target, detail: given });
        const check = () => requireStill(pool, principal, 'record.export');
        await sendCsv(res, Object.keys(columns), rowsOf(people, orgId, query, check));
      },
    }),
  ];
}

const columns = {
  id: ({ id }) => id,
  name: ({ name }) => name,
  given_name: ({ givenName }) => givenName,
  family_name: ({ familyName }) => familyName,
  email: ({ email }) => email,
  role: ({ role }) => role,
  active: ({ active }) => String(active),
  created_at: ({ createdAt }) => createdAt.toISOString(),
  revoked_at: ({ revokedAt }) => revokedAt?.toISOString() ?? null,
  last_seen_at: ({ lastSeenAt }) => lastSeenAt?.toISOString() ?? null,
  live_sessions: ({ liveSessions }) => String(liveSessions),
  live_grants: ({ liveGrants }) => String(liveGrants),
} as const satisfies Record<string, (person: Person) => string | null>;

/**
 * Everybody whom the filter lets through, some hundred at a time: memory doesn't grow with their
 * number. `check` runs before each of these, and ends the reading by throwing.
 */
async function* rowsOf(
  people: People,
  orgId: string,
  filter: PeopleFilter,
  check: () => Promise<void>,
): AsyncGenerator<(string | null)[], void> {
  let after: readonly string[] | null = null;
  do {
    await check();
    const page: Awaited<ReturnType<People['listPeople']>> = await people.listPeople(orgId, filter, {
      limit: exportPage,
      after,
    });
    for (const person of page.rows) yield Object.values(columns).map((read) => read(person));
    after = page.rows.length === exportPage ? (page.rows.at(-1)?.key ?? null) : page.until;
  } while (after !== null);
}
