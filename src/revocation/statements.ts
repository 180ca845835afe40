import type { DeviceKind } from '../sessions/principal.ts';
import { erased, idpEndedAt } from '../sessions/session-end.ts';
import { asked, identities, isSingle, meant, names, nobodys } from './meant.ts';

/**
 * The SQL that ends access: three statements made of the same pieces. Each reads *asked* rows from
 * one JSON array ($1), so one row and ten thousand are the same text, and members have names.
 *
 * endPeople   bumps generations of people, `waiting` for rows that others hold, or `skipping` them
 * endOrg      bumps the generation of an org
 * endRows     ends some sessions and grants, of a device or an IdP's session; bumps nothing
 */

/** Most sessions, and most grants, tombstoned at once; the rest is as dead, and a job counts it. */
export const mostAtOnce = 101;

export type Table = `${DeviceKind}s`;
const tables = ['sessions', 'grants'] as const;

const tombstone = (table: Table) => `revoked_at = ended.revoked_at, revocation_id = ended.revocation${erased(table)}`;

// The database's clock alone: waits for locks are in it, the time of Node and the network isn't.
const duration = 'extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000';

/**
 * Records each row of `done`. A row without a revocation goes into the audit trail alone. `of` holds
 * SQL.
 */
const record = (of: {
  user: string;
  counts: [sessions: string, grants: string];
  generations: [user: string, org: string];
  more: string;
  action: string;
  target: [type: string, id: string];
  /** A JSON object. */
  detail: string;
}) => `
  recorded AS (
    INSERT INTO revocations (org_id, id, user_id, initiator, subject, reason, reason_for_person, caller_id, request_id,
                             sessions_ended, grants_ended, user_generation, org_generation, tombstones_pending, created_at,
                             duration_ms)
    SELECT org, revocation, ${of.user}, (by ->> 'initiator')::"Initiator", nullif(by -> 'asked', 'null'), by ->> 'reason',
           by ->> 'reason_for_person', CASE WHEN by ->> 'actor_type' IN ('api_key', 'connection') THEN by ->> 'actor_id' END,
           by ->> 'request_id', ${of.counts.join(', ')}, ${of.generations.join(', ')}, ${of.more}, revoked_at, ${duration}
    FROM done WHERE revocation IS NOT NULL
  ), audited AS (
    INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail,
                              actor_ref, target_ref)
    SELECT org, by ->> 'event', ${of.action}, by ->> 'actor_type', by ->> 'actor_id', ${of.target.join(', ')}, by ->> 'ip',
           by ->> 'request_id', jsonb_build_object('revocation', revocation) || ${of.detail}
             || jsonb_strip_nulls(jsonb_build_object('endpoint', by -> 'endpoint')),
           ${namesOf("by ->> 'actor_id'")}, ${namesOf(of.user)}
    FROM done
  )`;

// A trigger would find them too, at some percent of the statement.
const namesOf = (id: string) =>
  `(SELECT n.ref FROM audit_names n WHERE n.org_id = org AND n.subject_id = ${id} ORDER BY n.made_at DESC LIMIT 1)`;

// Rows of many callers share this statement: a lock elsewhere (a `jti` that is being spent) breaks
// it off soon, and each row is asked alone.
const neverWaitLong = `
    WHERE set_config('lock_timeout', '20ms', true) IS NOT NULL`;

// `once`: {"kind", "id", "until"}. This very statement spends it.
const spend = (rows: string) => `spent_now AS (
    INSERT INTO spent (org_id, kind, id, expires_at)
    SELECT org, once ->> 'kind', once ->> 'id', (once ->> 'until')::timestamptz FROM ${rows} once IS NOT NULL
    ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING
    RETURNING org_id, kind, id
  )`;
const fresh = `(once IS NULL OR (org, once ->> 'kind', once ->> 'id') IN (SELECT org_id, kind, id FROM spent_now))`;

type Way = 'waiting' | 'skipping';

// The version of the person's row that the look-up saw.
const seen = ', (SELECT s.xmin FROM users s WHERE s.org_id = org AND s.id = user_id) AS seen';

