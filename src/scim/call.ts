import type { Response } from 'express';
import type { PoolClient } from 'pg';
import type { Action } from '../audit/actions.ts';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';

/** The API key that provisions, and its org. */
export type ScimCall = Readonly<{ orgId: string; by: By }>;

export function callOf(res: Response): ScimCall {
  return res.locals.call;
}

/** The If-Match of a change (RFC 7644 §3.14); null: none. */
export type Precondition = string | null;

export type Changed<Resource> = Readonly<{ resource: Resource; revoked: boolean }>;

/** Records what the key did, in the transaction that does it. */
export async function recordChange(
  client: PoolClient,
  call: ScimCall,
  action: Action,
  target: Readonly<{ type: 'user' | 'group'; id: string }>,
  detail: Readonly<Record<string, string | number | boolean | null>> = {},
): Promise<void> {
  await recordEvent(client, {
    ...call,
    action,
    target,
    detail,
  });
}
