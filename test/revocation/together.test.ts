import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { isUnavailable } from '../../src/database/errors.ts';
import { createBatches } from '../../src/revocation/batches.ts';
import type { Once } from '../../src/revocation/once.ts';
import type { RevocationOutcome, Subject, UserRevocation } from '../../src/revocation/revocation.ts';
import { revokeAccess, revokeAccessOfMany } from '../../src/revocation/revoke-access.ts';
import { deadlocksOf, waitForLock, whileLocked } from '../support/locks.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { type PlantedUser, plantUsers, survivorsOf } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

// What one node is asked in one turn of its event loop goes into one statement.
let product: Product;
let orgId: string;
let otherOrgId: string;
beforeAll(async () => {
  product = await startProduct({ processes: 1 });
  [orgId, otherOrgId] = [product.orgs.whiterabbit.id, product.orgs.metacortex.id];
});
afterAll(() => product.stop());
beforeEach(() => product.context.pool.query("DELETE FROM spent WHERE kind = 'caller_jwt'"));

type Rest = Partial<Pick<UserRevocation, 'orgId' | 'once' | 'initiator'>>;
const revoke = (subject: Subject, rest: Rest = {}) =>
  revokeAccess(product.context.batches, { orgId, subject, initiator: 'idp', by: byOperator, ...rest });
const byId = ({ id }: PlantedUser): Subject => ({ userIds: [id] });
const byEmail = ({ email }: PlantedUser): Subject => ({ emailKeys: [email] });
const jwt = (id: string = randomUUID()): Once => ({
  kind: 'caller_jwt',
  id,
  expiresAt: new Date(Date.now() + 60_000),
});
const results = (outcomes: readonly RevocationOutcome[]) => outcomes.map(({ result }) => result).sort();

async function plant(count: number, org: 'whiterabbit' | 'metacortex' = 'whiterabbit', sessions = 1) {
  return (await plantUsers(product, count, { org, sessions })) as [PlantedUser, PlantedUser, ...PlantedUser[]];
}

/** How often a person's access ended, by their generation and by the record: they must agree. */
async function timesEnded(people: readonly PlantedUser[], of = orgId): Promise<number[]> {
  const { rows } = await product.context.pool.query<{ generation: number; records: number; events: number }>(
    `SELECT u.generation,
            (SELECT count(*)::int FROM revocations r WHERE r.org_id = u.org_id AND r.user_id = u.id) AS records,
            (SELECT count(*)::int FROM audit_events e WHERE e.org_id = u.org_id AND e.target_id = u.id) AS events
     FROM unnest($2::text[]) WITH ORDINALITY AS asked (id, at)
     JOIN users u ON u.org_id = $1 AND u.id = asked.id ORDER BY asked.at`,
    [of, people.map(({ id }) => id)],
  );
  for (const { generation, records, events } of rows) expect([records, events]).toEqual([generation, generation]);
  return rows.map(({ generation }) => generation);
}
const survivors = (people: readonly PlantedUser[]) => survivorsOf(product, people);

