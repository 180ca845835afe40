import type { PoolClient } from 'pg';
import { recordEvent } from '../../audit/record.ts';
import { bySystem } from '../../by.ts';

/** An event that a receiver will not have, and why. */
export type Failed = Readonly<{
  orgId: string;
  appId: string;
  /** Of the app. */
  name: string;
  id: string;
  revocation: string | null;
  error: string;
  attempts: number;
}>;

/** Lets administrators know of an event that was refused, or that nobody fetched: no answer of HTTP is behind it. */
export async function recordFailed(client: PoolClient, failed: Failed): Promise<void> {
  const { orgId, appId, name, id, revocation, error, attempts } = failed;
  const target = { type: 'app', id: appId };
  const detail = { name, forward: id, revocation, error, status: null, attempts };
  await recordEvent(client, { orgId, by: bySystem(null), action: 'forward.failed', target, detail });
}
