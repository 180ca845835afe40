import type { Pool } from 'pg';
import { uriOf } from './ssf/event-uris.ts';

/** Whose access is to end: these people's, one session's, or everyone's. */
export type WhoseToTell =
  | Readonly<{ kind: 'people'; userIds: readonly string[] }>
  | Readonly<{ kind: 'device'; userId: string; deviceId: string }>
  | Readonly<{ kind: 'everyone' }>;

/** An app that would be told, or why it can't be told of this one person. */
export type AppToTell = Readonly<{
  id: string;
  name: string;
  state: 'enabled' | 'paused';
  why: ToldNot | null;
}>;

/** Words of plan-logouts.ts and plan-events.ts. */
export const whyNotTold = [
  'no_identity',
  'no_name_there',
  'no_endpoint',
  'no_stream',
  'stream_disabled',
  'subject_removed',
] as const;
type ToldNot = (typeof whyNotTold)[number];

/**
 * Which apps would be told if the access of `whose` ended now, by name. The rules are those of
 * plan-logouts.ts, plan-ended-sessions.ts and plan-events.ts.
 */
export async function readAppsToTell(pool: Pool, orgId: string, whose: WhoseToTell): Promise<readonly AppToTell[]> {
  const { rows } = await pool.query<AppToTell>({
    name: `apps-to-tell-${whose.kind}`,
    text: sql[whose.kind],
    values: [orgId, ...valuesOf(whose)],
  });
  return rows;
}

function valuesOf(whose: WhoseToTell): readonly unknown[] {
  if (whose.kind === 'people') return [whose.userIds];
  return whose.kind === 'device' ? [whose.userId, whose.deviceId] : [];
}

const sessionRevoked = uriOf['session-revoked'];
/** A receiver of events hears of it if it may have the event, and has asked for it. */
const isOn = `a.org_id = $1 AND a.state <> 'disabled' AND (a.kind <> 'ssf' OR (
    a.settings -> 'events' ? 'session-revoked' AND (s.id IS NULL OR '${sessionRevoked}' = ANY (s.events_requested))))`;
const from = 'FROM apps a LEFT JOIN event_streams s ON s.org_id = a.org_id AND s.app_id = a.id';
const who = `coalesce(a.settings -> 'concerns' ->> 'who', 'seen')`;
const cannot = `WHEN a.kind = 'oidc' AND a.settings ->> 'backchannelLogoutUri' IS NULL THEN 'no_endpoint'
              WHEN a.kind = 'ssf' AND s.id IS NULL THEN 'no_stream'
              WHEN s.status = 'disabled' THEN 'stream_disabled'`;

const knowsThem = 'EXISTS (SELECT FROM app_people t WHERE t.org_id = $1 AND t.app_id = a.id AND t.user_id = ANY ($2))';

/** Several people are told of one by one: only of a single one it is said why not. */
const peopleSql = `
  SELECT a.id, a.name, a.state,
         CASE ${cannot}
              WHEN cardinality($2::text[]) <> 1 THEN NULL
              WHEN EXISTS (SELECT FROM stream_subjects r WHERE r.org_id = s.org_id AND r.stream_id = s.id AND r.user_id = ANY ($2)) THEN 'subject_removed'
              WHEN a.settings ->> 'naming' = 'iss_sub' AND NOT EXISTS (
                SELECT FROM identities i WHERE i.org_id = $1 AND i.user_id = ANY ($2) AND i.connection_id IS NOT NULL) THEN 'no_identity'
              WHEN a.settings ->> 'naming' = 'id' AND NOT EXISTS (
                SELECT FROM users u LEFT JOIN app_people t ON t.org_id = u.org_id AND t.app_id = a.id AND t.user_id = u.id
                WHERE u.org_id = $1 AND u.id = ANY ($2)
                  AND coalesce(t.name_there, CASE a.settings ->> 'attribute' WHEN 'externalId' THEN u.external_id
                        WHEN 'userName' THEN coalesce(u.user_name, u.email) END) IS NOT NULL) THEN 'no_name_there' END AS why
  ${from}
  WHERE ${isOn} AND cardinality($2::text[]) > 0 AND CASE ${who}
    WHEN 'everyone' THEN true
    WHEN 'groups' THEN EXISTS (SELECT FROM group_members m WHERE m.org_id = $1 AND m.user_id = ANY ($2)
                               AND a.settings -> 'concerns' -> 'groups' ? m.group_id) OR ${knowsThem}
    ELSE ${knowsThem} END
  ORDER BY lower(a.name), a.id`;

const knowsSomebody = 'EXISTS (SELECT FROM app_people t WHERE t.org_id = $1 AND t.app_id = a.id)';

const everyoneSql = `
  SELECT a.id, a.name, a.state, CASE ${cannot} END AS why
  ${from}
  WHERE ${isOn} AND CASE ${who}
    WHEN 'everyone' THEN true
    WHEN 'groups' THEN EXISTS (SELECT FROM jsonb_array_elements_text(a.settings -> 'concerns' -> 'groups') g (id)
                               JOIN group_members m ON m.org_id = $1 AND m.group_id = g.id)
                       OR ${knowsSomebody}
    ELSE ${knowsSomebody} END
  ORDER BY lower(a.name), a.id`;

/** Where the person goes on elsewhere, web apps hear of what came of this session, or of their own grant. */
const deviceSql = `
  SELECT a.id, a.name, a.state, CASE ${cannot} END AS why
  ${from}
  WHERE ${isOn} AND a.kind = 'oidc' AND EXISTS (
    SELECT FROM app_sessions t
    WHERE t.org_id = $1 AND t.app_id = a.id AND t.user_id = $2 AND t.told_at IS NULL AND t.ended_at IS NULL
      AND (t.session_id = $3 OR EXISTS (
        SELECT FROM grants g
        WHERE g.org_id = $1 AND g.id = $3 AND g.client_id = a.id AND g.session_id = t.session_id)))
  ORDER BY lower(a.name), a.id`;

const sql = { people: peopleSql, everyone: everyoneSql, device: deviceSql } as const;
