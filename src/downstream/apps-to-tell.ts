import type { Pool } from 'pg';

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
  why: 'no_identity' | 'no_name_there' | 'no_endpoint' | null;
}>;

/** Which apps would be told if the access of `whose` ended now, by name. The rules are those of plan-forwards.ts. */
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

const isOn = `a.org_id = $1 AND a.state <> 'disabled'`;
const who = `coalesce(a.settings -> 'concerns' ->> 'who', 'seen')`;
const cannotCall = `a.kind = 'oidc' AND a.settings ->> 'backchannelLogoutUri' IS NULL`;

/** Several people are told of one by one: only of a single one it is said why not. */
const peopleSql = `
  SELECT a.id, a.name, a.state,
         CASE WHEN ${cannotCall} THEN 'no_endpoint'
              WHEN cardinality($2::text[]) <> 1 THEN NULL
              WHEN a.settings ->> 'naming' = 'iss_sub' AND NOT EXISTS (
                SELECT FROM identities i WHERE i.org_id = $1 AND i.user_id = ANY ($2) AND i.connection_id IS NOT NULL) THEN 'no_identity'
              WHEN a.settings ->> 'naming' = 'id' AND NOT EXISTS (
                SELECT FROM users u LEFT JOIN app_people t ON t.org_id = u.org_id AND t.app_id = a.id AND t.user_id = u.id
                WHERE u.org_id = $1 AND u.id = ANY ($2)
                  AND coalesce(t.name_there, CASE a.settings ->> 'attribute' WHEN 'externalId' THEN u.external_id
                        WHEN 'userName' THEN coalesce(u.user_name, u.email) END) IS NOT NULL) THEN 'no_name_there' END AS why
  FROM apps a
  WHERE ${isOn} AND cardinality($2::text[]) > 0 AND CASE ${who}
    WHEN 'everyone' THEN true
    WHEN 'groups' THEN EXISTS (SELECT FROM group_members m WHERE m.org_id = $1 AND m.user_id = ANY ($2)
                               AND a.settings -> 'concerns' -> 'groups' ? m.group_id)
    ELSE EXISTS (SELECT FROM app_people t WHERE t.org_id = $1 AND t.app_id = a.id AND t.user_id = ANY ($2) AND t.seen_at IS NOT NULL) END
  ORDER BY lower(a.name), a.id`;

const everyoneSql = `
  SELECT a.id, a.name, a.state, CASE WHEN ${cannotCall} THEN 'no_endpoint' END AS why
  FROM apps a
  WHERE ${isOn} AND CASE ${who}
    WHEN 'everyone' THEN true
    WHEN 'groups' THEN EXISTS (SELECT FROM group_members m WHERE m.org_id = $1 AND a.settings -> 'concerns' -> 'groups' ? m.group_id)
    ELSE EXISTS (SELECT FROM app_people t WHERE t.org_id = $1 AND t.app_id = a.id AND t.seen_at IS NOT NULL) END
  ORDER BY lower(a.name), a.id`;

/** Where the person goes on elsewhere, web apps hear of what came of this session. */
const deviceSql = `
  SELECT a.id, a.name, a.state, CASE WHEN ${cannotCall} THEN 'no_endpoint' END AS why
  FROM apps a
  WHERE ${isOn} AND a.kind = 'oidc' AND EXISTS (
    SELECT FROM app_sessions s
    WHERE s.org_id = $1 AND s.app_id = a.id AND s.user_id = $2 AND s.session_id = $3 AND s.told_at IS NULL)
  ORDER BY lower(a.name), a.id`;

const sql = { people: peopleSql, everyone: everyoneSql, device: deviceSql } as const;
