import type { Action } from '../audit/actions.ts';

/**
 * What administrators are told of. The names are API: in the feed, in settings and as a webhook's
 * `type`.
 */
export const kinds = [
  'revocation',
  'refused_calls',
  'refused_sign_in',
  'api_key',
  'role_change',
  'dead_letter',
] as const;
export type Kind = (typeof kinds)[number];

/**
 * What comes through the outbox (a trigger puts it there), and the kind of notification that it
 * makes by itself.
 */
const kindOfAction = {
  'access.revoked': 'revocation',
  'access.revoked_for_everyone': 'revocation',
  'user.deactivated': 'revocation',
  // The end of that person's access is an event of its own.
  'user.removed': null,
  'idp_session.ended': 'revocation',
  // Counted first.
  'call.refused': null,
  // Only those that an administrator can put right.
  'sign_in.refused': 'refused_sign_in',
  'api_key.created': 'api_key',
  'role.changed': 'role_change',
  'delivery.failed': 'dead_letter',
} as const satisfies Partial<Record<Action, Kind | null>>;
export type OutboxAction = keyof typeof kindOfAction;
export const outboxActions = Object.keys(kindOfAction) as readonly OutboxAction[];

/**
 * An audit event that came through the outbox, with the names that its text needs, as they are now.
 */
export type OutboxEvent = Readonly<{
  orgId: string;
  eventId: string;
  at: Date;
  action: OutboxAction;
  actorType: string;
  actorId: string | null;
  actorName: string | null;
  targetType: string | null;
  targetId: string | null;
  targetName: string | null;
  ip: string | null;
  detail: Readonly<Record<string, string | number | boolean | null>>;
}>;

/** The kind of notification that an event makes by itself, or null. */
export function kindOf({ action, targetId, detail }: OutboxEvent): Kind | null {
  // Nobody's session was there to end.
  if (action === 'idp_session.ended' && targetId === null) return null;
  // To tell of what could not be delivered about what could not be delivered would go on for ever.
  if (action === 'delivery.failed' && ['dead_letter', 'test'].includes(String(detail.kinds))) return null;
  // While nodes are updated, a newer one's trigger may bring what this one doesn't know.
  return kindOfAction[action] ?? null;
}
