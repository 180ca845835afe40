import type { Pool } from 'pg';
import type { Role } from '../database/generated/client.ts';
import { userNameKey } from './email.ts';
import { createIndexLook, findFew, findSome, mostFound, type Sought, toSought } from './find-by-part.ts';
import {
  type Add,
  conditionsOf,
  foundSql,
  holdersSql,
  isAmong,
  isCalled,
  isLive,
  isMeant,
  isMember,
  membersSql,
  type PeopleFilter,
} from './people-filter.ts';
import { type Ordered, ordered, type PeopleOrder } from './people-order.ts';

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

/** A page of a list: up to `limit` people in this order, after the one with the key `after`. */
export type PeoplePage = Readonly<{ order?: PeopleOrder; limit: number; after: readonly string[] | null }>;

/** Why counting stopped before everybody was counted: each of these has a bound. */
export const stops = ['number', 'search', 'group', 'live'] as const;

/** `stoppedBy`: there may be more, and why; `ids`: of whoever was counted, in no order. */
export type PeopleCount = Readonly<{
  people: number;
  stoppedBy: (typeof stops)[number] | null;
  ids: readonly string[] | null;
}>;

/**
 * Where more people than these are found by a part, a page of them is soon found in order, by their
 * own names alone: a look at each one's claims takes the time of five comparisons.
 */
const mostSearched = 2_000;
/** Where no more than these are left without a search, each of them is compared with it. */
const mostFew = 500;
/** People whom a page, or a count, compares one by one. */
const mostCompared = 8_000;
/**
 * People of whom a page, or a count, asks whether they are signed in: that takes the time of ten
 * comparisons.
 */
const mostAsked = 500;
/** The same of those who have a session or a grant, where these are known to be all who may be signed in. */
const mostHolders = 2_000;

export type People = ReturnType<typeof createPeople>;

const adder =
  (values: unknown[]): Add =>
  (value) =>
    `$${values.push(value)}`;

/** What has to hold for a person of a filter. */
type Conditions = Readonly<{
  /** Told by the row, or by a list of people. */
  quick: readonly string[];
  /** Compared person by person, of up to `mostCompared`. */
  slow: readonly string[];
  /** Asked for person by person, of up to `mostAsked`. */
  asked: readonly string[];
  /** Some of those whom a search finds that finds too many for a list. */
  some: readonly string[] | null;
  /** Whether `quick` lets only those through who have a session or a grant. */
  areHolders: boolean;
  /** A group that has too many members for a list, with the first of them. */
  large: Readonly<{ group: string; first: readonly string[] }> | null;
}>;

