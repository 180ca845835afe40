import { hash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { AppError } from '../errors.ts';
import type { Credential } from '../sessions/principal.ts';
import { noSuchPerson } from './change-person.ts';

/** All access of these people. `unknown`: ids that were asked for and are nobody's. */
export type ConcernedPeople = Readonly<{ kind: 'people'; userIds: readonly string[]; unknown: readonly string[] }>;
/** One session or grant of a person. */
export type ConcernedDevice = Readonly<{ kind: 'device'; userId: string; deviceId: string }>;
/** The access of everyone in the org, except the credential in `keep`. */
export type ConcernedEveryone = Readonly<{ kind: 'everyone'; keep: Credential | null }>;
/** A person who gets a further name: no access ends. */
export type ConcernedName = Readonly<{ kind: 'name'; userId: string }>;

/** The people, the device or the org that an administrator's action is about. */
export type Concerned = ConcernedPeople | ConcernedDevice | ConcernedEveryone | ConcernedName;

/** Who is concerned, and how they stood (`standing`): a confirmation is bound to that. */
export type Seen<Whose extends Concerned> = Readonly<{ whose: Whose; standing: string }>;

type Db = Pool | PoolClient;

export const mostInGroup = 10_000;

// Each function takes a pool, or a client: with `lock` its transaction keeps the rows locked.

/** @throws AppError not_found */
export async function lookAtPerson(db: Db, orgId: string, id: string, lock: boolean): Promise<Seen<ConcernedPeople>> {
  const seen = await lookAtPeople(db, orgId, [id], lock);
  if (seen.whose.userIds.length === 0) throw noSuchPerson();
  return seen;
}

/** Finds which of these are the org's people, with generations. Locks rows in order of ids. */
export async function lookAtPeople(
  db: Db,
  orgId: string,
  ids: readonly string[],
  lock: boolean,
): Promise<Seen<ConcernedPeople>> {
  const { rows } = await db.query<{ id: string; generation: number; org_generation: number }>({
    name: `people-generations-${lock}`,
    text: `SELECT u.id, u.generation, o.generation AS org_generation FROM users u JOIN orgs o ON o.id = u.org_id
           WHERE u.org_id = $1 AND u.id = ANY ($2::text[]) AND u.deleted_at IS NULL
           ORDER BY u.id ${lock ? 'FOR NO KEY UPDATE OF u' : ''}`,
    values: [orgId, ids],
  });
  const standing = digestOf(rows.map((row) => [row.id, row.generation, row.org_generation]));
  const userIds = rows.map((row) => row.id);
  const found = new Set(userIds);
  return { whose: { kind: 'people', userIds, unknown: ids.filter((id) => !found.has(id)) }, standing };
}

/** Finds a group's members. @throws AppError not_found; invalid_request for a group too large */
export async function lookAtGroup(db: Db, orgId: string, group: string, lock: boolean): Promise<Seen<ConcernedPeople>> {
  const { rows } = await db.query<{ user_id: string | null }>({
    name: 'group-members-to-revoke',
    text: `SELECT m.user_id FROM groups g LEFT JOIN group_members m ON m.org_id = g.org_id AND m.group_id = g.id
           WHERE g.org_id = $1 AND g.id = $2 LIMIT $3`,
    values: [orgId, group, mostInGroup + 1],
  });
  if (rows.length === 0) throw noSuchGroup();
  if (rows.length > mostInGroup)
    throw new AppError('invalid_request', ({ answers }) => answers.largeGroup({ most: mostInGroup }));
  const members = rows.flatMap(({ user_id }) => (user_id === null ? [] : [user_id]));
  return lookAtPeople(db, orgId, members, lock);
}

/** Finds a person's live session or grant. @throws AppError not_found */
export async function lookAtDevice(
  db: Db,
  orgId: string,
  { userId, deviceId }: Readonly<{ userId: string; deviceId: string }>,
  lock: boolean,
): Promise<Seen<ConcernedDevice>> {
  const { standing } = await lookAtPerson(db, orgId, userId, lock);
  const { rowCount } = await db.query({
    name: 'device-live',
    text: `SELECT FROM live_sessions WHERE org_id = $1 AND user_id = $2 AND id = $3
           UNION ALL SELECT FROM live_grants WHERE org_id = $1 AND user_id = $2 AND id = $3`,
    values: [orgId, userId, deviceId],
  });
  if (rowCount !== 1) throw noSuchSession();
  return { whose: { kind: 'device', userId, deviceId }, standing };
}

export async function lookAtEveryone(
  db: Db,
  orgId: string,
  keep: Credential | null,
  lock: boolean,
): Promise<Seen<ConcernedEveryone>> {
  const { rows } = await db.query({
    name: `org-generation-${lock}`,
    text: `SELECT generation FROM orgs WHERE id = $1 ${lock ? 'FOR NO KEY UPDATE' : ''}`,
    values: [orgId],
  });
  return { whose: { kind: 'everyone', keep }, standing: String(rows[0].generation) };
}

export const noSuchGroup = () => new AppError('not_found', 'Your organisation has no group of this id.');

export const noSuchSession = () => new AppError('not_found', 'This person is signed in nowhere under this id.');

export const digestOf = (value: unknown) => hash('sha256', JSON.stringify(value), 'base64url');