/**
 * Ends the access of people, one for each row. Returned columns: `revocation`, `result`, `user_id`,
 * `sessions`, `grants`, `more`. Of two rows with one person, or with one thing to spend, the second
 * is `behind` and is to be asked again: it would count twice, or not at all.
 *
 * - A row goes on only if it means exactly one person. A single name that means several people (an
 *   address that is one's on record and another's by a newer claim) is `several`, and spends nothing:
 *   `lockMeantSql` says who they are. Several names must mean the same person.
 * - A name that nobody is known by is remembered for as long as a sign-in may last: one that was
 *   under way doesn't complete.
 * - People are locked first, in the order of their keys (two lists never wait for each other);
 *   `skipping` leaves out people who are locked elsewhere, or whose row has changed since the
 *   look-up (`held`): whoever claims a name that is another's changes that one's row, so that the
 *   claim isn't overlooked. `waiting` is for ids, or for names whose people the transaction has
 *   locked before.
 * - `once` is spent behind the lock, by rows that get a final answer.
 * - `revoked_xid` is compared with the snapshot that a sign-in seals at its start, so a sign-in
 *   under way cannot complete.
 * - Sessions and grants of an older org generation were ended by a sign-out of everyone, and aren't
 *   counted again. A sign-in that commits while this statement waits for the person's row is dead
 *   by its generation, without a tombstone.
 * - Steps are joined by FULL JOIN only, which is always hashed: PostgreSQL expects few people, and
 *   would compare every row with every other (10,000: 9 s in place of 1).
 */
const endPeopleIn = (way: Way) => `
  WITH target AS MATERIALIZED (
    SELECT org, revocation, by, once, ${way === 'waiting' ? 'alone, ' : ''}matched, user_id,
           (matched = 1 AND row_number() OVER (PARTITION BY org, matched, user_id ORDER BY n) > 1)
           OR row_number() OVER (PARTITION BY org, once ->> 'kind', coalesce(once ->> 'id', revocation) ORDER BY n) > 1 AS behind,
           matched > 1 AND single AS several, nobodys${way === 'skipping' ? seen : ''}
    FROM ${asked(`${names}, once jsonb${way === 'waiting' ? ', alone jsonb' : ''}`)} CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE near) AS matched, min(id) FILTER (WHERE near) AS user_id, ${isSingle} AS single,
             CASE WHEN count(*) = 0 THEN ${nobodys} END AS nobodys
      FROM ${meant}
    ) meant${way === 'skipping' ? neverWaitLong : ''}
  ), locked AS MATERIALIZED (
    SELECT t.* FROM target t JOIN users u ON u.org_id = t.org AND u.id = t.user_id
    WHERE t.matched = 1 AND NOT t.behind${way === 'skipping' ? ' AND u.xmin = t.seen' : ''}
    ${way === 'waiting' ? 'ORDER BY t.org, t.user_id ' : ''}FOR NO KEY UPDATE OF u${way === 'skipping' ? ' SKIP LOCKED' : ''}
  ), ${spend('target WHERE NOT behind AND NOT several AND (matched <> 1 OR revocation IN (SELECT revocation FROM locked)) AND')}, remembered AS (
    INSERT INTO released_names AS r (org_id, name, revoked_xid, revoked_at, expires_at)
    SELECT org, released_name(name), pg_current_xact_id(), clock_timestamp(), now() + interval '15 minutes'
    FROM (SELECT DISTINCT org, name FROM target, unnest(nobodys) AS nobodys (name) WHERE NOT behind AND ${fresh}) names
    ORDER BY 1, 2
    ON CONFLICT (org_id, name) DO UPDATE SET revoked_xid = excluded.revoked_xid, revoked_at = excluded.revoked_at,
                                             expires_at = CASE WHEN r.expires_at IS NOT NULL THEN excluded.expires_at END
  ), bumped AS (
    UPDATE users u SET generation = u.generation + 1, revoked_at = clock_timestamp(), revoked_xid = pg_current_xact_id(),
                       last_revocation_id = a.revocation${way === 'waiting' ? switchedOff + renamed : ''}
    FROM locked a, orgs o
    WHERE ${fresh} AND u.org_id = a.org AND u.id = a.user_id AND o.id = a.org
    RETURNING a.org, a.revocation, a.by, ${way === 'waiting' ? 'a.alone, ' : ''}a.user_id, o AS of_org, u.revoked_at, u.generation
  ), ${way === 'waiting' ? tables.map(keepOfPerson).join('') : ''}${tables.map((table) => endOfPerson(table, way)).join(',')},
  ${way === 'skipping' ? skipped : ''}counted AS (
    SELECT revocation AS of, count(*) FILTER (WHERE type = 'session' AND was_live) AS sessions,
           count(*) FILTER (WHERE type = 'grant' AND was_live) AS grants,
           greatest(count(*) FILTER (WHERE type = 'session'), count(*) FILTER (WHERE type = 'grant')) = ${mostAtOnce} AS "full",
           count(*) AS ended
    FROM (SELECT 'session' AS type, * FROM ended_sessions UNION ALL SELECT 'grant', * FROM ended_grants) each
    GROUP BY revocation
  ), done AS MATERIALIZED (
    SELECT org, revocation, by, ${way === 'waiting' ? 'alone, ' : ''}user_id, revoked_at, generation, coalesce(sessions, 0) AS sessions,
           coalesce(grants, 0) AS grants,
           ${way === 'skipping' ? 'found > coalesce(ended, 0)' : 'coalesce("full", false)'} AS more
    FROM ${way === 'skipping' ? 'standing' : 'bumped'} FULL JOIN counted ON of = revocation
  ), ${record({
    user: 'user_id',
    counts: ['sessions', 'grants'],
    generations: ['generation', 'NULL'],
    more: 'more',
    action:
      way === 'waiting'
        ? "CASE WHEN alone ? 'deactivate' THEN 'user.deactivated' ELSE 'access.revoked' END"
        : "'access.revoked'",
    target: ["'user'", 'user_id'],
    detail: `jsonb_build_object('initiator', by ->> 'initiator', 'sessionsEnded', sessions, 'grantsEnded', grants, 'more', more)`,
  })}
  SELECT revocation, 'revoked' AS result, user_id, sessions::int, grants::int, more FROM done
  UNION ALL
  SELECT revocation, CASE
    WHEN behind THEN 'behind'
    WHEN several THEN 'several'
    WHEN matched = 1 AND revocation NOT IN (SELECT revocation FROM locked) THEN 'held'
    WHEN matched = 1 OR NOT ${fresh} THEN 'replayed'
    WHEN matched = 0 THEN 'unknown' ELSE 'ambiguous'
  END, user_id, 0, 0, false
  FROM target WHERE revocation NOT IN (SELECT revocation FROM done)`;

