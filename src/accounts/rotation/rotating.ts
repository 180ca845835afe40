import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Connector, Target, VerifyOutcome } from '../connectors/connector.ts';
import type { Vault } from '../vault.ts';
import type { Held } from './held-rotation.ts';
import type { Times } from './times.ts';

/** What the steps of a rotation work with. */
export type Rotating = Readonly<{
  pool: Pool;
  vault: Vault;
  /** @throws Error where there is no such kind: a newer node knows it */
  connectorOf(kind: string): Connector<unknown>;
  log: Logger;
  times: Times;
  /** Aborts what is under way when the process can wait no longer. */
  broken: AbortSignal;
}>;

/** Whether the next step can be made at once, or the rotation was let go. */
export type Next = 'on' | 'wait';

/** A password of an account, opened. */
export type Known = Readonly<{ version: number; password: string }>;

/**
 * Opens a password to send it to where its account leads, or, of an administrator, to where that one
 * says. @throws Error for a version of before the account was led elsewhere: it is for another place
 */
export async function openVersion(
  { pool, vault }: Rotating,
  orgId: string,
  accountId: string,
  version: number,
): Promise<Known> {
  const { rows } = await pool.query<{ sealed: string }>({
    name: 'version-sealed',
    text: `SELECT v.sealed FROM account_versions v JOIN accounts a ON a.org_id = v.org_id AND a.id = v.account_id
           WHERE v.org_id = $1 AND v.account_id = $2 AND v.version = $3 AND v.version >= a.since_version`,
    values: [orgId, accountId, version],
  });
  if (!rows[0]) throw new Error(`version ${version} of the account ${accountId} is gone, or is for another place`);
  return { version, password: await vault.open(orgId, accountId, version, rows[0].sealed) };
}

/** The number of the version that was current before this one, at the same place; null: there was none. */
export async function versionBefore(
  { pool }: Rotating,
  orgId: string,
  accountId: string,
  version: number,
): Promise<number | null> {
  const { rows } = await pool.query<{ version: number }>({
    name: 'version-before',
    // A candidate that was given up was never current: people gave one, it signed in, or was promoted.
    text: `SELECT v.version FROM account_versions v JOIN accounts a ON a.org_id = v.org_id AND a.id = v.account_id
           WHERE v.org_id = $1 AND v.account_id = $2 AND v.version < $3 AND v.version >= a.since_version AND v.state = 'former'
             AND (v.rotation_id IS NULL OR v.accepted_at IS NOT NULL OR EXISTS (
               SELECT FROM account_rotations r WHERE r.org_id = v.org_id AND r.account_id = v.account_id
                 AND r.candidate = v.version AND r.promoted_at IS NOT NULL))
           ORDER BY v.version DESC LIMIT 1`,
    values: [orgId, accountId, version],
  });
  return rows[0]?.version ?? null;
}

export const targetOf = ({ account }: Held, admin: Target<unknown>['admin']): Target<unknown> => ({
  userName: account.userName,
  settings: account.settings,
  admin,
});

/** Ends at the step's limit, counted from `begun` of `performance.now()`: before it was asked whether the claim holds. */
export const limitOf = (
  { broken, times }: Rotating,
  step: keyof Times['limitsMs'],
  begun = performance.now(),
): AbortSignal => {
  const left = Math.max(0, Math.floor(times.limitsMs[step] - (performance.now() - begun)));
  return AbortSignal.any([broken, AbortSignal.timeout(left)]);
};

/** Tries to sign in, and notes at the version what came of it. */
export async function tryVersion(rotating: Rotating, held: Held, known: Known): Promise<VerifyOutcome> {
  const connector = rotating.connectorOf(held.account.connector);
  const outcome = await connector
    .verify(targetOf(held, null), known.password, limitOf(rotating, 'verify'))
    .catch((error): VerifyOutcome => {
      rotating.log.warn({ err: nameOnly(error), org: held.orgId, rotation: held.id }, 'a connector failed to verify');
      return { result: 'unavailable', error: 'connector_failed' };
    });
  if (outcome.result === 'accepted' || outcome.result === 'refused')
    await rotating.pool.query(
      `UPDATE account_versions SET ${outcome.result}_at = clock_timestamp() WHERE org_id = $1 AND account_id = $2 AND version = $3`,
      [held.orgId, held.account.id, known.version],
    );
  return outcome;
}

/** An error of a connector may quote what it was given: of it only its name is logged. */
export const nameOnly = (error: unknown) => ({ type: error instanceof Error ? error.name : typeof error });
