import { recordEvent } from '../../audit/record.ts';
import { bySystem } from '../../by.ts';
import { transaction } from '../../database/pool.ts';
import { type Held, writeHeld } from './held-rotation.ts';
import type { Next, Rotating } from './rotating.ts';
import { takeWrongTry } from './wrong-tries.ts';

type Changes = Parameters<typeof writeHeld>[2];

/** It doesn't answer; it refuses to set the password; or it took it and refuses whoever signs in with it. */
export type Why = 'unavailable' | 'denied' | 'not_accepted';

/** Whether it has been refused for so long, all the time, that only people can help. */
export const isRefusedForLong = ({ times }: Rotating, held: Held, why: Why): boolean =>
  why !== 'unavailable' && held.why === why && held.whyFor >= times.giveUp;

/**
 * Nothing came of a step: it is tried again after a pause that grows. Once a rotation administrators
 * are told that it makes no progress. What was refused for a day is left to people.
 */
export async function putOff(
  rotating: Rotating,
  held: Held,
  why: Why,
  error: string,
  changes: Changes = {},
): Promise<Next> {
  const { times } = rotating;
  if (isRefusedForLong(rotating, held, why)) return handOver(rotating, held, error);
  // A day of being away says nothing of the first refusal after it, nor do its pauses.
  const begun = held.why === why ? held.attempts : 0;
  const pauses = times[why === 'unavailable' ? why : 'denied'];
  const pause = pauses[Math.min(begun, pauses.length - 1)] ?? 60;
  const untilTold = times.tell - held.failingFor;
  // Of one that is promoted it is known what signs in.
  const tells = untilTold <= 0 && held.state !== 'promoted' && !held.told.includes('uncertain');
  const told = tells ? { told: [...held.told, 'uncertain'] } : {};
  const dueIn = untilTold > 0 ? Math.min(pause, untilTold) : pause;
  await transaction(rotating.pool, async (client) => {
    const same = held.why === why ? {} : ({ why, why_since: 'now' } as const);
    const tried = { attempts: begun + 1, ...same, failing_since: 'now', error } as const;
    await writeHeld(client, held, { ...tried, ...told, ...changes }, dueIn);
    // Of a candidate that is none of the system's yet, what signed in before still does.
    const isUnset = (changes.state ?? held.state) === 'candidate';
    if (tells) await record(client, held, 'account.rotation_uncertain', { error, ...(isUnset && { unset: true }) });
  });
  return 'wait';
}

/** Another account tries the administrator's password: this one looks again soon. */
export async function waitForTry({ pool, times }: Rotating, held: Held): Promise<Next> {
  await writeHeld(pool, held, {}, Math.min(1, times.wrong));
  return 'wait';
}

/** The right to try a password that may be wrong; null: the rotation waits until there is one. */
export async function takeWrongTryOrWait({ pool, times }: Rotating, held: Held) {
  const wrongTry = await takeWrongTry(pool, held, times.wrong);
  if (!('waitSeconds' in wrongTry)) return wrongTry;
  await writeHeld(pool, held, {}, wrongTry.waitSeconds);
  return null;
}

/** People have to do it. Every version is kept, and those who manage the account read them. */
export async function handOver({ pool, times }: Rotating, held: Held, reason: string): Promise<Next> {
  await transaction(pool, async (client) => {
    await writeHeld(client, held, { state: 'manual', error: reason }, 0);
    const { rows } = await client.query<{ until: Date }>(
      `UPDATE account_rotations SET do_until = clock_timestamp() + make_interval(secs => $3) WHERE org_id = $1 AND id = $2
       RETURNING do_until AS until`,
      [held.orgId, held.id, times.people],
    );
    const doUntil = (rows[0] as { until: Date }).until.toISOString();
    await record(client, held, 'account.rotation_manual', { reason, doUntil });
  });
  return 'wait';
}

/** What the machine does goes on record with its rotation, in the transaction that does it. */
export async function record(
  client: Parameters<typeof recordEvent>[0],
  { orgId, id, account }: Held,
  action:
    | 'account.rotated'
    | 'account.old_works'
    | 'account.rotation_uncertain'
    | 'account.rotation_manual'
    | 'account.reconciled',
  detail: Readonly<Record<string, string | number | boolean | null>>,
): Promise<void> {
  const target = { type: 'account', id: account.id };
  await recordEvent(client, { orgId, by: bySystem(null), action, target, detail: { rotation: id, ...detail } });
}