// `alone`: {"deactivate": true, "keep_session", "keep_grant", "rename": {"email", "email_key",
// "user_name", "user_name_key"}}
const switchedOff = `, active = u.active AND a.alone -> 'deactivate' IS NULL`;

const renamed = `,
      ${['email', 'email_key', 'user_name', 'user_name_key']
        .map(
          (name) => `${name} = CASE WHEN a.alone ? 'rename' THEN a.alone -> 'rename' ->> '${name}' ELSE u.${name} END`,
        )
        .join(',\n      ')},
      updated_at = CASE WHEN a.alone ? 'rename' THEN clock_timestamp() ELSE u.updated_at END`;

const keptId = (table: Table) => `a.alone ->> 'keep_${table.slice(0, -1)}'`;

// The kept row must be alive and of exactly the generation before: a revocation at the same time,
// the person's or the org's, wins.
const keepOfPerson = (table: Table) => `kept_${table} AS (
    UPDATE ${table} k SET user_generation = a.generation FROM bumped a
    WHERE k.org_id = a.org AND k.id = ${keptId(table)} AND k.user_id = a.user_id AND k.user_generation = a.generation - 1
      AND k.org_generation = (a.of_org).generation AND k.revoked_at IS NULL AND k.ended_at IS NULL AND in_time(k, a.of_org, now())
  ), `;

// Rows of the person in `a` that aren't dead yet by another ending.
const standing = (table: Table, way: Way) => `
      FROM ${table} d
      WHERE d.org_id = a.org AND d.user_id = a.user_id AND d.revoked_at IS NULL AND d.ended_at IS NULL
        AND d.org_generation = (a.of_org).generation${way === 'waiting' ? ` AND d.id IS DISTINCT FROM ${keptId(table)}` : ''}`;

