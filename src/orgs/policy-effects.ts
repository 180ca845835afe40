import type { Pool } from 'pg';
import { mostCounted } from '../database/most-counted.ts';
import type { Credential } from '../sessions/principal.ts';
import type { PolicyChanges } from './policies.ts';

/** What a change of policies would do at once. */
export type PolicyEffects = Readonly<{
  sessionCount: number;
  grantCount: number;
  /** Whether the credential that asks would end, too. */
  own: boolean;
  administratorCount: number;
  eventCount: number;
  apiKeyCount: number;
  connectionCount: number;
}>;

/**
 * Whether `now` more would end than was shown. Time alone makes some sessions too old between a look
 * and a click, and some events: such a number may grow by one, or by a tenth. Where it was 0, and of
 * what time doesn't change, any more counts.
 */
export function isMuchMore(shown: PolicyEffects, now: PolicyEffects): boolean {
  const byTime = ['sessionCount', 'grantCount', 'administratorCount', 'eventCount'] as const;
  const otherwise = ['apiKeyCount', 'connectionCount'] as const;
  const most = (n: number) => (n === 0 ? 0 : n + Math.max(1, Math.floor(n / 10)));
  return (
    (now.own && !shown.own) ||
    byTime.some((name) => now[name] > most(shown[name]) || isUncounted(shown[name], now[name])) ||
    otherwise.some((name) => now[name] > shown[name])
  );
}

/** Counting stops: how many more it is now isn't known. */
const isUncounted = (shown: number, now: number) => now >= mostCounted && shown < mostCounted;

type Whose = Readonly<{ orgId: string; credential: Credential }>;

/** Reads what would end, or be removed, if these policies were saved now. Nothing changes. */
export async function readPolicyEffects(
  pool: Pool,
  { orgId, credential }: Whose,
  changes: PolicyChanges,
): Promise<PolicyEffects> {
  const { rows } = await pool.query<PolicyEffects>({
    name: `policy-effects-${credential.type}`,
    text: effectsSql(credential.type),
    values: [
      orgId,
      changes.sessionAbsoluteSeconds ?? null,
      changes.sessionIdleSeconds ?? null,
      changes.grantAbsoluteSeconds ?? null,
      changes.grantIdleSeconds ?? null,
      changes.adminReauthenticationSeconds ?? null,
      changes.auditRetentionDays ?? null,
      credential.id,
      changes.apiKeyCallers === false,
      changes.jwtCallers === false,
    ],
  });
  return rows[0] as PolicyEffects;
}

// The liveness of today is the view's; a time that isn't named (NULL) ends nothing.
const tooOld = (absolute: number, idle: number) => `
  (created_at <= now() - make_interval(secs => $${absolute}::int) OR last_seen_at <= now() - make_interval(secs => $${idle}::int))`;

const count = (rows: string) => `(SELECT count(*)::int FROM (SELECT FROM ${rows} LIMIT ${mostCounted}) AS counted)`;

const effectsSql = (own: Credential['type']) => `
  SELECT ${count(`live_sessions WHERE org_id = $1 AND ${tooOld(2, 3)}`)} AS "sessionCount",
         ${count(`live_grants WHERE org_id = $1 AND ${tooOld(4, 5)}`)} AS "grantCount",
         EXISTS (SELECT FROM live_${own}s WHERE org_id = $1 AND id = $8
                 AND ${own === 'session' ? tooOld(2, 3) : tooOld(4, 5)}) AS own,
         (SELECT count(DISTINCT s.user_id)::int FROM live_sessions s JOIN orgs o ON o.id = s.org_id
          WHERE s.org_id = $1 AND s.role <> 'member'
            AND s.authenticated_at <= now() - make_interval(secs => $6::int)
            AND s.authenticated_at > now() - make_interval(secs => o.admin_reauthentication_seconds)) AS "administratorCount",
         ${count('audit_events WHERE org_id = $1 AND at < now() - make_interval(days => $7::int)')} AS "eventCount",
         (SELECT count(*)::int FROM api_keys k JOIN orgs o ON o.id = k.org_id
          WHERE $9 AND o.api_key_callers AND k.org_id = $1 AND 'revoke' = ANY (k.scopes)
            AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())) AS "apiKeyCount",
         (SELECT count(*)::int FROM connections c JOIN orgs o ON o.id = c.org_id
          WHERE $10 AND o.jwt_callers AND c.org_id = $1 AND c.active AND c.proven_at IS NOT NULL) AS "connectionCount"`;
