import type { Request } from 'express';

const withId = ['user', 'api_key', 'connection'] as const;
const withoutId = ['operator', 'anonymous'] as const;

export type Actor =
  | Readonly<{ type: (typeof withId)[number]; id: string }>
  /** The backend itself; `id` names the part of it, where there are several. */
  | Readonly<{ type: 'system'; id: string | null }>
  | Readonly<{ type: (typeof withoutId)[number]; id: null }>;

/** Who may have done something. The names are API, in the record and in notifications. */
export const actorTypes = [...withId, 'system', ...withoutId] as const satisfies readonly Actor['type'][];

/** Who does something, from where, in which request: every change that goes on record takes one. */
export type By = Readonly<{
  actor: Actor;
  /** Null, like `requestId`, where no request asked for it: the command line, a job. */
  ip: string | null;
  requestId: string | null;
}>;

export function byRequest(req: Request, actor: Actor): By {
  return { actor, ip: req.ip ?? null, requestId: req.id };
}

/** The person whose session or app sends the request. */
export function byPerson(req: Request, { userId }: Readonly<{ userId: string }>): By {
  return byRequest(req, { type: 'user', id: userId });
}

/** The command line, or the backend itself. */
export function isOperator({ actor }: By): boolean {
  return actor.type === 'operator' || actor.type === 'system';
}

export const byOperator: By = { actor: { type: 'operator', id: null }, ip: null, requestId: null };

export function bySystem(part: string | null): By {
  return { actor: { type: 'system', id: part }, ip: null, requestId: null };
}
