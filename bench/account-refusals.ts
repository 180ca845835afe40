import { setTimeout as delay } from 'node:timers/promises';
import { createConnectors } from '../src/accounts/connectors/all.ts';
import { type AccountBed, type Planted, plant, revoke } from './account-bed.ts';
import type { AccountSystem, User } from './account-systems.ts';
import { quantile } from './measure.ts';

/** Of milliseconds from the `204`; `p99` is null where there are less than 100. */
export type Waits = Readonly<{ p50: number; p99: number | null; most: number }>;
export type Refusals = Readonly<{
  name: string;
  samples: number;
  /** The system refused a sign-in of ours with the old password. */
  atSystem: Waits;
  /** The rotation was done: the product has seen it too, and ended what was open. */
  done: Waits;
}>;

/** Milliseconds between two tries to sign in; of one system in all. */
const pauseMs = 5;
const budgetMs = 25_000;

const { connectorOf } = createConnectors({
  config: {
    mode: 'development',
    accountNetworks: ['127.0.0.0/8'],
    databaseUrl: 'postgresql://-',
    directDatabaseUrl: 'postgresql://-',
  },
});

/** Signs in, with a time limit. */
export const trySignIn = ({ kind, settings }: AccountSystem, { name, password }: User) =>
  connectorOf(kind).verify({ userName: name, settings, admin: null }, password, AbortSignal.timeout(10_000));

/**
 * Revokes people who share an account each, one after another, and tries the old password at the
 * system itself, again and again from the `204` on, until it is refused.
 */
export async function measureRefusals(bed: AccountBed, system: AccountSystem, samples: number): Promise<Refusals> {
  const planted = await plant(bed, system, bed.store.next.three(samples));
  for (const { user } of planted.slice(0, 1)) {
    const { result } = await trySignIn(system, user);
    if (result !== 'accepted') throw new Error(`${system.name}: the first password is ${result}`);
  }
  const waits: { atSystem: number; done: number }[] = [];
  const begun = performance.now();
  for (const each of planted) {
    if (performance.now() - begun > budgetMs) break;
    waits.push(await waitOf(bed, system, each));
  }
  const of = (which: 'atSystem' | 'done'): Waits => {
    const all = Float64Array.from(waits.map((wait) => wait[which]));
    return { p50: quantile(all, 0.5), p99: all.length < 100 ? null : quantile(all, 0.99), most: Math.max(...all) };
  };
  return { name: system.name, samples: waits.length, atSystem: of('atSystem'), done: of('done') };
}

async function waitOf({ store, load }: AccountBed, system: AccountSystem, { id, person, user }: Planted) {
  await revoke(store, load, [person]);
  const answered = { at: Date.now(), since: performance.now() };
  const over = new AbortController();
  const refused = async () => {
    while ((await trySignIn(system, user)).result !== 'refused') await delay(pauseMs, null, over);
    return performance.now() - answered.since;
  };
  const finished = async () => {
    for (;;) {
      const { rows } = await store.pool.query<{ at: Date | null; state: string; why: string | null }>(
        'SELECT finished_at AS at, state, why FROM account_rotations WHERE account_id = $1',
        [id],
      );
      const { at = null, state = '', why = null } = rows[0] ?? {};
      if (at) return Math.max(0, at.getTime() - answered.at);
      // Nothing else would end it: pauses are minutes.
      if (why === 'denied' || ['manual', 'old_works'].includes(state))
        throw new Error(`${system.name}: a rotation is ${state}, ${why}`);
      await delay(20);
    }
  };
  const atSystem = refused();
  // What is wrong is told by the rotation.
  atSystem.catch(() => {});
  try {
    const done = await finished();
    return { atSystem: await atSystem, done };
  } finally {
    over.abort();
  }
}
