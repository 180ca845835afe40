import type { PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import { bySystem } from '../by.ts';

type App = Readonly<{ org_id: string; app_id: string }>;

/** SQL over `made` (new forwards): the apps that aren't told of somebody who has no name there. */
export const ofMissingNames = `SELECT DISTINCT org_id, app_id FROM made WHERE error IN ('no_name_there', 'no_identity')`;

/** Lets administrators know, of each app once a day. In the caller's transaction. */
export async function tellOfMissingNames(client: PoolClient, apps: readonly App[]): Promise<void> {
  if (apps.length === 0) return;
  const { rows } = await client.query<{ orgId: string; id: string; name: string }>(
    `SELECT a.org_id AS "orgId", a.id, a.name
     FROM unnest($1::text[], $2::text[]) AS m (org_id, app_id) JOIN apps a ON a.org_id = m.org_id AND a.id = m.app_id
     WHERE NOT EXISTS (
       SELECT FROM audit_events e
       WHERE e.org_id = a.org_id AND e.target_id = a.id AND e.action = 'app.names_missing' AND e.at > now() - interval '1 day')`,
    [apps.map(({ org_id }) => org_id), apps.map(({ app_id }) => app_id)],
  );
  for (const { orgId, id, name } of rows) {
    const target = { type: 'app', id } as const;
    await recordEvent(client, { orgId, by: bySystem(null), action: 'app.names_missing', target, detail: { name } });
  }
}
