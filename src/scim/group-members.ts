import type { PoolClient } from 'pg';
import { isReference } from '../database/ids.ts';
import { requireAffordable, toSql } from './filter-sql.ts';
import { memberColumns } from './group-columns.ts';
import type { Change } from './patch.ts';
import { ScimError } from './scim-error.ts';
import { isObject, readValue } from './values.ts';

/** What became of members. `unknown` were to be added, and are nobody of the organisation. */
export type MembersChanged = Readonly<{ added: number; removed: number; unknown: readonly string[] }>;

/** Does what a PATCH asks of the members. @throws ScimError invalidValue, mutability */
export async function changeMembers(
  client: PoolClient,
  orgId: string,
  groupId: string,
  change: Change,
): Promise<MembersChanged> {
  const { op, target, filter, value } = change;
  if (target.sub) throw new ScimError(400, 'mutability', 'A member is added or removed as a whole.', 'members');
  if (op === 'remove') {
    if (filter) return { ...unchanged, removed: await removeMatching(client, orgId, groupId, change) };
    // Entra's older form names the members in the value.
    const ids = value === undefined ? null : memberIds(readValue(target.attribute, value));
    return { ...unchanged, removed: await removeMembers(client, orgId, groupId, ids) };
  }
  if (filter) throw new ScimError(400, 'mutability', 'A member is added or removed as a whole.', 'members');
  const ids = memberIds(readValue(target.attribute, value));
  if (op === 'replace') return replaceMembers(client, orgId, groupId, ids);
  return addMembers(client, orgId, groupId, ids);
}

/** The ids of distinct members. @throws ScimError invalidValue */
export function memberIds(members: unknown): string[] {
  const values = Array.isArray(members) ? members.map((member) => (isObject(member) ? member.value : undefined)) : [];
  return [...new Set(values.map((value) => (typeof value === 'string' && value !== '' ? value : withoutValue())))];
}

function withoutValue(): never {
  throw new ScimError(400, 'invalidValue', 'A member has the id of a user as its value.', 'members.value');
}

/**
 * Adds those who are users of the organisation: one unknown member doesn't keep the others out. A
 * user who is being removed is waited for and then left out: the foreign key alone would let them in.
 */
export async function addMembers(
  client: PoolClient,
  orgId: string,
  groupId: string,
  ids: readonly string[],
): Promise<MembersChanged> {
  if (ids.length === 0) return unchanged;
  // Lists go through `unnest`: PostgreSQL compares each row with each element of an array that is a
  // parameter.
  const { rows } = await client.query<{ added: number; known: string[] | null }>(
    `WITH known AS (
       SELECT u.id FROM unnest($3::text[]) AS asked (id)
       JOIN users u ON u.org_id = $1 AND u.id = asked.id AND u.deleted_at IS NULL
       FOR KEY SHARE OF u
     ), added AS (
       INSERT INTO group_members (org_id, group_id, user_id) SELECT $1, $2, id FROM known ON CONFLICT DO NOTHING RETURNING 1
     )
     SELECT (SELECT count(*)::int FROM added) AS added,
            CASE WHEN (SELECT count(*) FROM known) < cardinality($3::text[]) THEN ARRAY(SELECT id FROM known) END AS known`,
    [orgId, groupId, ids.filter(isReference)],
  );
  const { added = 0, known = null } = rows[0] ?? {};
  const found = known && new Set(known);
  return { added, removed: 0, unknown: ids.filter((id) => !isReference(id) || (found && !found.has(id))) };
}

const unchanged: MembersChanged = { added: 0, removed: 0, unknown: [] };

/** @param ids null: all of them */
async function removeMembers(client: PoolClient, orgId: string, groupId: string, ids: readonly string[] | null) {
  const all = 'DELETE FROM group_members m WHERE m.org_id = $1 AND m.group_id = $2';
  const { rowCount } = ids
    ? await client.query(`${all} AND m.user_id IN (SELECT unnest($3::text[]))`, [orgId, groupId, ids])
    : await client.query(all, [orgId, groupId]);
  return rowCount ?? 0;
}

/** Without a transaction of its own: who is in no list any more leaves, the others are added. */
export async function replaceMembers(
  client: PoolClient,
  orgId: string,
  groupId: string,
  ids: readonly string[],
): Promise<MembersChanged> {
  const { rowCount } = await client.query(
    `DELETE FROM group_members m WHERE m.org_id = $1 AND m.group_id = $2
       AND NOT EXISTS (SELECT FROM unnest($3::text[]) AS kept (id) WHERE kept.id = m.user_id)`,
    [orgId, groupId, ids],
  );
  return { ...(await addMembers(client, orgId, groupId, ids)), removed: rowCount ?? 0 };
}

/** Repeating a removal is no error: who isn't a member need not be removed. */
async function removeMatching(client: PoolClient, orgId: string, groupId: string, { filter }: Change): Promise<number> {
  if (!filter) return 0;
  requireAffordable(filter, memberColumns);
  const values: unknown[] = [orgId, groupId];
  const condition = toSql(filter, memberColumns, values);
  const { rowCount } = await client.query(
    `DELETE FROM group_members m USING users u
     WHERE m.org_id = $1 AND m.group_id = $2 AND u.org_id = m.org_id AND u.id = m.user_id AND ${condition}`,
    values,
  );
  return rowCount ?? 0;
}
