import type { PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { newId } from '../database/ids.ts';
import { isManual } from './connectors/manual.ts';

/** An account as it is after a change, and whether its place or its administrator are new. */
type Led = Readonly<{ id: string; connector: string; newPlace: boolean; administratorId: string | null }>;

/**
 * Whoever says where passwords are sent could read them there: so each that goes to a place that
 * somebody has just named counts as read by them, on record, and is changed when their access ends.
 */
export async function noteLedElsewhere(
  client: PoolClient,
  orgId: string,
  { id, connector, newPlace, administratorId }: Led,
  { userId, by }: Readonly<{ userId: string | null; by: By }>,
): Promise<void> {
  if (isManual(connector)) return;
  const ids = new Set([...(newPlace ? [id] : []), ...(administratorId === null ? [] : [administratorId])]);
  for (const accountId of ids) {
    const { rows } = await client.query<{ version: number }>({
      name: 'account-led-elsewhere',
      text: `INSERT INTO account_reveals (org_id, id, account_id, version, user_id, at)
             SELECT org_id, $3, id, version, $4, clock_timestamp() FROM accounts
             WHERE org_id = $1 AND id = $2 AND version IS NOT NULL RETURNING version`,
      values: [orgId, accountId, newId('reveal'), userId],
    });
    if (!rows[0]) continue;
    const detail = { version: rows[0].version, led: true };
    await recordEvent(client, {
      orgId,
      action: 'account.revealed',
      by,
      target: { type: 'account', id: accountId },
      detail,
    });
  }
}
