import type { Pool } from 'pg';
import type { Role } from '../database/generated/client.ts';
import { userNameKey } from './email.ts';

/** A person of an org, as its administrators see them. */
export type Person = Readonly<{
  id: string;
  name: string;
  givenName: string | null;
  familyName: string | null;
  email: string;
  role: Role;
  active: boolean;
  createdAt: Date;
  /** When their access was last ended as a whole; null: never. */
  revokedAt: Date | null;
  /** When any session or grant that is still kept was last seen; exact to a minute. */
  lastSeenAt: Date | null;
  liveSessions: number;
  liveGrants: number;
}>;

export type PeopleFilter = Readonly<{
  /** A part of the name, the address, the user name or a claimed address, in any letter case. */
  search?: string | undefined;
  role?: Role | undefined;
  active?: boolean | undefined;
  /** Whether they have a live session or grant. */
  live?: boolean | undefined;
  /** The id of a group that they are in. */
  group?: string | undefined;
}>;

/** People looked at for a page filtered by `live`: 2,000 take a tenth of a second. */
const mostLookedAt = 2_000;

export type People = ReturnType<typeof createPeople>;

/** The people of orgs, and counts of what they are signed in with. Removed people are left out. */
export function createPeople({ pool }: { pool: Pool }) {
  async function lastLookedAt(conditions: readonly string[], values: readonly unknown[]): Promise<string | null> {
    const { rows } = await pool.query(
      `SELECT u.email_key FROM users u WHERE ${conditions.join(' AND ')} ORDER BY u.email_key OFFSET ${mostLookedAt - 1} LIMIT 1`,
      [...values],
    );
    return rows[0]?.email_key ?? null;
  }

  return {
    /**
     * Up to `limit` people by address, after the address key `after`, each with the own key for the
     * next page. `live` is looked up person by person, so only so many people are looked at:
     * `until` is the last one's address key when there are more, and the search goes on after it.
     */
    async listPeople(
      orgId: string,
      filter: PeopleFilter,
      { limit, after }: { limit: number; after: string | null },
    ): Promise<{ rows: (Person & { emailKey: string })[]; until: string | null }> {
      const { conditions, values } = conditionsOf(filter, after, [orgId]);
      const until = filter.live === undefined ? null : await lastLookedAt(conditions, values);
      const all = [
        ...conditions,
        ...(until === null ? [] : [`u.email_key <= $${values.push(until)}`]),
        ...(filter.live === undefined ? [] : [filter.live ? isLive : `NOT ${isLive}`]),
      ];
      // The limit is our own: for a parameter PostgreSQL would plan for a tenth of the table.
      const { rows } = await pool.query(peopleSql(all, `ORDER BY u.email_key LIMIT ${BigInt(limit)}`), values);
      return { rows, until };
    },

    /** Null when the org has no such person. */
    async findPerson(orgId: string, id: string): Promise<Person | null> {
      const { rows } = await pool.query({ name: 'person-find', text: personSql, values: [orgId, id] });
      const [{ emailKey: _emailKey, ...person } = { id: null }] = rows;
      return person.id === null ? null : (person as Person);
    },
  };
}

// What the person's identity providers call them, also where it isn't their address.
const claims = (column: 'claimed_email' | 'claimed_email_key') =>
  `(SELECT string_agg(i.${column}, E'\\n') FROM identities i WHERE i.org_id = u.org_id AND i.user_id = u.id)`;

/** Only given filters stand in the statement: its plan is made without the values. */
function conditionsOf(
  { search, role, active, group }: PeopleFilter,
  after: string | null,
  given: readonly unknown[],
): { conditions: string[]; values: unknown[] } {
  const values = [...given];
  const add = (value: unknown) => `$${values.push(value)}`;
  const conditions = ['u.org_id = $1', 'u.deleted_at IS NULL'];
  if (after !== null) conditions.push(`u.email_key > ${add(after)}`);
  // No search holds a line break, so nothing is found across two of them. Keys find what PostgreSQL
  // doesn't: its `lower` changes letters outside ASCII only as its locale says.
  if (search !== undefined) {
    const shown = `strpos(lower(concat_ws(E'\\n', u.email, u.name, u.user_name, ${claims('claimed_email')})), lower(${add(search)}))`;
    const keys = `strpos(concat_ws(E'\\n', u.email_key, u.user_name_key, ${claims('claimed_email_key')}), ${add(userNameKey(search))})`;
    conditions.push(`(${shown} > 0 OR ${keys} > 0)`);
  }
  // Literals let the planner use the indexes of those above members and of those switched off.
  if (role !== undefined) conditions.push(`u.role = '${role}'`);
  if (active !== undefined) conditions.push(active ? 'u.active' : 'NOT u.active');
  if (group !== undefined)
    conditions.push(
      `u.id IN (SELECT m.user_id FROM group_members m WHERE m.org_id = $1 AND m.group_id = ${add(group)})`,
    );
  return { conditions, values };
}

// Looked up person by person: for a bare EXISTS PostgreSQL would read everybody's rows first.
const isLive = `coalesce(
  (SELECT true FROM live_sessions l WHERE l.org_id = u.org_id AND l.user_id = u.id LIMIT 1),
  (SELECT true FROM live_grants l WHERE l.org_id = u.org_id AND l.user_id = u.id LIMIT 1), false)`;

// Live sessions and grants are counted only for the rows of the page.
const peopleSql = (conditions: readonly string[], order: string) => `
  SELECT u.id, u.name, u.profile #>> '{name,givenName}' AS "givenName", u.profile #>> '{name,familyName}' AS "familyName", u.email, u.role, u.active, u.created_at AS "createdAt", u.revoked_at AS "revokedAt",
         u.email_key AS "emailKey",
         greatest((SELECT max(last_seen_at) FROM sessions s WHERE s.org_id = u.org_id AND s.user_id = u.id),
                  (SELECT max(last_seen_at) FROM grants g WHERE g.org_id = u.org_id AND g.user_id = u.id)) AS "lastSeenAt",
         (SELECT count(*)::int FROM live_sessions l WHERE l.org_id = u.org_id AND l.user_id = u.id) AS "liveSessions",
         (SELECT count(*)::int FROM live_grants l WHERE l.org_id = u.org_id AND l.user_id = u.id) AS "liveGrants"
  FROM (SELECT * FROM users u WHERE ${conditions.join(' AND ')} ${order}) u
  ORDER BY u.email_key`;

const personSql = peopleSql(['u.org_id = $1', 'u.deleted_at IS NULL', 'u.id = $2'], '');
