import type { PoolClient } from 'pg';
import type { By } from '../by.ts';
import { newId } from '../database/ids.ts';

/** Whoever typed a password in knows it, with a right or without one: it is changed when their access ends. */
export async function noteGiven(
  client: PoolClient,
  orgId: string,
  { accountId, version }: Readonly<{ accountId: string; version: number }>,
  { actor }: By,
): Promise<void> {
  if (actor.type !== 'user') return;
  await client.query({
    name: 'account-note-given',
    text: `INSERT INTO account_reveals (org_id, id, account_id, version, user_id, at, given)
           VALUES ($1, $2, $3, $4, $5, clock_timestamp(), true)`,
    values: [orgId, newId('reveal'), accountId, version, actor.id],
  });
}