describe('in one batch', () => {
  it('somebody who is named twice, by address and by subject, is ended twice', async () => {
    const [user] = await plant(1, 'whiterabbit', 3);
    const { pool } = product.context;
    const { rows } = await pool.query('SELECT issuer, subject FROM identities WHERE org_id = $1 AND user_id = $2', [
      orgId,
      user.id,
    ]);
    const outcomes = await Promise.all([revoke(byEmail(user)), revoke({ identities: rows }), revoke(byId(user))]);
    expect(outcomes.map((one) => one.result === 'revoked' && one.sessionsEnded)).toEqual([3, 0, 0]);
    expect(await timesEnded([user])).toEqual([3]);
    expect(await survivors([user])).toBe(0);
  });

  it('of two rows with one jti one is done, whoever they name', async () => {
    const [one, other] = await plant(2);
    const once = jwt();
    expect(results(await Promise.all([revoke(byId(one), { once }), revoke(byId(other), { once })]))).toEqual([
      'replayed',
      'revoked',
    ]);
    expect((await timesEnded([one, other])).sort()).toEqual([0, 1]);
    // For the same person, too.
    const again = jwt();
    expect(
      results(await Promise.all([revoke(byId(one), { once: again }), revoke(byId(one), { once: again })])),
    ).toEqual(['replayed', 'revoked']);
    // One jti in two orgs is two.
    const [twin] = await plant(1, 'metacortex');
    const both = jwt();
    expect(
      results(
        await Promise.all([revoke(byId(one), { once: both }), revoke(byId(twin), { once: both, orgId: otherOrgId })]),
      ),
    ).toEqual(['revoked', 'revoked']);
  });

  it('of one jti on two nodes at once one is done', async () => {
    const people = await plant(40);
    const elsewhere = createBatches({ pool: product.context.accessPool });
    const outcomes = await Promise.all(
      people.flatMap((user, index) => {
        const once = jwt();
        const asked = { orgId, initiator: 'idp', by: byOperator, once } as const;
        return [
          revoke(byId(user), { once }),
          revokeAccess(elsewhere, { ...asked, subject: byEmail(people[(index + 1) % 40] as PlantedUser) }),
        ];
      }),
    );
    expect(results(outcomes)).toEqual([...people.map(() => 'replayed'), ...people.map(() => 'revoked')]);
    expect((await timesEnded(people)).reduce((sum, times) => sum + times, 0)).toBe(40);
  });

  it('a jti is spent by whoever gets a final answer', async () => {
    const [one, other] = await plant(2);
    const [forNobody, forTwo] = [jwt(), jwt()];
    const two = { userIds: [one.id], emailKeys: [other.email] };
    const first = [revoke({ userIds: ['usr_nobody'] }, { once: forNobody }), revoke(two, { once: forTwo })];
    expect(results(await Promise.all(first))).toEqual(['ambiguous', 'unknown']);
    const second = [revoke(byId(one), { once: forNobody }), revoke(byId(other), { once: forTwo })];
    expect(results(await Promise.all(second))).toEqual(['replayed', 'replayed']);
    expect(await timesEnded([one, other])).toEqual([0, 0]);
  });

  it('the same address in two orgs is two people, each of their own caller', async () => {
    const [here] = await plant(1);
    const [there] = await plant(1, 'metacortex');
    const { pool } = product.context;
    await pool.query('UPDATE users SET email = $3, email_key = $3 WHERE org_id = $1 AND id = $2', [
      otherOrgId,
      there.id,
      here.email,
    ]);
    expect(results(await Promise.all([revoke(byEmail(here)), revoke(byId(there)), revoke(byId(here))]))).toEqual([
      'revoked',
      'revoked',
      'unknown',
    ]);
    expect(await timesEnded([here])).toEqual([2]);
    expect(await timesEnded([there], otherOrgId)).toEqual([0]);
    expect(await survivors([there])).toBe(1);
    await Promise.all([revoke(byEmail(here), { orgId: otherOrgId }), revoke(byEmail(here))]);
    expect(await timesEnded([there], otherOrgId)).toEqual([1]);
    expect(await timesEnded([here])).toEqual([3]);
  });

  it('a row that fails is alone with it: 31 others are done', async () => {
    const people = await plant(32);
    const outcomes = await Promise.allSettled(
      people.map((user, index) => revoke(byId(user), index === 7 ? { initiator: 'nobody' as 'idp' } : {})),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(
      people.map((_, index) => (index === 7 ? 'rejected' : 'fulfilled')),
    );
    expect(await timesEnded(people)).toEqual(people.map((_, index) => (index === 7 ? 0 : 1)));
    expect(await survivors(people)).toBe(1);
  });

  it('what JSON in PostgreSQL cannot hold is refused before it gets there; what only looks like it is nobody', async () => {
    const people = await plant(20);
    const hostile = ['\0', 'a\ud800', '\udfff', '\ud83d', '\\\0', `${'\\'.repeat(3)}\0`];
    const harmless = ['\\u0000', '\\ud800', '\u{1f600}', '"}]', "'; DROP TABLE users; --", '\\\\u0000', '{"org":"x"}'];
    const mixed = await Promise.allSettled([
      ...hostile.map((id) => revoke({ userIds: [id] })),
      ...harmless.map((id) => revoke({ userIds: [id], emailKeys: [id], identities: [{ issuer: id, subject: id }] })),
      ...people.map((user) => revoke(byId(user))),
    ]);
    const told = mixed.map((one) => (one.status === 'fulfilled' ? one.value.result : one.reason.code));
    expect(told).toEqual([
      ...hostile.map(() => '22P05'),
      ...harmless.map(() => 'unknown'),
      ...people.map(() => 'revoked'),
    ]);
    // At the endpoint beside honest calls: a clear 400.
    const [user] = await plant(1);
    const calls = [...hostile, user.id].map((id) => product.revoke({ format: 'opaque', id }));
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([...hostile.map(() => 400), 204]);
  });
});

describe('nobody waits for whom somebody else holds', () => {
  const held = {
    'the row of a person': (user: PlantedUser) =>
      ['SELECT FROM users WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE', [orgId, user.id]] as const,
    'the row of a session': (user: PlantedUser) =>
      ['SELECT FROM sessions WHERE org_id = $1 AND user_id = $2 FOR UPDATE', [orgId, user.id]] as const,
    'the row of a grant': (user: PlantedUser) =>
      ['SELECT FROM grants WHERE org_id = $1 AND user_id = $2 FOR UPDATE', [orgId, user.id]] as const,
    'a jti that is being spent': (_user: PlantedUser, id: string) =>
      [`INSERT INTO spent (org_id, kind, id, expires_at) VALUES ($1, 'caller_jwt', $2, now())`, [orgId, id]] as const,
  };
  // Dead by their generation at once: only the tombstone is left to a job.
  const atOnce = (what: string) => what.includes('session') || what.includes('grant');

  it.each(Object.entries(held))('%s', async (what, hold) => {
    const [user] = await plant(1, 'whiterabbit', 2);
    await plantGrants(product, { orgId, userId: user.id }, 2);
    const mates = await plant(8);
    const others = await plant(40, 'metacortex');
    const once = jwt();
    let concerned: Promise<RevocationOutcome> = Promise.reject(new Error('not asked'));
    concerned.catch(() => {});
    let answered = false;
    await whileLocked(
      product,
      (blocker) => {
        const [text, values] = hold(user, once.id);
        return blocker.query(text, [...values]);
      },
      async () => {
        concerned = revoke(byId(user), { once });
        concerned.then(
          () => (answered = true),
          () => {},
        );
        const batchMates = Promise.all(mates.map((mate) => revoke(byId(mate))));
        for (const other of others)
          expect((await revoke(byEmail(other), { orgId: otherOrgId })).result).toBe('revoked');
        expect(results(await batchMates)).toEqual(mates.map(() => 'revoked'));
        if (atOnce(what)) {
          expect(await concerned).toMatchObject({ result: 'revoked', more: true });
          expect(await survivors([user])).toBe(0);
        } else {
          await waitForLock(product);
          expect(answered).toBe(false);
        }
      },
    );
    expect((await concerned).result).toBe(what.includes('jti') ? 'replayed' : 'revoked');
    expect(await timesEnded([user])).toEqual([what.includes('jti') ? 0 : 1]);
    // Not burnt while it waited, and burnt by the one that was done.
    expect((await revoke(byId(user), { once })).result).toBe('replayed');
    expect(await timesEnded(others, otherOrgId)).toEqual(others.map(() => 1));
  });

  it('many calls for one held person, and a second held person, leave the way free', async () => {
    const [one, two] = await plant(2);
    const others = await plant(20, 'metacortex');
    let waiting: Promise<RevocationOutcome[]> = Promise.resolve([]);
    const lock = (blocker: { query: (text: string, values: unknown[]) => Promise<unknown> }) =>
      blocker.query('SELECT FROM users WHERE org_id = $1 AND id = ANY ($2) ORDER BY id FOR UPDATE', [
        orgId,
        [one.id, two.id],
      ]);
    await whileLocked(product, lock, async () => {
      waiting = Promise.all([...Array.from({ length: 50 }, () => revoke(byId(one))), revoke(byId(two))]);
      await waitForLock(product, 2);
      for (const other of others) expect((await revoke(byId(other), { orgId: otherOrgId })).result).toBe('revoked');
    });
    expect(results(await waiting)).toEqual(Array.from({ length: 51 }, () => 'revoked'));
    expect(await timesEnded([one, two])).toEqual([50, 1]);
  });
});

it('while nobody’s row can be had, calls wait or are told 503 with Retry-After, and then all goes on', async () => {
  const people = await plant(12);
  let asked: Promise<Response[]> = Promise.resolve([]);
  await whileLocked(
    product,
    (blocker) => blocker.query('SELECT FROM users WHERE id = ANY ($1) FOR UPDATE', [people.map(({ id }) => id)]),
    async () => {
      asked = Promise.all(people.map(({ id }) => product.revoke({ format: 'opaque', id })));
      await waitForLock(product, 2);
      // Longer than two of them wait for a lock.
      await new Promise((resolve) => setTimeout(resolve, 6_000));
    },
  );
  const answers = await asked;
  const statuses = answers.map(({ status }) => status);
  expect([...new Set(statuses)].sort()).toEqual([204, 503]);
  for (const { status, headers } of answers) if (status === 503) expect(headers.get('retry-after')).toMatch(/^\d+$/);
  expect(await timesEnded(people)).toEqual(statuses.map((status) => (status === 204 ? 1 : 0)));
  expect((await product.revoke({ format: 'opaque', id: people[0].id })).status).toBe(204);
});

it('what waits long opens further statements, up to four, and leaves none of a crowd behind', async () => {
  const people = await plant(100);
  const { pool } = product.context;
  // Not as a lock that is waited for: that would break the statement off.
  await pool.query(`
    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      WHILE NOT pg_try_advisory_xact_lock_shared(4712) LOOP PERFORM pg_sleep(0.01); END LOOP;
      RETURN NULL;
    END $$;
    CREATE TRIGGER revocations_dawdle BEFORE INSERT ON revocations FOR EACH STATEMENT EXECUTE FUNCTION dawdle()`);
  let asked: Promise<RevocationOutcome[]> = Promise.resolve([]);
  await whileLocked(
    product,
    (blocker) => blocker.query('SELECT pg_advisory_xact_lock(4712)'),
    async () => {
      asked = Promise.all(people.map((user) => revoke(byId(user))));
      for (let tries = 0, count = 0; count < 4; tries += 1) {
        const { rows } = await pool.query(
          `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`,
        );
        count = rows[0].count;
        expect(tries).toBeLessThan(1_000);
      }
    },
  );
  expect(results(await asked)).toEqual(people.map(() => 'revoked'));
  await pool.query('DROP TRIGGER revocations_dawdle ON revocations');
  expect(await timesEnded(people)).toEqual(people.map(() => 1));
});

it('while a whole table is locked everybody is told, and nobody waits for the others before them', async () => {
  const people = await plant(40);
  const { endingPool, accessPool } = product.context;
  const batches = createBatches({ pool: endingPool, patienceMs: 1_000 });
  const ask = ({ id }: PlantedUser) =>
    revokeAccess(batches, { orgId, initiator: 'idp', by: byOperator, subject: { userIds: [id] } });
  await whileLocked(
    product,
    (blocker) => blocker.query('LOCK TABLE revocations IN ACCESS EXCLUSIVE MODE'),
    async () => {
      const told = await Promise.allSettled(people.map(ask));
      expect(told.map(({ status }) => status)).toEqual(people.map(() => 'rejected'));
      for (const { reason } of told as PromiseRejectedResult[])
        expect(isUnavailable(reason) || reason.code === 'unavailable', String(reason)).toBe(true);
    },
  );
  expect(accessPool.waitingCount).toBe(0);
  expect(await timesEnded(people)).toEqual(people.map(() => 0));
  expect(results(await Promise.all(people.map(ask)))).toEqual(people.map(() => 'revoked'));
});

it('takes nothing that has to go alone', async () => {
  const [user] = await plant(1);
  const revocation = { orgId, initiator: 'idp', by: byOperator, subject: byId(user), deactivate: true } as const;
  // @ts-expect-error
  await expect(revokeAccess(product.context.batches, revocation)).rejects.toThrow(/alone/);
  expect(await timesEnded([user])).toEqual([0]);
});

describe('beside each other', () => {
  it('a list of 10,000 people, and single calls', async () => {
    const list: PlantedUser[] = [];
    for (let part = 0; part < 10; part += 1) {
      list.push(...(await plant(1_000)));
      // As autovacuum does within a minute: plans that were made for empty tables go, those of
      // foreign keys too.
      await product.context.pool.query('ANALYZE');
    }
    const others = await plant(100, 'metacortex');
    let listDone = false;
    const ending = revokeAccessOfMany(product.context.accessPool, {
      orgId,
      initiator: 'admin',
      by: byOperator,
      userIds: list.map(({ id }) => id),
    }).then((done) => {
      listDone = true;
      return done.length;
    });
    let before = 0;
    for (const other of others) {
      expect((await revoke(byId(other), { orgId: otherOrgId })).result).toBe('revoked');
      if (!listDone) before += 1;
    }
    const inList = await Promise.all(list.slice(0, 20).map((user) => revoke(byId(user))));
    expect(results(inList)).toEqual(inList.map(() => 'revoked'));
    expect(await ending).toBe(10_000);
    expect(before).toBeGreaterThan(10);
    expect(await timesEnded(list)).toEqual(list.map((_, index) => (index < 20 ? 2 : 1)));
    expect(await survivors(list.slice(0, 200))).toBe(0);
  });

  it('overlapping batches of the same people in random orders on two nodes: every 204 is a bump and a record', async () => {
    const people = await plant(40);
    const before = await deadlocksOf(product);
    const asked = Array.from({ length: 12 }, () => [...people].sort(() => Math.random() - 0.5)).flat();
    const answers = await Promise.all(
      asked.map(({ email }, index) =>
        product.revoke({ format: 'email', email }, { at: product.nodes[index % 2] as string }),
      ),
    );
    expect([...new Set(answers.map(({ status }) => status))]).toEqual([204]);
    expect(await timesEnded(people)).toEqual(people.map(() => 12));
    expect(await survivors(people)).toBe(0);
    expect(await deadlocksOf(product)).toBe(before);
  });
});
