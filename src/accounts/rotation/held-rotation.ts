import type { Pool, PoolClient } from 'pg';
import type { AccountRotationState } from '../../database/generated/client.ts';
import type { RotationCause } from './ask-rotation.ts';

/** A rotation that this node has claimed, with its account, as both are now. */
export type Held = Readonly<{
  orgId: string;
  id: string;
  claim: number;
  state: AccountRotationState;
  cause: RotationCause;
  /** It begins with the search for the password that signs in. */
  searchFirst: boolean;
  revocationId: string | null;
  candidate: number | null;
  previous: number | null;
  /** A byte of the candidate may have left. */
  sent: boolean;
  refusedCandidates: number;
  attempts: number;
  error: string | null;
  /** Connections that were opened with the former password could not be ended. */
  connectionsLeft: boolean;
  probe: number;
  told: readonly string[];
  /** What the last tries came to, and for how many seconds it is the same. */
  why: string | null;
  whyFor: number;
  /** Seconds without progress, and since the promotion; 0: neither. */
  failingFor: number;
  promotedFor: number;
  account: Readonly<{
    id: string;
    connector: string;
    userName: string;
    settings: unknown;
    adminAccountId: string | null;
    adminUserName: string | null;
    adminPassword: string | null;
    passwordRules: unknown;
    version: number | null;
    /** Earlier ones are for another place, and are not sent to this one. */
    sinceVersion: number;
  }>;
}>;

/** The `error` of a search, until something else comes of it: no kept password signs in. */
export const noneKnown = 'none_known';

/** What names a claim: whoever holds an older one reads and writes nothing. */
export type Claimed = Pick<Held, 'orgId' | 'id' | 'claim'>;

/** Another node, or a person, has taken the rotation over. */
export class ClaimLostError extends Error {
  constructor() {
    super('another has taken the rotation over');
    this.name = 'ClaimLostError';
  }
}

/** @throws ClaimLostError */
export async function readHeld(pool: Pool, { orgId, id, claim }: Claimed): Promise<Held> {
  const { rows } = await pool.query<Held>({
    name: 'rotation-held',
    text: `SELECT r.org_id AS "orgId", r.id, r.claim, r.state, r.cause, r.search_first AS "searchFirst", r.revocation_id AS "revocationId", r.candidate, r.previous,
                  r.sent_at IS NOT NULL AS sent, r.refused_candidates AS "refusedCandidates", r.attempts, r.error,
                  r.connections_left AS "connectionsLeft", r.probe, r.told, r.why,
                  coalesce(extract(epoch FROM clock_timestamp() - r.why_since), 0)::float8 AS "whyFor",
                  coalesce(extract(epoch FROM clock_timestamp() - r.failing_since), 0)::float8 AS "failingFor",
                  coalesce(extract(epoch FROM clock_timestamp() - r.promoted_at), 0)::float8 AS "promotedFor",
                  jsonb_build_object('id', a.id, 'connector', a.connector, 'userName', a.user_name, 'settings', a.settings,
                    'adminAccountId', a.admin_account_id, 'adminUserName', a.admin_user_name, 'adminPassword', a.admin_password,
                    'passwordRules', a.password_rules, 'version', a.version, 'sinceVersion', a.since_version) AS account
           FROM account_rotations r JOIN accounts a ON a.org_id = r.org_id AND a.id = r.account_id
           WHERE r.org_id = $1 AND r.id = $2 AND r.claim = $3 AND r.state NOT IN ('manual', 'done', 'cancelled')`,
    values: [orgId, id, claim],
  });
  if (!rows[0]) throw new ClaimLostError();
  return rows[0];
}

type Changes = Partial<{
  state: AccountRotationState;
  candidate: number | null;
  previous: number | null;
  refused_candidates: number;
  attempts: number;
  probe: number;
  error: string | null;
  connections_left: boolean;
  told: readonly string[];
  sent_at: 'now' | null;
  /** `now`: since now, unless it fails already. */
  failing_since: 'now' | null;
  why: string | null;
  why_since: 'now' | null;
  started_at: 'now';
  promoted_at: 'now';
  finished_at: 'now';
}>;

/**
 * Writes what came of a step, and when it goes on: in `dueIn` seconds, by then others may take it
 * over. @throws ClaimLostError where somebody has: nothing was written
 */
export async function writeHeld(
  db: Pool | PoolClient,
  { orgId, id, claim }: Claimed,
  changes: Changes,
  dueIn: number,
): Promise<void> {
  const values: unknown[] = [orgId, id, claim, dueIn];
  const sets = Object.entries(changes).map(([column, value]) => {
    if (value === 'now')
      return `${column} = ${column === 'failing_since' ? 'coalesce(failing_since, clock_timestamp())' : 'clock_timestamp()'}`;
    return `${column} = $${values.push(value)}`;
  });
  const { rowCount } = await db.query(
    `UPDATE account_rotations SET ${[...sets, 'due_at = clock_timestamp() + make_interval(secs => $4)'].join(', ')}
     WHERE org_id = $1 AND id = $2 AND claim = $3`,
    values,
  );
  if (rowCount === 0) throw new ClaimLostError();
}
