import type { Pool } from 'pg';
import type { TimePage } from '../database/time-key.ts';

/** A group of an org, as its administrators see it. */
export type Group = Readonly<{ id: string; displayName: string; members: number; createdAt: Date }>;

export type GroupName = Pick<Group, 'id' | 'displayName'>;

/** The groups of orgs, which provisioning keeps. `PeopleFilter.group` lists their members. */
export function createGroups({ pool }: { pool: Pool }) {
  return {
    /**
     * Up to `limit` groups after `after`, youngest first; `search`: part of a name in any case,
     * `member`: who is in them.
     */
    async listGroups(
      orgId: string,
      {
        search = null,
        member = null,
        limit,
        after,
      }: TimePage & { search?: string | null | undefined; member?: string | null | undefined },
    ): Promise<Group[]> {
      const values = [orgId, search, limit, after?.createdAt ?? null, after?.id ?? null, member];
      const { rows } = await pool.query({ name: 'groups-list', text: listSql, values });
      return rows;
    },

    /** Up to `limit` groups by name, with nothing counted; `search`: part of a name, in any case. */
    async listGroupNames(
      orgId: string,
      {
        id = null,
        member = null,
        search = null,
      }: Readonly<Partial<Record<'id' | 'member' | 'search', string | null | undefined>>>,
      limit: number,
    ): Promise<GroupName[]> {
      const values = [orgId, search, limit, id, member];
      const isSearched = search !== null;
      const name = isSearched ? 'group-names-searched' : 'group-names';
      const { rows } = await pool.query({ name, text: namesSql(isSearched), values });
      return rows;
    },

    /** Null when the org has no such group. */
    async findGroup(orgId: string, id: string): Promise<Group | null> {
      const { rows } = await pool.query({ name: 'group-find', text: findSql, values: [orgId, id] });
      return rows[0] ?? null;
    },

    /** Whether the org has such a group. */
    async hasGroup(orgId: string, id: string): Promise<boolean> {
      const text = 'SELECT FROM groups WHERE org_id = $1 AND id = $2';
      const { rowCount } = await pool.query({ name: 'group-exists', text, values: [orgId, id] });
      return rowCount === 1;
    },
  };
}

// Members are counted only for the groups of the page.
const groupSql = (page: string) => `
  SELECT g.id, g.display_name AS "displayName", g.created_at AS "createdAt",
         (SELECT count(*)::int FROM group_members m JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id
          WHERE m.org_id = g.org_id AND m.group_id = g.id AND u.deleted_at IS NULL) AS members
  FROM (${page}) g
  ORDER BY g.created_at DESC, g.id DESC`;

const listSql = groupSql(`
  SELECT * FROM groups
  WHERE org_id = $1 AND ($2::text IS NULL OR strpos(lower(display_name), lower($2)) > 0)
    AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5))
    AND ($6::text IS NULL OR id IN (SELECT m.group_id FROM group_members m WHERE m.org_id = $1 AND m.user_id = $6))
  ORDER BY created_at DESC, id DESC LIMIT $3`);

const findSql = groupSql('SELECT * FROM groups WHERE org_id = $1 AND id = $2');

// The exact name comes before those that only hold it. Without a search the order is an index's own:
// a key that says nothing would have all groups sorted.
const namesSql = (isSearched: boolean) => `
  SELECT id, display_name AS "displayName" FROM groups
  WHERE org_id = $1 AND ($2::text IS NULL OR strpos(lower(display_name), lower($2)) > 0)
    AND ($4::text IS NULL OR id = $4)
    AND ($5::text IS NULL OR id IN (SELECT m.group_id FROM group_members m WHERE m.org_id = $1 AND m.user_id = $5))
  ORDER BY ${isSearched ? '(lower(display_name) = lower($2)) IS TRUE DESC, ' : ''}lower(display_name), id LIMIT $3`;
