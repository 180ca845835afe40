import type { Action } from '../audit/actions.ts';

/** What administrators are told of. The names are API: feed, settings, a webhook's `type`. */
export const kinds = [
  'revocation',
  'refused_calls',
  'refused_sign_in',
  'contested_address',
  'refused_provisioning',
  'api_key',
  'role_change',
  'identity_change',
  'connection',
  'shared_account',
  'dead_letter',
] as const;
export type Kind = (typeof kinds)[number];

/** The actions that a trigger puts into the outbox, and the kind that each makes by itself. */
const kindOfAction = {
  'access.revoked': 'revocation',
  'access.revoked_for_everyone': 'revocation',
  'user.deactivated': 'revocation',
  // The end of the removed person's access is an event of its own.
  'user.removed': null,
  'idp_session.ended': 'revocation',
  'call.carried_out': 'revocation',
  'call.lapsed': 'refused_calls',
  // Refused calls are counted first.
  'call.refused': null,
  // Counted, too: only security events that ended nobody's access come through the outbox.
  'signal.received': null,
  // Only sign-ins that an administrator can put right come through the outbox.
  'sign_in.refused': 'refused_sign_in',
  'user.address_contested': 'contested_address',
  'provisioning.refused': 'refused_provisioning',
  'api_key.created': 'api_key',
  'role.changed': 'role_change',
  // Only those that a person made come through the outbox.
  'identity.linked': 'identity_change',
  'identity.unlinked': 'identity_change',
  'user.address_changed': 'identity_change',
  'connection.subjects_forgotten': 'identity_change',
  'user.erased': 'identity_change',
  'connection.auth_time_missing': 'connection',
  'account.rotation_uncertain': 'shared_account',
  'account.rotation_manual': 'shared_account',
  'account.old_works': 'shared_account',
  'account.key_erased': 'shared_account',
  'account.administrator_known': 'shared_account',
  // Only those that somebody gave to themself come through the outbox.
  'account.right_given': 'shared_account',
  // Whoever may use the account is told, by e-mail, not the administrators.
  'account.rotated': null,
  'account.rotation_confirmed': null,
  'account.password_given': null,
  // Only those that made another version current come through the outbox.
  'account.reconciled': null,
  'delivery.failed': 'dead_letter',
  'forward.failed': 'dead_letter',
  'app.away': 'dead_letter',
  'app.back': 'dead_letter',
  'app.names_missing': 'dead_letter',
} as const satisfies Partial<Record<Action, Kind | null>>;
export type OutboxAction = keyof typeof kindOfAction;
export const outboxActions = Object.keys(kindOfAction) as readonly OutboxAction[];

/** After these an account's password is another one. */
export const passwordChanges: readonly OutboxAction[] = [
  'account.rotated',
  'account.rotation_confirmed',
  'account.password_given',
  'account.reconciled',
];
/** What stands in `deliveries.kinds` of the e-mail to those who may use such an account. */
export const passwordMail = 'account_password';
/** And of the one to those who manage an account whose password they are to change by hand. */
export const taskMail = 'account_task';

/** Outcomes of security events that should have ended somebody's access and ended nobody's. */
export const missedOutcomes = ['subject_unknown', 'subject_unsupported'] as const;

/** An audit event from the outbox, with the names that its text needs, as they are now. */
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
  // There was no session to end.
  if (action === 'idp_session.ended' && targetId === null) return null;
  // A failed message about failed messages would go on for ever.
  if (action === 'delivery.failed' && ['dead_letter', 'test'].includes(String(detail.kinds))) return null;
  // During an update, a newer node's trigger may bring actions that this node doesn't know.
  return kindOfAction[action] ?? null;
}
