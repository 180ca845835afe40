import type { Pool } from 'pg';
import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { recordEvent } from '../audit/record.ts';
import type { TimeKey } from '../database/time-key.ts';
import { createRevocationRecord, type RecordedRevocation } from '../revocation/revocation-record.ts';
import { requireStill } from './end-confirmed.ts';
import { reference } from './forms.ts';
import { noSuchRevocation } from './revocations.ts';
import { csvDescription, sendCsv } from './send-csv.ts';

/** Revocations that are read at a time. */
const exportPage = 500;

type RevocationRecord = ReturnType<typeof createRevocationRecord>;

/** The receipt of a list as a file, for a ticket. */
export function exportingTogetherOperations(deps: { pool: Pool }): readonly Operation[] {
  const record = createRevocationRecord(deps);
  return [
    operation({
      method: 'get',
      path: '/api/orgs/current/revocations/{id}/together/export',
      id: 'exportRevocationsTogether',
      tag: 'Ending access',
      summary: 'What the same request ended, as a file',
      description: `${csvDescription} It holds what \`listRevocationsTogether\` lists. That an export began is itself recorded.`,
      permission: 'org.read',
      turn: 'export',
      params: z.object({ id: reference }),
      success: { status: 200, description: 'A line for each person.', contentTypes: ['text/csv'] },
      problems: ['not_found'],
      handle: async ({ orgId, principal, by, params: { id }, req, res }) => {
        const { rows } = await record.listTogether(orgId, id, { limit: 1, after: null });
        if (rows.length === 0) throw noSuchRevocation();
        res.status(200).attachment('signed-out.csv').type('text/csv');
        if (req.method === 'HEAD') {
          res.end();
          return;
        }
        const target = { type: 'org', id: orgId };
        await recordEvent(deps.pool, { orgId, action: 'people.exported', by, target, detail: { revocation: id } });
        const check = () => requireStill(deps.pool, principal, 'org.read');
        await sendCsv(res, Object.keys(columns), rowsOf(record, { orgId, id }, check));
      },
    }),
  ];
}

const columns = {
  revocation: ({ id }) => id,
  user: ({ user }) => user?.id ?? null,
  name: ({ user }) => user?.name ?? null,
  email: ({ user }) => user?.email ?? null,
  sessions_ended: ({ sessionsEnded }) => numberOf(sessionsEnded),
  grants_ended: ({ grantsEnded }) => numberOf(grantsEnded),
  ended_at: ({ createdAt }) => createdAt.toISOString(),
} as const satisfies Record<string, (revocation: RecordedRevocation) => string | null>;

const numberOf = (count: number | null) => (count === null ? null : String(count));

/** `check` runs before each page, and ends the reading by throwing. */
async function* rowsOf(
  record: RevocationRecord,
  { orgId, id }: Readonly<{ orgId: string; id: string }>,
  check: () => Promise<void>,
): AsyncGenerator<(string | null)[], void> {
  let after: TimeKey | null = null;
  do {
    await check();
    const page: Awaited<ReturnType<RevocationRecord['listTogether']>> = await record.listTogether(orgId, id, {
      limit: exportPage,
      after,
    });
    for (const revocation of page.rows) yield Object.values(columns).map((read) => read(revocation));
    after = page.rows.length === exportPage ? (page.rows.at(-1) ?? null) : null;
  } while (after !== null);
}