// A row that is locked elsewhere gets no tombstone: more is found than ended, a job comes back.
const skipped = `standing AS (
    SELECT a.*, ${tables.map((table) => `(SELECT count(*) FROM (SELECT ${standing(table, 'skipping')} LIMIT ${mostAtOnce + 1}) each)`).join(' + ')} AS found
    FROM bumped a
  ), `;

const endOfPerson = (table: Table, way: Way) => `
  found_${table} AS (
    SELECT a.org, a.revocation, a.revoked_at, a.generation, a.of_org, d.id FROM bumped a, LATERAL (
      SELECT d.id ${standing(table, way)}
      LIMIT ${mostAtOnce}${way === 'skipping' ? ' FOR NO KEY UPDATE SKIP LOCKED' : ''}
    ) d
  ), ended_${table} AS (
    UPDATE ${table} d SET ${tombstone(table)}
    FROM found_${table} ended
    WHERE d.org_id = ended.org AND d.id = ended.id AND d.revoked_at IS NULL AND d.ended_at IS NULL
    RETURNING ended.revocation, d.user_generation = ended.generation - 1 AND in_time(d, ended.of_org, now()) AS was_live
  )`;

export const endPeopleSql = { waiting: endPeopleIn('waiting'), skipping: endPeopleIn('skipping') };

// The kept row must be alive and of exactly the org's generation before: another org-wide sign-out,
// or a revocation of the person, at the same time wins.
const keepOfOrg = (table: Table) => `kept_${table} AS (
    UPDATE ${table} k SET org_generation = a.generation FROM done a
    WHERE k.org_id = a.org AND k.id = ${keptId(table)} AND k.org_generation = a.generation - 1
      AND k.revoked_at IS NULL AND k.ended_at IS NULL AND in_time(k, a.of_org, now())
  ), `;

/** Ends the access of everyone in an org by one bump. A job writes tombstones, nobody counts. */
export const endOrgSql = `
  WITH done AS (
    UPDATE orgs o SET generation = o.generation + 1, revoked_at = clock_timestamp(), revoked_xid = pg_current_xact_id(),
                      last_revocation_id = asked.revocation
    FROM ${asked('alone jsonb')} WHERE o.id = org
    RETURNING org, revocation, by, alone, o AS of_org, o.revoked_at, o.generation
  ), ${tables.map(keepOfOrg).join('')}${record({
    user: 'NULL',
    counts: ['NULL', 'NULL'],
    generations: ['NULL', 'generation'],
    more: 'true',
    action: "'access.revoked_for_everyone'",
    target: ["'org'", 'org'],
    detail: `jsonb_build_object('initiator', by ->> 'initiator')`,
  })}
  SELECT revocation FROM done`;

// Rows of an older generation were ended before, and aren't counted again. The row's own tombstones
// are compared beside all else: of two endings at the same time the second sees what the first did
// to this row, but not what it did elsewhere.
const endRows = (table: Table) => `
  ended_${table} AS (
    UPDATE ${table} d SET ${tombstone(table)}
    FROM people ended, users u, orgs o
    WHERE d.org_id = ended.org AND d.user_id = ended.user_id
      AND (d.id = ended.device
           OR (d.connection_id = ended.connection AND (d.idp_sid = ended.idp_sid OR (ended.named AND d.idp_sid IS NULL))))
      AND u.org_id = d.org_id AND u.id = d.user_id AND u.active AND u.generation = d.user_generation
      AND o.id = d.org_id AND o.generation = d.org_generation
      AND d.revoked_at IS NULL AND d.ended_at IS NULL AND in_time(d, o, now())
    RETURNING ended.revocation, d.id
  )`;

/**
 * Ends some rows and bumps nothing: one session or grant of a person (`person`, `device`), or all
 * that was born of one session at an IdP (`connection`, `idp_sid`), which is then remembered for a
 * day. Each person for whom anything ended gets a revocation and an event of their own (nearly
 * always there is one person; the ids of further ones are numbered), for a revocation without a
 * user would read as the whole org's. An IdP session that ended nothing gets the event alone.
 * `via` names an unproven way, by which strangers come too: then what ended nothing isn't on
 * record, and is remembered for as long as a sign-in may last, where there is room.
 * Returns no row where `once` was spent before, else how many `sessions` and `grants` ended.
 */
