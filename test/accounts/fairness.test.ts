import { afterEach, describe, expect, it } from 'vitest';
import type { Connector } from '../../src/accounts/connectors/connector.ts';
import { claimRotations } from '../../src/accounts/rotation/claim-rotations.ts';
import { rotateAlone } from './alone.ts';
import { rotationsOf, until } from './support.ts';

// Whoever has many accounts, at systems that hang, holds up nobody else.
const alone = await rotateAlone('org_of_few');
const { pool, orgId, product } = alone;
const crowds = ['org_crowd_1', 'org_crowd_2', 'org_crowd_3'] as const;

/** An org whose 500 accounts are all to be rotated, at so many systems. */
async function plantCrowd(org: string, places: number) {
  await pool.query(`INSERT INTO orgs (id, slug, name) VALUES ($1, replace($1, '_', '-'), $1) ON CONFLICT DO NOTHING`, [
    org,
  ]);
  await pool.query(
    `INSERT INTO accounts (org_id, id, name, user_name, connector, settings)
     SELECT $1, $1 || '_' || n, n, n, 'postgresql', jsonb_build_object('host', 'hangs-' || n % $2)
     FROM generate_series(1, 500) n`,
    [org, places],
  );
  await pool.query(
    `INSERT INTO account_rotations (org_id, id, account_id, cause, due_at)
     SELECT org_id, 'rot_' || id, id, 'hand', now() - interval '1 minute' FROM accounts WHERE org_id = $1`,
    [org],
  );
}
type Hanging = Readonly<{ hanging(): number; most(): number; letGo(): void; stop(): Promise<void> }>;
let node: Hanging | null = null;
afterEach(async () => {
  await node?.stop();
  node = null;
  await pool.query('DELETE FROM accounts WHERE org_id = ANY ($1)', [crowds]);
});

/** A node that hangs at systems of crowds, until one lets go of the first of them. */
function startHanging(): Hanging {
  const hanging: (() => void)[] = [];
  let most = 0;
  let isOver = false;
  const set: Connector<unknown>['set'] = async (target, change, signal) => {
    if (!String((target.settings as { host?: string }).host).startsWith('hangs-'))
      return alone.system.connector.set(target, change, signal);
    if (!isOver)
      await new Promise<void>((resolve) => {
        most = Math.max(most, hanging.push(resolve));
      });
    return { result: 'unavailable', error: 'timeout' };
  };
  alone.start({ limitsMs: { set: 600_000, verify: 1_000, endConnections: 1_000 }, unavailable: [600] }, { set });
  node = {
    hanging: () => hanging.length,
    most: () => most,
    letGo() {
      hanging.shift()?.();
    },
    async stop() {
      isOver = true;
      for (const go of hanging.splice(0)) go();
      await alone.stopAll();
    },
  };
  return node;
}
const done = async (account: string, count: number) => {
  const rows = await rotationsOf(product, account);
  return rows.length === count && rows.every(({ state }) => state === 'done');
};

it.each([
  ['one system', 1, 6],
  ['many systems', 50, 12],
])(
  '500 accounts at %s that hang are rotated a few at once, and another organisation’s at once',
  async (_, places, bound) => {
    await plantCrowd(crowds[0], places);
    const { hanging, most } = startHanging();
    await until(async () => hanging() === bound);
    for (let turn = 1; turn <= 3; turn += 1) {
      await alone.ask();
      await until(() => done(alone.account, turn));
    }
    expect(await alone.current()).toBe(alone.system.state.password);
    expect([hanging(), most()]).toEqual([bound, bound]);
  },
);

it('where the whole node hangs, whoever has nothing under way is next', async () => {
  for (const crowd of crowds.slice(0, 2)) await plantCrowd(crowd, 50);
  const { hanging, most, letGo } = startHanging();
  await until(async () => hanging() === 24);
  await alone.ask();
  letGo();
  await until(() => done(alone.account, 1));
  expect(most()).toBe(24);
});

describe('what a node claims', () => {
  const claim = (running: Parameters<typeof claimRotations>[1] = []) => claimRotations(pool, running, 60);
  const count = (rows: readonly { orgId: string; place: string }[], of: 'orgId' | 'place') =>
    Object.values(Object.groupBy(rows, (row) => row[of]))
      .map((group) => group?.length)
      .sort();

  it('is of the organisations in turn', async () => {
    for (const crowd of crowds) await plantCrowd(crowd, 50);
    await alone.ask();
    const claimed = await claim();
    expect(count(claimed, 'orgId')).toEqual([1, 7, 8, 8]);
    expect(claimed.filter((row) => row.orgId === orgId)).toHaveLength(1);
  });

  it('counts what it has under way, and one organisation’s for nobody else at the same system', async () => {
    for (const crowd of crowds.slice(0, 2)) await plantCrowd(crowd, 1);
    const first = await claim();
    expect(count(first, 'orgId')).toEqual([6, 6]);
    expect(await claim(first)).toEqual([]);
    const left = first.filter((row) => row.orgId !== crowds[0]);
    expect(count(await claim(left), 'orgId')).toEqual([6]);
  });

  it('is at most twelve of an organisation, whatever it has under way and where', async () => {
    await plantCrowd(crowds[0], 3);
    const first = await claim();
    expect(first).toHaveLength(12);
    expect(await claim(first)).toEqual([]);
    expect(await claim(first.slice(2))).toHaveLength(2);
    expect(Math.max(...(count(first, 'place') as number[]))).toBeLessThanOrEqual(6);
  });

  it('is first what the person had read', async () => {
    await plantCrowd(crowds[0], 50);
    const read = [7, 250, 499].map((n) => `rot_${crowds[0]}_${n}`);
    await pool.query('UPDATE account_rotations SET revealed = true, due_at = now() WHERE id = ANY ($1)', [read]);
    const claimed = await claim(
      [...Array(9)].map((_, n) => ({ orgId: crowds[0], id: `${n}`, claim: 1, place: `${n}` })),
    );
    expect(claimed.map(({ id }) => id).sort()).toEqual(read.sort());
  });
});
