import type { Pool } from 'pg';
import type { TimePage } from '../database/time-key.ts';

/** A group of an org, as its administrators see it. */
export type Group = Readonly<{ id: string; displayName: string; members: number; createdAt: Date }>;

/** The groups of orgs, which provisioning keeps. `PeopleFilter.group` lists their members. */
export function createGroups({ pool }: { pool: Pool }) {
  return {
    /** Up to `limit` groups after `after`, youngest first; `search`: part of a name in any case. */
    async listGroups(
      orgId: string,
      { search = null, limit, after }: TimePage & { search?: string | null | undefined },
    ): Promise<Group[]> {
      const values = [orgId, search, limit, after?.createdAt ?? null, after?.id ?? null];
      const { rows } = await pool.query({ name: 'groups-list', text: listSql, values });
      return rows;
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
const listSql = `
  SELECT g.id, g.display_name AS "displayName", g.created_at AS "createdAt",
         (SELECT count(*)::int FROM group_members m JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id
          WHERE m.org_id = g.org_id AND m.group_id = g.id AND u.deleted_at IS NULL) AS members
  FROM (SELECT * FROM groups
        WHERE org_id = $1 AND ($2::text IS NULL OR strpos(lower(display_name), lower($2)) > 0)
          AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5))
        ORDER BY created_at DESC, id DESC LIMIT $3) g
  ORDER BY g.created_at DESC, g.id DESC`;