export const endRowsSql = `
  WITH asked AS MATERIALIZED (
    SELECT * FROM ${asked(
      'once jsonb, person text, device text, connection text, idp_sid text, issuer text, subject text, via text, has_room boolean',
    )}
  ), ${spend('asked WHERE')}, fresh AS MATERIALIZED (
    SELECT * FROM asked WHERE ${fresh}
  ), people AS MATERIALIZED (
    SELECT f.org, f.device, f.connection, f.idp_sid, concerned.user_id, concerned.named, clock_timestamp() AS revoked_at,
           concat(f.revocation, '_' || nullif(row_number() OVER numbered, 1)) AS revocation,
           concat(f.by ->> 'event', '_' || nullif(row_number() OVER numbered, 1)) AS event
    FROM fresh f CROSS JOIN LATERAL (
      SELECT user_id, bool_or(named) AS named FROM (
        SELECT f.person AS user_id, false AS named WHERE f.device IS NOT NULL
        UNION ALL
        SELECT user_id, false FROM sessions WHERE org_id = f.org AND connection_id = f.connection AND idp_sid = f.idp_sid
        UNION ALL
        SELECT user_id, false FROM grants WHERE org_id = f.org AND connection_id = f.connection AND idp_sid = f.idp_sid
        UNION ALL
        SELECT i.user_id, true FROM (SELECT f.issuer, f.subject) AS given
        ${identities('f', 'c.id = f.connection')}
      ) either GROUP BY user_id
    ) concerned
    WINDOW numbered AS (PARTITION BY f.revocation ORDER BY concerned.user_id)
  ), ${tables.map(endRows).join(',')}, counted AS (
    SELECT revocation AS of, count(*) FILTER (WHERE type = 'session') AS sessions, count(*) FILTER (WHERE type = 'grant') AS grants,
           min(type) AS type
    FROM (SELECT revocation, 'session' AS type FROM ended_sessions UNION ALL SELECT revocation, 'grant' FROM ended_grants) rows
    GROUP BY revocation
  ), remembered AS (
    INSERT INTO spent (org_id, kind, id, expires_at, ended_at)
    SELECT org, 'idp_session', connection || ' ' || idp_sid,
           now() + CASE WHEN via IS NULL THEN interval '1 day' ELSE interval '15 minutes' END, now()
    FROM fresh WHERE idp_sid IS NOT NULL AND (via IS NULL OR has_room OR EXISTS (SELECT FROM counted))
    ON CONFLICT (org_id, kind, id) DO UPDATE SET expires_at = greatest(spent.expires_at, excluded.expires_at), ended_at = ${idpEndedAt}
  ), done AS MATERIALIZED (
    SELECT f.org, p.revocation, f.by || jsonb_build_object('event', coalesce(p.event, f.by ->> 'event')) AS by, p.user_id,
           f.device, f.connection, f.idp_sid, f.via, type, coalesce(sessions, 0) AS sessions, coalesce(grants, 0) AS grants, p.revoked_at
    FROM fresh f LEFT JOIN (people p JOIN counted ON of = p.revocation) ON true
    WHERE of IS NOT NULL OR (f.idp_sid IS NOT NULL AND f.via IS NULL)
  ), ${record({
    user: 'user_id',
    counts: ['sessions', 'grants'],
    generations: ['NULL', 'NULL'],
    more: 'false',
    action: "CASE WHEN device IS NULL THEN 'idp_session.ended' ELSE 'access.revoked' END",
    target: ["CASE WHEN user_id IS NOT NULL THEN 'user' END", 'user_id'],
    detail: `jsonb_build_object('sessionsEnded', sessions, 'grantsEnded', grants)
           || CASE WHEN device IS NULL THEN jsonb_strip_nulls(jsonb_build_object('connection', connection, 'sid', idp_sid, 'via', via))
                   ELSE jsonb_build_object('initiator', by ->> 'initiator', type, device) END`,
  })}
  SELECT coalesce(sum(sessions), 0)::int AS sessions, coalesce(sum(grants), 0)::int AS grants
  FROM fresh LEFT JOIN done ON true HAVING count(fresh.org) > 0`;
