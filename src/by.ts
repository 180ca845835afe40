import type { Request } from 'express';

const withId = ['user', 'api_key', 'connection'] as const;
const withoutId = ['operator', 'anonymous'] as const;

export type Actor =
  | Readonly<{ type: (typeof withId)[number]; id: string }>
  /** The backend itself; `id` names one of its parts where there are several. */
  | Readonly<{ type: 'system'; id: string | null }>
  | Readonly<{ type: (typeof withoutId)[number]; id: null }>;

/** The types of actors. The names are API, in the record and in notifications. */
export const actorTypes = [...withId, 'system', ...withoutId] as const satisfies readonly Actor['type'][];

/** The actor of a change, the address and the request: each change on record takes one. */
export type By = Readonly<{
  actor: Actor;
  /** Null, like `requestId`, without a request: the command line, a job. */
  ip: string | null;
  requestId: string | null;
}>;

export function byRequest(req: Request, actor: Actor): By {
  return { actor, ip: req.ip ?? null, requestId: req.id };
}

/** The person whose session or app sends the request, as the actor. */
export function byPerson(req: Request, { userId }: Readonly<{ userId: string }>): By {
  return byRequest(req, { type: 'user', id: userId });
}

/** Whether the actor is the command line or the backend itself. */
export function isOperator({ actor }: By): boolean {
  return actor.type === 'operator' || actor.type === 'system';
}

export const byOperator: By = { actor: { type: 'operator', id: null }, ip: null, requestId: null };

export function bySystem(part: string | null): By {
  return { actor: { type: 'system', id: part }, ip: null, requestId: null };
}
