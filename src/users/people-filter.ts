import type { Role } from '../database/generated/client.ts';
import { type Sought, toPattern } from './find-by-part.ts';
import { haystacks } from './search-index.ts';

export type PeopleFilter = Readonly<{
  /**
   * A part of the name, the address, the user name or a claimed address, in any letter case; one or
   * two letters: the beginning of a word there.
   */
  search?: string | undefined;
  role?: Role | undefined;
  active?: boolean | undefined;
  /** Whether they have a live session or grant. */
  live?: boolean | undefined;
  /** The id of a group that they are in. */
  group?: string | undefined;
}>;

type Place = Readonly<{ texts: string; keys: string }>;

// No search holds a line break, so nothing is found across two of them.
const ownNames: Place = {
  texts: `concat_ws(E'\\n', email, name, user_name)`,
  keys: `concat_ws(E'\\n', email_key, user_name_key)`,
};
// What the person's identity providers call them, also where it isn't their address.
const claims: Place = { texts: 'claimed_email', keys: 'claimed_email_key' };

/**
 * Keys find what PostgreSQL doesn't: its `lower` changes letters outside ASCII only as its locale
 * says.
 */
function holds({ texts, keys }: Place, { begins }: Sought, part: string, key: string): string {
  // A line break goes before each text, as in the haystacks.
  if (begins) return `((E'\\n' || lower(${texts})) ~ lower(${part}) OR (E'\\n' || ${keys}) ~ ${key})`;
  return `(strpos(lower(${texts}), lower(${part})) > 0 OR strpos(${keys}, ${key}) > 0)`;
}

/** The ids of whom a search may mean, as a statement with its values; $1 is the org. */
export function foundSql(orgId: string, sought: Sought, byIndex: boolean): { text: string; values: unknown[] } {
  const { part, key, begins } = sought;
  if (!byIndex)
    return {
      text: eitherSql(holds(ownNames, sought, '$2', '$3'), holds(claims, sought, '$2', '$3')),
      values: [orgId, part, key],
    };
  const isIn = (haystack: string) =>
    begins ? `(${haystack} ~ lower($2) OR ${haystack} ~ $3)` : `(${haystack} LIKE lower($2) OR ${haystack} LIKE $3)`;
  return {
    text: eitherSql(isIn(haystacks.users), isIn(haystacks.identities)),
    values: [orgId, ...(begins ? [part, key] : [toPattern(part), toPattern(key)])],
  };
}

// Without an order: a sort by address would tempt the planner into reading everybody in that order.
const eitherSql = (named: string, claimed: string) => `
  SELECT id FROM (SELECT id FROM users WHERE org_id = $1 AND deleted_at IS NULL AND ${named}
                  UNION ALL
                  SELECT user_id FROM identities WHERE org_id = $1 AND ${claimed}) AS found`;

/** Takes a value of a statement; returns its parameter. */
export type Add = (value: unknown) => string;

/** Whether the row `u` has a name, an address or a user name that the search means. */
export const isCalled = (sought: Sought, add: Add): string =>
  holds(ownNames, sought, add(sought.part), add(sought.key));

/** The same, or a claimed address. */
export function isMeant(sought: Sought, add: Add): string {
  const [part, key] = [add(sought.part), add(sought.key)];
  // Claims are looked up for whom no own name finds. An aggregate is never read for all orgs first.
  return `(${holds(ownNames, sought, part, key)} OR (
    SELECT bool_or(${holds(claims, sought, part, key)}) FROM identities i WHERE i.org_id = u.org_id AND i.user_id = u.id))`;
}

/**
 * What of a filter stands in the row `u`; $1 is the org. Only given filters stand in the statement:
 * its plan is made without the values.
 */
export function conditionsOf({ role, active }: PeopleFilter): string[] {
  return [
    'u.org_id = $1',
    'u.deleted_at IS NULL',
    // Literals let the planner use the indexes of those above members and of those switched off.
    ...(role === undefined ? [] : [`u.role = '${role}'`]),
    ...(active === undefined ? [] : [active ? 'u.active' : 'NOT u.active']),
  ];
}

/** Whose ids the statement has as a list. */
export const isAmong = (ids: readonly string[], add: Add): string => `u.id = ANY (${add(ids)}::text[])`;

/** The members of the group $2. */
export const membersSql = 'SELECT user_id AS id FROM group_members WHERE org_id = $1 AND group_id = $2';

// Looked up person by person: as a set PostgreSQL would read all of a large group first.
export const isMember = (group: string): string =>
  `coalesce((SELECT true FROM group_members m WHERE m.org_id = u.org_id AND m.group_id = ${group} AND m.user_id = u.id), false)`;

// Looked up person by person: for a bare EXISTS PostgreSQL would read everybody's rows first.
export const isLive = `coalesce(
  (SELECT true FROM live_sessions l WHERE l.org_id = u.org_id AND l.user_id = u.id LIMIT 1),
  (SELECT true FROM live_grants l WHERE l.org_id = u.org_id AND l.user_id = u.id LIMIT 1), false)`;

/** Whoever may be signed in: those who have a session or a grant, some of them several times. */
export const holdersSql = `
  SELECT id FROM (SELECT user_id AS id FROM sessions WHERE org_id = $1
                  UNION ALL
                  SELECT user_id FROM grants WHERE org_id = $1) AS holders`;
