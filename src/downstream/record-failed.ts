import type { PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import { bySystem } from '../by.ts';

/** A forward that is dead, and why. */
export type Failed = Readonly<{
  orgId: string;
  appId: string;
  /** Of the app. */
  name: string;
  id: string;
  revocation: string | null;
  error: string | null;
  attempts: number;
}>;

/** Lets administrators know. `status`: of HTTP; null where no answer of it is behind this. */
export async function recordFailed(client: PoolClient, failed: Failed, status: number | null): Promise<void> {
  const { orgId, appId, name, id, revocation, error, attempts } = failed;
  const target = { type: 'app', id: appId };
  const detail = { name, forward: id, revocation, error, status, attempts };
  await recordEvent(client, { orgId, by: bySystem(null), action: 'forward.failed', target, detail });
}
