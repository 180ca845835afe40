import type { Pool, PoolClient } from 'pg';
import { isReference, newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import type { InTurn } from '../http/turns.ts';
import { type Precondition, recordChange, type ScimCall } from './call.ts';
import { groupColumns } from './group-columns.ts';
import { addMembers, changeMembers, type MembersChanged, memberIds, replaceMembers } from './group-members.ts';
import { type ListPage, type ListQuery, listRows } from './list.ts';
import type { Change } from './patch.ts';
import { requireVersion } from './precondition.ts';
import { recordUnknownMembers } from './refusals.ts';
import { groupType } from './schemas.ts';
import { ScimError } from './scim-error.ts';
import { type JsonObject, readValue } from './values.ts';

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
/** Groups of an org. */
const mostGroups = 10_000;

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

/** @throws ScimError */
async function refuseTooMany(client: PoolClient, orgId: string): Promise<void> {
  // The lock makes additions wait for each other, so that the count holds.
  await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`groups ${orgId}`]);
  const { rowCount } = await client.query('SELECT FROM groups WHERE org_id = $1 OFFSET $2 LIMIT 1', [
    orgId,
    mostGroups - 1,
  ]);
  if (rowCount === 0) return;
  throw new ScimError(409, null, `The organisation has ${mostGroups} groups, the most it may have; remove one first.`);
}

/** A group after a change, and the members that the change named and the organisation doesn't have. */
export type WrittenGroup = Readonly<{ row: GroupRow; unknown: readonly string[] }>;

export type ScimGroups = ReturnType<typeof createScimGroups>;

/** An org's groups. Members are rows of their own: adding one to ten thousand writes one. */
export function createScimGroups({ pool, inTurn }: { pool: Pool; inTurn: InTurn }) {
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

    create(call: ScimCall, resource: JsonObject): Promise<WrittenGroup> {
      const { displayName, externalId } = readNames(resource);
      const id = newId('group');
      return inOwnTransaction(call, async (client) => {
        await refuseTooMany(client, call.orgId);
        await client.query('INSERT INTO groups (org_id, id, display_name, external_id) VALUES ($1, $2, $3, $4)', [
          call.orgId,
          id,
          displayName,
          externalId,
        ]);
        const { added, unknown } = await addMembers(client, call.orgId, id, memberIds(resource.members));
        await recordChange(client, call, 'group.added', { type: 'group', id }, { membersAdded: added });
        await recordUnknownMembers(client, call, id, unknown);
        return { row: await load(client, call.orgId, id, 'scim-group', loadSql), unknown };
      });
    },

    replace(call: ScimCall, id: string, resource: JsonObject, ifMatch: Precondition): Promise<WrittenGroup> {
      const names = readNames(resource);
      return change(call, id, ifMatch, async (client, before) => {
        const counts = await replaceMembers(client, call.orgId, id, memberIds(resource.members));
        return { ...counts, renamed: await rename(client, call.orgId, before, names) };
      });
    },

    patch(call: ScimCall, id: string, changes: readonly Change[], ifMatch: Precondition): Promise<WrittenGroup> {
      return change(call, id, ifMatch, async (client, before) => {
        let added = 0;
        let removed = 0;
        const unknown = new Set<string>();
        const names: JsonObject = { displayName: before.display_name, externalId: before.external_id };
        for (const asked of changes) {
          const { attribute } = asked.target;
          if (attribute.name === 'members') {
            const counts = await changeMembers(client, call.orgId, id, asked);
            added += counts.added;
            removed += counts.removed;
            for (const member of counts.unknown) unknown.add(member);
          } else if (attribute.name === 'displayName' || attribute.name === 'externalId') {
            names[attribute.name] = asked.op === 'remove' ? null : readValue(attribute, asked.value);
          }
        }
        return {
          added,
          removed,
          unknown: [...unknown],
          renamed: await rename(client, call.orgId, before, readNames(names)),
        };
      });
    },

    remove(call: ScimCall, id: string, ifMatch: Precondition): Promise<void> {
      return inOwnTransaction(call, async (client) => {
        const before = await load(client, call.orgId, id, 'scim-group-lock', lockSql);
        requireVersion(ifMatch, groupVersion(before));
        // The memberships are deleted with the group.
        await client.query('DELETE FROM groups WHERE org_id = $1 AND id = $2', [call.orgId, id]);
        await recordChange(client, call, 'group.removed', { type: 'group', id });
      });
    },
  };

  /** Changes wait for each other's locks. So two at once per org have a connection. */
  function inOwnTransaction<T>({ orgId }: ScimCall, work: (client: PoolClient) => Promise<T>): Promise<T> {
    return inTurn('groups', orgId, () => transaction(pool, work));
  }

  function change(
    call: ScimCall,
    id: string,
    ifMatch: Precondition,
    work: (client: PoolClient, before: GroupRow) => Promise<MembersChanged & { renamed: boolean }>,
  ): Promise<WrittenGroup> {
    return inOwnTransaction(call, async (client) => {
      const before = await load(client, call.orgId, id, 'scim-group-lock', lockSql);
      requireVersion(ifMatch, groupVersion(before));
      const { added, removed, renamed, unknown } = await work(client, before);
      await recordUnknownMembers(client, call, id, unknown);
      if (added + removed === 0 && !renamed) return { row: before, unknown };
      await client.query('UPDATE groups SET updated_at = clock_timestamp() WHERE org_id = $1 AND id = $2', [
        call.orgId,
        id,
      ]);
      const detail = { membersAdded: added, membersRemoved: removed, renamed };
      await recordChange(client, call, 'group.changed', { type: 'group', id }, detail);
      return { row: await load(client, call.orgId, id, 'scim-group', loadSql), unknown };
    });
  }
}

type Names = Readonly<{ displayName: string; externalId: string | null }>;

function readNames(resource: JsonObject): Names {
  const read = (name: string) => (typeof resource[name] === 'string' ? resource[name].trim() : '');
  const displayName = read('displayName');
  const externalId = read('externalId');
  if (displayName === '') throw new ScimError(400, 'invalidValue', 'A group needs a displayName.', 'displayName');
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
  if (!row)
    throw new ScimError(404, null, `There is no group ${JSON.stringify(id.slice(0, 80))}.`, null, {
      explanation: 'There is no group of this id.',
    });
  return row;
}

const loadSql = `SELECT ${columns} FROM groups g WHERE g.org_id = $1 AND g.id = $2`;
const lockSql = `${loadSql} FOR UPDATE`;
