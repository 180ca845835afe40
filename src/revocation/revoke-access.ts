import type { Pool, PoolClient } from 'pg';
import type { Credential } from '../sessions/principal.ts';
import { type AnswerRow, askedOf, endMeant, endWaiting, keepOf, recordOf, runStatement } from './asked-rows.ts';
import type { Batches } from './batches.ts';
import { observed } from './observed.ts';
import type { AloneRevocation, Revocation, RevocationOutcome, Revoked, UserRevocation } from './revocation.ts';
import { endOrgSql } from './statements.ts';

/**
 * Ends every session and grant of one user of one org, for good: everything that ends a person's
 * access goes through here. One statement does all or nothing: it finds the user, bumps the
 * generation, spends `once`, tombstones sessions and grants, inserts the revocation and its audit
 * event. When it has committed, nothing born before counts on any node.
 *
 * `Batches` end it together with other rows of this node. A pool runs it alone. A client runs it
 * inside its own transaction, and doesn't retry.
 */
export function revokeAccess(
  db: Batches,
  revocation: UserRevocation & { keep?: never; deactivate?: never; rename?: never },
): Promise<RevocationOutcome>;
export function revokeAccess(db: Pool | PoolClient, revocation: AloneRevocation): Promise<RevocationOutcome>;
export function revokeAccess(db: Batches | Pool | PoolClient, revocation: AloneRevocation): Promise<RevocationOutcome> {
  const row = askedOf(revocation);
  return observed(
    db,
    revocation.initiator,
    async () => toOutcome('ask' in db ? await db.ask(row) : await endMeant(db, row)),
    ({ result }) => ({ result }),
  );
}

/**
 * Does the same for a list of user ids, all or nothing in one statement. Returns the users that
 * exist, in the order of their ids; rows are locked in that order, so two lists never block each
 * other.
 */
export function revokeAccessOfMany(
  db: Pool | PoolClient,
  { userIds, ...revocation }: Revocation & Readonly<{ userIds: readonly string[] }>,
): Promise<readonly Revoked[]> {
  return observed(
    db,
    revocation.initiator,
    async () => {
      const rows = [...new Set(userIds)].sort().map((id) => askedOf({ ...revocation, subject: { userIds: [id] } }));
      const outcomes = (await endWaiting(db, rows)).map((answer) => toOutcome([answer]));
      return outcomes.flatMap((outcome) => (outcome.result === 'revoked' ? [outcome] : []));
    },
    ({ length }) => ({ result: 'revoked', times: length }),
  );
}

/**
 * Ends every session and grant of everyone in an org: one bump, however many people. A job writes
 * the tombstones. `keep` ("sign everyone out but me") stays if it was live until this revocation.
 * Null: there is no such org.
 */
export function revokeOrgAccess(
  db: Pool | PoolClient,
  { keep, ...revocation }: Revocation & Readonly<{ keep?: Credential | null }>,
): Promise<{ revocationId: string } | null> {
  const row = { ...recordOf(revocation), alone: keepOf(keep) };
  return observed(
    db,
    revocation.initiator,
    async () => {
      const { rowCount } = await runStatement(db, 'end-org', endOrgSql, [row]);
      return rowCount === 1 ? { revocationId: row.revocation } : null;
    },
    (done) => ({ result: done ? 'revoked' : 'unknown' }),
  );
}

function toOutcome([first, ...others]: readonly AnswerRow[]): RevocationOutcome {
  if (!first || ['held', 'behind', 'several'].includes(first.result))
    throw new Error('a revocation was not carried out');
  if (first.result !== 'revoked') return { result: first.result } as RevocationOutcome;
  return { result: 'revoked', ...toRevoked(first), others: others.map(toRevoked) };
}

function toRevoked({ revocation, user_id: userId, sessions, grants, more }: AnswerRow): Revoked {
  if (userId === null) throw new Error('a revocation of nobody');
  return { revocationId: revocation, userId, sessionsEnded: sessions, grantsEnded: grants, more };
}
