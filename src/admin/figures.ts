import type { Pool } from 'pg';
import { mostCounted } from '../database/most-counted.ts';

/** People of whom it is asked whether they are signed in: what takes the most of an overview's time. */
export const mostSignedIn = 1_000;
const days = 7;

type Figures = Readonly<{
  at: Date;
  peopleSignedIn: number;
  peopleSignedInIsExact: boolean;
  revocations: { today: number; week: number; days: readonly { day: string; count: number }[] };
  refusedCalls: { today: number; week: number };
}>;

/** Counts, each by an index and up to a bound. */
export async function readFigures(pool: Pool, orgId: string): Promise<Figures> {
  const [people, rest] = await Promise.all([
    pool.query({ name: 'overview-people', text: peopleSql, values: [orgId] }),
    pool.query({ name: 'overview-figures', text: figuresSql, values: [orgId] }),
  ]);
  const { signedIn, exact } = people.rows[0];
  const { at, days: perDay, refusedToday, refusedWeek } = rest.rows[0];
  const week = perDay.reduce((sum: number, { count }: { count: number }) => sum + count, 0);
  return {
    at,
    peopleSignedIn: signedIn,
    peopleSignedInIsExact: exact,
    revocations: { today: perDay.at(-1)?.count ?? 0, week, days: perDay },
    refusedCalls: { today: refusedToday, week: refusedWeek },
  };
}

// From person to person through the indexes of their sessions and grants: somebody with very many
// counts as one. Whether each is signed in is asked of up to a bound: that takes the time.
const nextPerson = (after: string) =>
  ['sessions', 'grants']
    .map((table) => `(SELECT user_id FROM ${table} WHERE org_id = $1 AND user_id > ${after} ORDER BY user_id LIMIT 1)`)
    .join(', ');
const peopleSql = `
  WITH RECURSIVE people AS (
    SELECT least(${nextPerson("''")}) AS person, 1 AS n
    UNION ALL
    SELECT least(${nextPerson('person')}), n + 1 FROM people WHERE person IS NOT NULL AND n <= ${mostSignedIn}
  )
  SELECT count(*) FILTER (WHERE n <= ${mostSignedIn} AND coalesce(
            (SELECT true FROM live_sessions l WHERE l.org_id = $1 AND l.user_id = person LIMIT 1),
            (SELECT true FROM live_grants l WHERE l.org_id = $1 AND l.user_id = person LIMIT 1), false))::int AS "signedIn",
         coalesce(bool_and(n <= ${mostSignedIn}), true) AS exact
  FROM people WHERE person IS NOT NULL`;

const refusedSince = (moment: string) => `(
  SELECT least(coalesce(sum(greatest(coalesce((detail ->> 'repeats')::int, 0), 1)), 0), ${mostCounted})::int FROM (
    SELECT detail FROM audit_events
    WHERE org_id = $1 AND action = 'call.refused' AND at >= ${moment}
    ORDER BY at DESC LIMIT ${mostCounted}) refused)`;
const today = `date_trunc('day', now(), 'UTC')`;
const figuresSql = `
  SELECT now() AS at,
         ${refusedSince(today)} AS "refusedToday",
         ${refusedSince(`${today} - interval '${days - 1} days'`)} AS "refusedWeek",
         (SELECT jsonb_agg(jsonb_build_object('day', to_char(day AT TIME ZONE 'UTC', 'YYYY-MM-DD'), 'count', (
            SELECT count(*) FROM (
              SELECT FROM revocations r
              WHERE r.org_id = $1 AND r.created_at >= day AND r.created_at < day + interval '1 day'
              LIMIT ${mostCounted}) counted)) ORDER BY day)
          FROM generate_series(${today} - interval '${days - 1} days', ${today}, interval '1 day') day) AS days`;
