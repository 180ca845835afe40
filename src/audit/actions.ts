/**
 * Every action that goes on record: its target, and what happened. The names are API (record,
 * exports, notifications): none is ever renamed. A test holds the names in SQL against this list.
 */
export const actions = [
  'access.revoked',
  'access.revoked_for_everyone',
  'api_key.created',
  'api_key.revoked',
  'call.refused',
  'connection.added',
  'connection.changed',
  'connection.proven',
  'delivery.failed',
  'delivery.replayed',
  'domain.added',
  'domain.changed',
  'domain.removed',
  'domain.verified',
  'grant.created',
  'grant.ended',
  'group.added',
  'group.changed',
  'group.removed',
  'identity.linked',
  'idp_session.ended',
  'org.changed',
  'org.created',
  'policy.changed',
  'record.exported',
  'role.changed',
  'session.ended',
  'sign_in.refused',
  'sign_in.succeeded',
  'signal.received',
  'user.activated',
  'user.added',
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

/** The beginnings of actions, with the dot: `sign_in.` */
export const actionFamilies = [...new Set(actions.map((action) => action.slice(0, action.indexOf('.') + 1)))];

/** The types of events' targets. These names are API, too. */
export const targetTypes = [
  'api_key',
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
