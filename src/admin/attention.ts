import type { Pool } from 'pg';
import { stateOfAccount } from '../accounts/account.ts';

/** What an administrator should put right, the gravest first. The names are API. */
export const attentionKinds = [
  /** Whoever is signed out from here can't sign in again through this connection. */
  'auth_time_missing',
  /** Nobody can call the revocation endpoint. */
  'no_caller',
  /** The IdP's signed calls are refused until a sign-in proves the connection. */
  'connection_unproven',
  /** Shared accounts, by how they stand (src/accounts/account.ts). */
  'account_uncertain',
  'account_old_works',
  'account_failing',
  'account_manual',
  'domain_unverified',
  'no_second_owner',
  /** What was to be passed on to an app behind, and wasn't: people may be signed in there. */
  'dead_forwards',
  /** An app behind doesn't answer; what it has to hear is kept. */
  'app_away',
  /** An app is told of members of groups, of which one is gone: it may hear of nobody. */
  'app_group_gone',
  'dead_deliveries',
  /** An administrator wants e-mail, and the deployment can send none. */
  'email_unavailable',
  'api_key_expires',
] as const;
export type AttentionKind = (typeof attentionKinds)[number];

export type Attention = Readonly<{
  kind: AttentionKind;
  id: string | null;
  name: string | null;
  count: number | null;
  at: Date | null;
}>;

/** Each list is bounded: nobody reads more at a glance. */
const most = 20;
const soon = `interval '14 days'`;

export async function findAttention(
  { pool, emailAvailable }: { pool: Pool; emailAvailable: boolean },
  orgId: string,
): Promise<readonly Attention[]> {
  const values = [orgId, emailAvailable];
  const { rows } = await pool.query<Attention>({ name: 'overview-attention', text: attentionSql, values });
  return rows.toSorted((a, b) => attentionKinds.indexOf(a.kind) - attentionKinds.indexOf(b.kind));
}

/** The words of a connection that bars sign-ins are those of `bars` in src/connections/connections.ts. */
const attentionSql = `
  SELECT 'auth_time_missing' AS kind, id, name, NULL::int AS count, NULL::timestamptz AS at
  FROM connections WHERE org_id = $1 AND active AND reauthentication = 'verified' AND tells_auth_time = false
  UNION ALL
  SELECT 'connection_unproven', id, name, NULL, NULL FROM connections WHERE org_id = $1 AND active AND proven_at IS NULL
  UNION ALL
  SELECT 'no_caller', NULL, NULL, NULL, NULL FROM orgs o
  WHERE o.id = $1
    AND NOT (o.api_key_callers AND EXISTS (
      SELECT FROM api_keys k WHERE k.org_id = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
        AND 'revoke' = ANY (k.scopes)))
    AND NOT (o.jwt_callers AND EXISTS (SELECT FROM connections c WHERE c.org_id = $1 AND c.active AND c.proven_at IS NOT NULL))
  UNION ALL
  (SELECT 'domain_unverified', id, domain, NULL, NULL FROM domains WHERE org_id = $1 AND verified_at IS NULL
   ORDER BY domain LIMIT ${most})
  UNION ALL
  SELECT 'no_second_owner', NULL, NULL, count(*)::int, NULL
  FROM (SELECT FROM users WHERE org_id = $1 AND role = 'owner' AND active AND deleted_at IS NULL LIMIT 2) owners
  HAVING count(*) < 2
  UNION ALL
  SELECT 'dead_forwards', a.id, a.name, counted.dead, NULL
  FROM apps a, LATERAL (
    SELECT count(*)::int AS dead FROM (
      SELECT * FROM forwards f
      WHERE f.org_id = a.org_id AND f.app_id = a.id AND f.status = 'dead'
        AND f.type NOT IN ('verification', 'stream-updated') LIMIT 1000) f
    WHERE f.names <> '{}' AND NOT EXISTS (
      SELECT FROM forwards l
      WHERE l.org_id = f.org_id AND l.user_id = f.user_id AND l.app_id = f.app_id AND l.type = f.type
        AND l.sid IS NOT DISTINCT FROM f.sid AND l.revoked_at > f.revoked_at AND l.status IN ('pending', 'delivered'))) counted
  WHERE a.org_id = $1 AND a.state <> 'disabled' AND counted.dead > 0
  UNION ALL
  (SELECT 'app_away', id, name, NULL, away_since FROM apps
   WHERE org_id = $1 AND state = 'enabled' AND away_since IS NOT NULL ORDER BY away_since LIMIT ${most})
  UNION ALL
  (SELECT 'app_group_gone', a.id, a.name, NULL, NULL FROM apps a
   WHERE a.org_id = $1 AND a.state <> 'disabled' AND a.settings -> 'concerns' ->> 'who' = 'groups' AND EXISTS (
     SELECT FROM jsonb_array_elements_text(a.settings -> 'concerns' -> 'groups') AS chosen (id)
     WHERE NOT EXISTS (SELECT FROM groups g WHERE g.org_id = $1 AND g.id = chosen.id))
   ORDER BY a.name, a.id LIMIT ${most})
  UNION ALL
  SELECT 'account_' || s.state, s.id, s.name, s.count, s.at
  FROM (SELECT a.*, count(*) OVER of_state::int AS count, row_number() OVER (of_state ORDER BY a.at, a.name, a.id) AS nth
        FROM (SELECT a.id, a.name, ${stateOfAccount} AS state, max(t.at) AS at
              FROM (SELECT org_id, account_id, coalesce(do_until, failing_since) AS at FROM account_rotations
                    WHERE org_id = $1 AND state IN ('candidate', 'set', 'uncertain', 'promoted', 'manual')
                    UNION ALL
                    SELECT org_id, account_id, NULL FROM account_rotations WHERE org_id = $1 AND state = 'old_works') t
              JOIN accounts a ON a.org_id = t.org_id AND a.id = t.account_id
              GROUP BY a.org_id, a.id) a
        WHERE a.state IN ('uncertain', 'old_works', 'failing', 'manual')
        WINDOW of_state AS (PARTITION BY a.state)) s
  WHERE s.nth <= ${most}
  UNION ALL
  SELECT 'dead_deliveries', NULL, NULL, count(*)::int, NULL
  FROM (SELECT FROM deliveries WHERE org_id = $1 AND status = 'dead' LIMIT 1000) dead
  HAVING count(*) > 0
  UNION ALL
  SELECT 'email_unavailable', NULL, NULL, NULL, NULL
  WHERE NOT $2::boolean AND EXISTS (
    SELECT FROM notification_readers r JOIN users u ON u.org_id = r.org_id AND u.id = r.user_id
    WHERE r.org_id = $1 AND r.email_kinds <> '{}' AND u.active AND u.role <> 'member')
  UNION ALL
  (SELECT 'api_key_expires', id, name, NULL, expires_at FROM api_keys
   WHERE org_id = $1 AND revoked_at IS NULL AND expires_at BETWEEN now() AND now() + ${soon}
   ORDER BY expires_at LIMIT ${most})`;
