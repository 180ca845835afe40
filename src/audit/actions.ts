/**
 * Every action that goes on record: its target, and what happened. The names are API (record,
 * exports, notifications): none is ever renamed. A test holds the names in SQL against this list.
 */
export const actions = [
  'access.revoked',
  'access.revoked_for_everyone',
  'account.added',
  'account.administrator_known',
  'account.changed',
  'account.key_erased',
  'account.old_works',
  'account.password_given',
  'account.reconciled',
  'account.removed',
  'account.revealed',
  'account.right_ended',
  'account.right_given',
  'account.rotated',
  'account.rotation_asked',
  'account.rotation_confirmed',
  'account.rotation_manual',
  'account.rotation_uncertain',
  'account.tested',
  'api_key.created',
  'api_key.revoked',
  'app.added',
  'app.away',
  'app.back',
  'app.names_missing',
  'app.changed',
  'app.people_changed',
  'app.removed',
  'app.secret_made',
  'app.tested',
  'call.carried_out',
  'call.lapsed',
  'call.refused',
  'connection.added',
  'connection.auth_time_missing',
  'connection.changed',
  'connection.proven',
  'connection.subjects_forgotten',
  'connection.tried',
  'delivery.failed',
  'delivery.replayed',
  'domain.added',
  'domain.changed',
  'domain.removed',
  'domain.verified',
  'forward.failed',
  'forward.replayed',
  'grant.created',
  'grant.ended',
  'group.added',
  'group.changed',
  'group.removed',
  'identity.linked',
  'identity.unlinked',
  'idp_session.ended',
  'org.changed',
  'org.created',
  'people.exported',
  'policy.changed',
  'provisioning.refused',
  'record.exported',
  'role.changed',
  'session.ended',
  'sign_in.refused',
  'sign_in.succeeded',
  'signal.received',
  'user.activated',
  'user.added',
  'user.address_changed',
  'user.address_contested',
  'user.changed',
  'user.deactivated',
  'user.erased',
  'user.moved_in',
  'user.removed',
  'webhook.added',
  'webhook.changed',
  'webhook.removed',
  'webhook.tested',
] as const;
export type Action = (typeof actions)[number];

/**
 * The endpoints at which others end access: each event of theirs names it, and their refused calls
 * are on record. The names are API, too.
 */
export const calledEndpoints = ['revocation', 'logout_token', 'security_event'] as const;
export type CalledEndpoint = (typeof calledEndpoints)[number];

/** The network of calls that came from too many to be told apart. It is API, too. */
export const variousNetworks = 'various';

/** The beginnings of actions, with the dot: `sign_in.` */
export const actionFamilies = [...new Set(actions.map((action) => action.slice(0, action.indexOf('.') + 1)))];

/** The types of events' targets. These names are API, too. */
export const targetTypes = [
  'account',
  'api_key',
  'app',
  'connection',
  'delivery',
  'domain',
  'grant',
  'group',
  'org',
  'session',
  'user',
  'webhook',
] as const;
