import type { PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { ScimError } from './scim-error.ts';

/** Who provisions: an API key of one org. */
export type Call = Readonly<{ orgId: string; keyId: string; ip: string | null; requestId: string }>;

/** What a change of a resource may be bound to (RFC 7644 §3.14). Null: nothing. */
export type Precondition = string | null;

export type Outcome<Resource> = Readonly<{ resource: Resource; revoked: boolean }>;

/** Records what the key did, in the transaction that does it. */
export async function recordChange(
  client: PoolClient,
  call: Call,
  action: string,
  target: Readonly<{ type: 'user' | 'group'; id: string }>,
  detail: Readonly<Record<string, string | number | boolean | null>> = {},
): Promise<void> {
  await recordEvent(client, {
    orgId: call.orgId,
    action,
    actor: { type: 'api_key', id: call.keyId },
    target,
    ip: call.ip,
    requestId: call.requestId,
    detail,
  });
}

/** PostgreSQL's unique_violation, in whoever's words; any other error as it is. */
export function refuseTwin(error: unknown, refusal: ScimError): never {
  throw (error as { code?: unknown } | null)?.code === '23505' ? refusal : error;
}