/** The people of orgs, and counts of what they are signed in with. Removed people are left out. */
export function createPeople({ pool }: { pool: Pool }) {
  const hasIndexes = createIndexLook();

  /** Appends parameters to `values`, whose first is the org. */
  async function narrow(
    orgId: string,
    { search, group, live, ...filter }: PeopleFilter,
    values: unknown[],
  ): Promise<Conditions> {
    const add = adder(values);
    const quick = conditionsOf(filter);
    const slow: string[] = [];
    let some: readonly string[] | null = null;
    const members = group === undefined ? null : await findSome(pool, membersSql, [orgId, group], mostFound);
    const isFew = members !== null && !members.more;
    if (isFew) quick.push(isAmong(members.ids, add));
    const large = group !== undefined && members?.more ? { group, first: members.ids.slice(0, mostSearched) } : null;
    const sought = search === undefined ? null : toSought(search, userNameKey(search));
    if (search !== undefined && !sought) quick.push('false');
    // Each of these has an index; without one everybody would be counted first.
    const isNarrow = isFew || filter.active === false || (filter.role ?? 'member') !== 'member';
    if (sought && isNarrow && (await areFew(quick, values))) quick.push(isMeant(sought, add));
    else if (sought) {
      const found = await findBy(orgId, sought, sought.indexed && (await hasIndexes(pool)));
      if (found.more) some = found.ids;
      else quick.push(isAmong(found.ids, add));
      if (found.more) slow.push(isCalled(sought, add));
      else quick.push(isMeant(sought, add));
    }
    // Whoever is signed in is soon found among those who have a session, however many others there are.
    const holders = live && !some && !large ? await findFew(pool, holdersSql, [orgId]) : null;
    if (holders) quick.push(isAmong([...new Set(holders)], add));
    const asked = live === undefined ? [] : [live ? isLive : `NOT ${isLive}`];
    return { quick, slow, asked, some, large, areHolders: holders !== null };
  }

  /** Whether so few people meet these conditions that each can be compared. */
  async function areFew(conditions: readonly string[], values: readonly unknown[]): Promise<boolean> {
    const text = `SELECT FROM users u WHERE ${conditions.join(' AND ')} OFFSET ${mostFew} LIMIT 1`;
    return (await pool.query(text, [...values])).rowCount === 0;
  }

  async function findBy(orgId: string, sought: Sought, byIndex: boolean) {
    const { text, values } = foundSql(orgId, sought, byIndex);
    return findSome(pool, text, values, mostSearched);
  }

  return {
    /**
     * A page of people, each with the own key for the next one. What has to be looked up person by
     * person is looked up of only so many: `until` is the last one's key when there are more and
     * the page isn't full, and the search goes on after it.
     */
    async listPeople(
      orgId: string,
      filter: PeopleFilter,
      { order = 'email', limit, after }: PeoplePage,
    ): Promise<{ rows: (Person & { key: string[] })[]; until: string[] | null }> {
      const inOrder = ordered(order);
      const values: unknown[] = [orgId];
      const add = adder(values);
      const { quick, large, asked, ...found } = await narrow(orgId, filter, values);
      const slow = [...found.slow, ...(large ? [isMember(add(large.group))] : [])];
      const first = [...quick, ...(after ? [inOrder.isAfter(after.map(add))] : [])];
      const { rows } = await pool.query(pageSql({ first, slow, asked }, inOrder, limit), values);
      const until = rows[0]?.until ?? null;
      return { rows: rows.flatMap(({ until: _, ...row }) => (row.id === null ? [] : [row])), until };
    },

    /**
     * How many people the filter lets through, up to `most`, and who they are where `ids` asks for it.
     * Where each of them has to be looked up, only so many are looked at.
     */
    async countPeople(
      orgId: string,
      filter: PeopleFilter,
      { most, ids: areWanted = false }: Readonly<{ most: number; ids?: boolean | undefined }>,
    ): Promise<PeopleCount> {
      const values: unknown[] = [orgId];
      const add = adder(values);
      const { quick, slow, asked, some, large, areHolders } = await narrow(orgId, filter, values);
      const among = [...(some ? [isAmong(some, add)] : []), ...(large ? [isAmong(large.first, add)] : [])];
      const asks = areHolders ? mostHolders : mostAsked;
      const limit = asked.length > 0 ? asks : slow.length > 0 ? mostCompared : most;
      const counts = asked.join(' AND ') || 'true';
      // Ids that nobody wants aren't read: an index alone can tell the number.
      const { rows } = await pool.query<{ looked: number; people: number; ids: string[] | null }>(
        `SELECT count(*)::int AS looked, count(*) FILTER (WHERE ${counts})::int AS people,
                ${areWanted ? `array_agg(u.id) FILTER (WHERE ${counts})` : 'NULL'} AS ids
         FROM (SELECT * FROM ${bounded([...quick, ...among], slow, '')} u LIMIT ${BigInt(limit + 1)}) u`,
        values,
      );
      const { looked = 0, people = 0, ids = null } = rows[0] ?? {};
      const stopped = asked.length > 0 ? 'live' : 'number';
      return {
        people: Math.min(people, limit),
        stoppedBy: some ? 'search' : large ? 'group' : looked > limit ? stopped : null,
        ids: areWanted ? (ids ?? []) : null,
      };
    },

    /** Whether the org has such a person: without counting what they are signed in with. */
    async hasPerson(orgId: string, id: string): Promise<boolean> {
      const text = 'SELECT FROM users WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL';
      const { rowCount } = await pool.query({ name: 'person-exists', text, values: [orgId, id] });
      return rowCount === 1;
    },

    /** Null when the org has no such person. */
    async findPerson(orgId: string, id: string): Promise<Person | null> {
      const { rows } = await pool.query({ name: 'person-find', text: personSql, values: [orgId, id] });
      const [{ key: _key, ...person } = { id: null }] = rows;
      return person.id === null ? null : (person as Person);
    },
  };
}

