import type { Response } from 'express';
import type { PoolClient } from 'pg';
import type { Action } from '../audit/actions.ts';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { isUniqueViolation } from '../database/errors.ts';
import type { ScimError } from './scim-error.ts';

/** Who provisions, an API key, and in which org. */
export type ScimCall = Readonly<{ orgId: string; by: By }>;

export function callOf(res: Response): ScimCall {
  return res.locals.call;
}

/** What a change of a resource may be bound to (RFC 7644 §3.14). Null: nothing. */
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

/** A unique violation in whoever's words; any other error as it is. */
export function refuseAsTaken(error: unknown, refusal: ScimError): never {
  throw isUniqueViolation(error) ? refusal : error;
}
