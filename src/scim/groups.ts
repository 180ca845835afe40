import type { Pool, PoolClient } from 'pg';
import { isReference, newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import { type Precondition, recordChange, type ScimCall } from './call.ts';
import { requireAffordable, toSql } from './filter-sql.ts';
import { groupColumns, memberColumns } from './group-columns.ts';
import { type ListPage, type ListQuery, listRows } from './list.ts';
import type { Change } from './patch.ts';
import { requireVersion } from './precondition.ts';
import { groupType } from './schemas.ts';
import { ScimError } from './scim-error.ts';
import { isObject, type JsonObject, readValue } from './values.ts';

export type GroupRow = Readonly<{
  id: string;
  display_name: string;
  external_id: string | null;
  /** Changes with the group and with its members. */
  version: string;
  created_at: Date;
  updated_at: Date;
}>;

/** In characters: indexed text must fit an index entry. */
export const longestName = 512;
/** Members on a page of groups: once there are as many, no further group is added. */
const mostMembers = 20_000;

const columns = 'g.id, g.display_name, g.external_id, g.xmin::text AS version, g.created_at, g.updated_at';

/** @param members null: not asked for */
export function toGroupResource(
  row: GroupRow,
  members: readonly Readonly<{ value: string; display: string }>[] | null,
  baseUrl: string,
): JsonObject {
  return {
    schemas: [groupType.schema],
    id: row.id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    meta: {
      resourceType: 'Group',
      created: row.created_at.toISOString(),
      lastModified: row.updated_at.toISOString(),
      location: `${baseUrl}/Groups/${row.id}`,
      version: groupVersion(row),
    },
    displayName: row.display_name,
    ...(members
      ? { members: members.map((member) => ({ ...member, type: 'User', $ref: `${baseUrl}/Users/${member.value}` })) }
      : {}),
  };
}

/** The transaction that last wrote the row: a change of members writes it too. */
export function groupVersion(row: GroupRow): string {
  return `W/"${row.version}"`;
}

export type ScimGroups = ReturnType<typeof createScimGroups>;

/** An org's groups. Members are rows of their own: adding one to ten thousand writes one. */
export function createScimGroups({ pool }: { pool: Pool }) {
  return {
    /** With members, the page ends with the group that brings them to 20,000 or more. */
    async list(orgId: string, asked: ListQuery, withMembers: boolean) {
      const source = { alias: 'g', from: 'groups g', where: 'true', select: columns, columns: groupColumns };
      const page: ListPage<GroupRow> = await listRows<GroupRow>(pool, orgId, source, asked);
      if (!withMembers || page.rows.length === 0) return { ...page, members: null };
      const ids = await fitting(
        pool,
        orgId,
        page.rows.map(({ id }) => id),
      );
      const rows = page.rows.filter(({ id }) => ids.includes(id));
      return { rows, total: page.total, members: await loadMembers(pool, orgId, ids) };
    },

    async find(orgId: string, id: string, withMembers: boolean) {
      const row = await load(pool, orgId, id, 'scim-group', loadSql);
      return { row, members: withMembers ? ((await loadMembers(pool, orgId, [id])).get(id) ?? []) : null };
    },

    create(call: ScimCall, resource: JsonObject): Promise<GroupRow> {
      const { displayName, externalId } = readNames(resource);
      const id = newId('group');
      return transaction(pool, async (client) => {
        await client.query('INSERT INTO groups (org_id, id, display_name, external_id) VALUES ($1, $2, $3, $4)', [
          call.orgId,
          id,
          displayName,
          externalId,
        ]);
        const membersAdded = await addMembers(client, call.orgId, id, memberIds(resource.members));
        await recordChange(client, call, 'group.added', { type: 'group', id }, { membersAdded });
        return load(client, call.orgId, id, 'scim-group', loadSql);
      });
    },

    replace(call: ScimCall, id: string, resource: JsonObject, ifMatch: Precondition): Promise<GroupRow> {
      const names = readNames(resource);
      return change(call, id, ifMatch, async (client, before) => {
        const counts = await replaceMembers(client, call.orgId, id, memberIds(resource.members));
        return { ...counts, renamed: await rename(client, call.orgId, before, names) };
      });
    },

    patch(call: ScimCall, id: string, changes: readonly Change[], ifMatch: Precondition): Promise<GroupRow> {
      return change(call, id, ifMatch, async (client, before) => {
        let added = 0;
        let removed = 0;
        const names: JsonObject = { displayName: before.display_name, externalId: before.external_id };
        for (const asked of changes) {
          const { attribute } = asked.target;
          if (attribute.name === 'members') {
            const counts = await changeMembers(client, call.orgId, id, asked);
            added += counts.added;
            removed += counts.removed;
          } else if (attribute.name === 'displayName' || attribute.name === 'externalId') {
            names[attribute.name] = asked.op === 'remove' ? null : readValue(attribute, asked.value);
          }
        }
        return { added, removed, renamed: await rename(client, call.orgId, before, readNames(names)) };
      });
    },

    remove(call: ScimCall, id: string, ifMatch: Precondition): Promise<void> {
      return transaction(pool, async (client) => {
        const before = await load(client, call.orgId, id, 'scim-group-lock', lockSql);
        requireVersion(ifMatch, groupVersion(before));
        // The memberships are deleted with the group.
        await client.query('DELETE FROM groups WHERE org_id = $1 AND id = $2', [call.orgId, id]);
        await recordChange(client, call, 'group.removed', { type: 'group', id });
      });
    },
  };

  function change(
    call: ScimCall,
    id: string,
    ifMatch: Precondition,
    work: (client: PoolClient, before: GroupRow) => Promise<{ added: number; removed: number; renamed: boolean }>,
  ): Promise<GroupRow> {
    return transaction(pool, async (client) => {
      const before = await load(client, call.orgId, id, 'scim-group-lock', lockSql);
      requireVersion(ifMatch, groupVersion(before));
      const { added, removed, renamed } = await work(client, before);
      if (added + removed === 0 && !renamed) return before;
      await client.query('UPDATE groups SET updated_at = clock_timestamp() WHERE org_id = $1 AND id = $2', [
        call.orgId,
        id,
      ]);
      const detail = { membersAdded: added, membersRemoved: removed, renamed };
      await recordChange(client, call, 'group.changed', { type: 'group', id }, detail);
      return load(client, call.orgId, id, 'scim-group', loadSql);
    });
  }
}

type Names = Readonly<{ displayName: string; externalId: string | null }>;

function readNames(resource: JsonObject): Names {
  const read = (name: string) => (typeof resource[name] === 'string' ? resource[name].trim() : '');
  const displayName = read('displayName');
  const externalId = read('externalId');
  if (displayName === '') throw new ScimError(400, 'invalidValue', 'A group needs a displayName.');
  if (displayName.length > longestName || externalId.length > longestName)
    throw new ScimError(400, 'invalidValue', `displayName and externalId have at most ${longestName} characters.`);
  return { displayName, externalId: externalId || null };
}

async function rename(client: PoolClient, orgId: string, before: GroupRow, names: Names): Promise<boolean> {
  if (before.display_name === names.displayName && before.external_id === names.externalId) return false;
  await client.query('UPDATE groups SET display_name = $3, external_id = $4 WHERE org_id = $1 AND id = $2', [
    orgId,
    before.id,
    names.displayName,
    names.externalId,
  ]);
  return true;
}

type MemberCounts = Readonly<{ added: number; removed: number }>;

async function changeMembers(
  client: PoolClient,
  orgId: string,
  groupId: string,
  change: Change,
): Promise<MemberCounts> {
  const { op, target, filter, value } = change;
  if (target.sub) throw new ScimError(400, 'mutability', 'A member is added or removed as a whole.');
  if (op === 'remove') {
    if (filter) return { added: 0, removed: await removeMatching(client, orgId, groupId, change) };
    // Entra's older form names the members in the value.
    const ids = value === undefined ? null : memberIds(readValue(target.attribute, value));
    return { added: 0, removed: await removeMembers(client, orgId, groupId, ids) };
  }
  if (filter) throw new ScimError(400, 'mutability', 'A member is added or removed as a whole.');
  const ids = memberIds(readValue(target.attribute, value));
  if (op === 'replace') return replaceMembers(client, orgId, groupId, ids);
  return { added: await addMembers(client, orgId, groupId, ids), removed: 0 };
}

/** The ids of distinct members. @throws ScimError invalidValue */
function memberIds(members: unknown): string[] {
  const values = Array.isArray(members) ? members.map((member) => (isObject(member) ? member.value : undefined)) : [];
  return [
    ...new Set(values.map((value) => (typeof value === 'string' && isReference(value) ? value : unknownMember()))),
  ];
}

function unknownMember(): never {
  throw new ScimError(400, 'invalidValue', 'A member is not the id of a user of the organisation.');
}

// A user who is being removed is waited for and then left out: the foreign key alone would let them
// in. Lists go through `unnest`: PostgreSQL compares each row with each element of an array that is
// a parameter.
async function addMembers(client: PoolClient, orgId: string, groupId: string, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const { rows } = await client.query(
    `WITH known AS (
       SELECT u.id FROM unnest($3::text[]) AS asked (id)
       JOIN users u ON u.org_id = $1 AND u.id = asked.id AND u.deleted_at IS NULL
       FOR KEY SHARE OF u
     ), added AS (
       INSERT INTO group_members (org_id, group_id, user_id) SELECT $1, $2, id FROM known ON CONFLICT DO NOTHING RETURNING 1
     )
     SELECT (SELECT count(*)::int FROM known) AS known, (SELECT count(*)::int FROM added) AS added`,
    [orgId, groupId, ids],
  );
  return rows[0].known === ids.length ? rows[0].added : unknownMember();
}

/** @param ids null: all of them */
async function removeMembers(client: PoolClient, orgId: string, groupId: string, ids: readonly string[] | null) {
  const all = 'DELETE FROM group_members m WHERE m.org_id = $1 AND m.group_id = $2';
  const { rowCount } = ids
    ? await client.query(`${all} AND m.user_id IN (SELECT unnest($3::text[]))`, [orgId, groupId, ids])
    : await client.query(all, [orgId, groupId]);
  return rowCount ?? 0;
}

async function replaceMembers(
  client: PoolClient,
  orgId: string,
  groupId: string,
  ids: readonly string[],
): Promise<MemberCounts> {
  const { rowCount } = await client.query(
    `DELETE FROM group_members m WHERE m.org_id = $1 AND m.group_id = $2
       AND NOT EXISTS (SELECT FROM unnest($3::text[]) AS kept (id) WHERE kept.id = m.user_id)`,
    [orgId, groupId, ids],
  );
  return { removed: rowCount ?? 0, added: await addMembers(client, orgId, groupId, ids) };
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

/** The first of these groups, until their members fill a page. */
async function fitting(pool: Pool, orgId: string, ids: readonly string[]): Promise<string[]> {
  const { rows } = await pool.query<{ id: string; before: string }>(
    `SELECT id, sum(members) OVER (ORDER BY place) - members AS before FROM (
       SELECT asked.id, asked.place, count(m.user_id) AS members FROM unnest($2::text[]) WITH ORDINALITY AS asked (id, place)
       LEFT JOIN group_members m ON m.org_id = $1 AND m.group_id = asked.id GROUP BY asked.id, asked.place
     ) AS counted ORDER BY place`,
    [orgId, ids],
  );
  return rows.filter(({ before }, index) => index === 0 || Number(before) < mostMembers).map(({ id }) => id);
}

async function loadMembers(pool: Pool, orgId: string, groupIds: readonly string[]) {
  const { rows } = await pool.query<{ group_id: string; value: string; display: string }>(
    `SELECT m.group_id, m.user_id AS value, u.name AS display
     FROM group_members m JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id AND u.deleted_at IS NULL
     WHERE m.org_id = $1 AND m.group_id = ANY ($2::text[])`,
    [orgId, groupIds],
  );
  const members = new Map<string, { value: string; display: string }[]>();
  for (const { group_id: groupId, ...member } of rows) {
    const known = members.get(groupId);
    if (known) known.push(member);
    else members.set(groupId, [member]);
  }
  return members;
}

async function load(db: Pool | PoolClient, orgId: string, id: string, name: string, text: string): Promise<GroupRow> {
  const { rows } = isReference(id) ? await db.query<GroupRow>({ name, text, values: [orgId, id] }) : { rows: [] };
  const [row] = rows;
  if (!row) throw new ScimError(404, null, `There is no group ${JSON.stringify(id.slice(0, 80))}.`);
  return row;
}

const loadSql = `SELECT ${columns} FROM groups g WHERE g.org_id = $1 AND g.id = $2`;
const lockSql = `${loadSql} FOR UPDATE`;
