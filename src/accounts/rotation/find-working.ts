import { transaction } from '../../database/pool.ts';
import { type Held, noneKnown, writeHeld } from './held-rotation.ts';
import { makeCurrent } from './make-current.ts';
import { promote } from './promote.ts';
import { putOff, record, takeWrongTryOrWait } from './put-off.ts';
import { type Known, type Next, openVersion, type Rotating, tryVersion, versionBefore } from './rotating.ts';
import { changesItself, setCandidate } from './set-candidate.ts';

/** Kept passwords that a reconciliation tries: one a minute. */
const mostReconciled = 20;

/**
 * Nobody knows which password signs in: the kept ones are tried, and what is found decides. `probe`
 * counts those that don't, so that a search goes on where it was left. Each try may be a wrong one.
 */
export async function findWorking(rotating: Rotating, held: Held): Promise<Next> {
  const { pool, times } = rotating;
  const reconciles = held.candidate === null;
  const versions = reconciles ? await keptVersions(rotating, held) : await likelyVersions(rotating, held);
  const version = versions[held.probe];
  if (version === undefined) {
    if (!reconciles) return setCandidate(rotating, held, null);
    // None of them signs in: the administrator sets a new one.
    await writeHeld(pool, held, { state: 'candidate', probe: 0, sent_at: null }, times.lease);
    return 'on';
  }
  const known = await openVersion(rotating, held.orgId, held.account.id, version);
  const wrongTry = await takeWrongTryOrWait(rotating, held);
  if (wrongTry === null) return 'wait';
  const outcome = await tryVersion(rotating, held, known);
  switch (outcome.result) {
    case 'accepted':
      await wrongTry.release();
      if (reconciles) return found(rotating, held, version, 'found');
      if (version === held.candidate) return promote(rotating, held);
      return goOnFrom(rotating, held, known);
    case 'refused':
      await writeHeld(pool, held, { probe: held.probe + 1, error: noneKnown }, times.lease);
      return 'on';
    case 'unproven':
      if (reconciles || !oldWasRefused(held)) await wrongTry.release();
      if (reconciles) return found(rotating, held, held.account.version, 'unproven');
      return setCandidate(rotating, held, await takenForOld(rotating, held));
    case 'unavailable':
      return putOff(rotating, held, 'unavailable', outcome.error);
  }
}

/**
 * What signs in is the current one, whatever was taken for it: it is to be refused when the
 * candidate is set.
 */
async function goOnFrom(rotating: Rotating, held: Held, known: Known): Promise<Next> {
  const { pool, times } = rotating;
  if (known.version !== held.account.version)
    await transaction(pool, async (client) => {
      await writeHeld(client, held, { previous: known.version }, times.lease);
      await makeCurrent(client, held.orgId, held.account.id, known.version);
    });
  return setCandidate(rotating, held, known);
}

/**
 * The candidate, the current version, the one before it, and what was refused as a password,
 * perhaps after it was set.
 */
async function likelyVersions(rotating: Rotating, held: Held): Promise<readonly number[]> {
  const { orgId, account } = held;
  const before = account.version === null ? null : await versionBefore(rotating, orgId, account.id, account.version);
  const { rows } = await rotating.pool.query<{ version: number }>({
    name: 'versions-dead',
    text: `SELECT version FROM account_versions WHERE org_id = $1 AND account_id = $2 AND rotation_id = $3 AND state = 'dead' AND version >= $4
           ORDER BY version DESC`,
    values: [orgId, account.id, held.id, account.sinceVersion],
  });
  const dead = rows.map(({ version }) => version);
  const versions = [held.candidate, account.version, before, ...dead].filter((version) => version !== null);
  return [...new Set(versions)];
}

/**
 * All that were kept for this place, the newest first, and last those that the system refused as a
 * password.
 */
async function keptVersions({ pool }: Rotating, { orgId, account }: Held): Promise<readonly number[]> {
  const { rows } = await pool.query<{ version: number }>({
    name: 'versions-kept',
    text: `SELECT version FROM account_versions WHERE org_id = $1 AND account_id = $2 AND version >= $3
           ORDER BY state = 'dead', version DESC LIMIT ${mostReconciled}`,
    values: [orgId, account.id, account.sinceVersion],
  });
  return rows.map(({ version }) => version);
}

/**
 * Nothing tells which password signs in: the candidate is set again, and then believed. Where an
 * account changes its own password, the system lets in whoever gives the one that counts now: the
 * current one, or the candidate, if it was set before. They take turns.
 */
async function takenForOld(rotating: Rotating, held: Held): Promise<Known | null> {
  const { orgId, account } = held;
  const version = oldWasRefused(held) && held.attempts % 2 === 1 ? held.candidate : account.version;
  return version === null ? null : openVersion(rotating, orgId, account.id, version);
}

const oldWasRefused = (held: Held): boolean => changesItself(held) && held.why === 'denied';

/** What is asked for is done with that, or, where a new password is to be set, can begin. */
async function found(
  { pool, times }: Rotating,
  held: Held,
  version: number | null,
  result: 'found' | 'unproven',
): Promise<Next> {
  const over = held.cause === 'reconcile';
  await transaction(pool, async (client) => {
    const error = result === 'unproven' ? 'unproven' : null;
    const ends = over ? ({ state: 'done', finished_at: 'now' } as const) : ({ state: 'candidate', probe: 0 } as const);
    await writeHeld(client, held, { ...ends, failing_since: null, error }, over ? 0 : times.lease);
    if (result === 'found' && version !== null) await makeCurrent(client, held.orgId, held.account.id, version);
    // People and programs that have the former one must read the password again.
    const changed = result === 'found' && version !== held.account.version;
    await record(client, held, 'account.reconciled', {
      ...(version !== null && { version }),
      result,
      ...(changed && { changed }),
    });
  });
  return over ? 'wait' : 'on';
}