/** Whoever meets the first conditions and then the slow ones, which are tried of the first only. */
const bounded = (first: readonly string[], slow: readonly string[], order: string) =>
  slow.length === 0
    ? `(SELECT * FROM users u WHERE ${first.join(' AND ')} ${order})`
    : `(SELECT * FROM (SELECT * FROM users u WHERE ${first.join(' AND ')} ${order} LIMIT ${mostCompared}) u WHERE ${slow.join(' AND ')})`;

type PageConditions = Readonly<{ first: readonly string[]; slow: readonly string[]; asked: readonly string[] }>;

/**
 * A page, read in order until it is full or as many were looked at as may be; `until` is then the
 * last of these, in the same snapshot. The limits are our own: for a parameter PostgreSQL would plan
 * for a tenth of the table.
 */
function pageSql({ first, slow, asked }: PageConditions, { key, sql }: Ordered, limit: number): string {
  const most = BigInt(limit);
  const candidates = bounded(first, slow, sql);
  if (slow.length === 0 && asked.length === 0)
    return peopleSql(`(SELECT * FROM ${candidates} u LIMIT ${most})`, { key, sql });
  const lastOf = (people: string, bound: number) =>
    `(SELECT ${key} FROM ${people} u ${sql} OFFSET ${bound - 1} LIMIT 1)`;
  const lasts = [
    ...(asked.length > 0 ? [lastOf('candidates', mostAsked)] : []),
    ...(slow.length > 0 ? [lastOf(bounded(first, [], sql), mostCompared)] : []),
  ];
  // PostgreSQL reads a list of the first part no further than the others ask for.
  return `
  WITH candidates AS MATERIALIZED (SELECT * FROM ${candidates} u${asked.length > 0 ? ` LIMIT ${mostAsked}` : ''}),
  page AS MATERIALIZED (SELECT * FROM candidates u WHERE ${asked.join(' AND ') || 'true'} LIMIT ${most})
  SELECT people.*, until.key AS until
  FROM (SELECT CASE WHEN (SELECT count(*) FROM page) < ${most} THEN coalesce(${lasts.join(', ')}) END AS key) until
  LEFT JOIN LATERAL (${peopleSql('page', { key, sql })}) people ON true`;
}

// Live sessions and grants are counted only for the rows of the page.
const peopleSql = (people: string, { key, sql }: Pick<Ordered, 'key' | 'sql'>) => `
  SELECT u.id, u.name, u.profile #>> '{name,givenName}' AS "givenName", u.profile #>> '{name,familyName}' AS "familyName", u.email, u.role, u.active, u.created_at AS "createdAt", u.revoked_at AS "revokedAt",
         ${key} AS key,
         greatest((SELECT max(last_seen_at) FROM sessions s WHERE s.org_id = u.org_id AND s.user_id = u.id),
                  (SELECT max(last_seen_at) FROM grants g WHERE g.org_id = u.org_id AND g.user_id = u.id)) AS "lastSeenAt",
         (SELECT count(*)::int FROM live_sessions l WHERE l.org_id = u.org_id AND l.user_id = u.id) AS "liveSessions",
         (SELECT count(*)::int FROM live_grants l WHERE l.org_id = u.org_id AND l.user_id = u.id) AS "liveGrants"
  FROM ${people} u
  ${sql}`;

const personSql = peopleSql(
  '(SELECT * FROM users WHERE org_id = $1 AND deleted_at IS NULL AND id = $2)',
  ordered('email'),
);
