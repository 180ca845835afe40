import type { Pool, PoolClient } from 'pg';
import type { By } from '../by.ts';
import type { Prisma } from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import type { Action } from './actions.ts';

export type AuditEvent = Readonly<{
  orgId: string;
  action: Action;
  by: By;
  /** `names`: the row of audit_names for somebody without an id; else a trigger finds it. */
  target?: Readonly<{ type: string; id: string | null; names?: Uint8Array<ArrayBuffer> | null }> | undefined;
  /**
   * Flat JSON; never a secret or a name. An IdP's own words are proven to be its, or as
   * `foreignText` leaves them.
   */
  detail?: Readonly<Record<string, string | number | boolean | null>>;
}>;

/** Appends an event. Pass the client (pg's or Prisma's) of the transaction that does the thing. */
export async function recordEvent(db: Pool | PoolClient | Prisma.TransactionClient, event: AuditEvent): Promise<void> {
  const { actor, ip, requestId } = event.by;
  const row = {
    orgId: event.orgId,
    id: newId('auditEvent'),
    action: event.action,
    actorType: actor.type,
    actorId: actor.id,
    targetType: event.target?.type ?? null,
    targetId: event.target?.id ?? null,
    ip,
    requestId,
    detail: event.detail ?? {},
    targetRef: event.target?.names ?? null,
  };
  if ('auditEvent' in db) {
    await db.auditEvent.create({ data: row });
    return;
  }
  await db.query({
    name: 'audit-insert',
    text: `INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail,
                                     target_ref)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    values: Object.values(row),
  });
}
