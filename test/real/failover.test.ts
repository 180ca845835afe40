import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { migrate } from '../../src/database/migrate.ts';
import { postRevocation } from '../support/idp-jwt.ts';
import { inParallel, type PlantedUser, plantUsers, survivorsOf } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type Cluster, missing, startCluster } from './patroni.ts';

const writers = 8;

const lacking = missing.length > 0 ? ` (needs ${missing.join(', ')})` : '';
describe.skipIf(missing.length > 0)(`a failover${lacking}`, () => {
  let cluster: Cluster;
  let product: Product;
  let journal: string;
  beforeAll(async () => {
    cluster = await startCluster();
    await migrate(cluster.url);
    journal = mkdtempSync(path.join(os.tmpdir(), 'universal-logout-journal-'));
    // A node that is a process of its own takes the calls; the other one watches.
    const env = { DIRECT_DATABASE_URL: cluster.url, JOURNAL_DIR: journal };
    product = await startProduct({ databaseUrl: cluster.url, processes: 1, env });
  }, 120_000);
  afterAll(async () => {
    await product?.stop();
    await cluster?.stop();
    if (journal) rmSync(journal, { recursive: true });
  });

  const revoke = (person: PlantedUser) =>
    postRevocation(`${product.nodes[1]}/global-token-revocation`, product.orgs.whiterabbit.apiKey, {
      format: 'email',
      email: person.email,
    });

  /** Eight writers, each of whom ends one person's access after another's until `stop()`. */
  async function startWriters() {
    const people = await plantUsers(product, 4_000);
    const done: PlantedUser[] = [];
    const noted: PlantedUser[] = [];
    const others: string[] = [];
    let [going, last, longest] = [true, performance.now(), 0];
    const writing = inParallel(people, writers, async (person) => {
      if (!going) return;
      const answer = await revoke(person);
      if (answer.status === 204) {
        done.push(person);
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      } else if (answer.status === 503 && /The call is noted/.test(answer.detail)) noted.push(person);
      else others.push(`${answer.status} ${answer.detail}`);
      await sleep(10);
    });
    const stop = async () => {
      going = false;
      await writing;
    };
    onTestFinished(stop);
    return {
      done,
      noted,
      others,
      /** Once so many were answered 204 from now on. */
      async progress(count: number) {
        const from = done.length;
        for (const since = performance.now(); done.length < from + count; await sleep(20))
          if (performance.now() - since > 60_000)
            throw new Error(`no progress within a minute: ${done.length - from} of ${count}; ${others.at(-1)}`);
      },
      stop,
      /** Milliseconds between two answers of 204, at most. */
      longest: () => Math.round(longest),
    };
  }

  /** Whose revocation isn't in the database. */
  async function lost(people: readonly PlantedUser[]): Promise<string[]> {
    const rows = await cluster.query<{ id: string }>(`
      SELECT id FROM users u
      WHERE generation > 0 AND EXISTS (SELECT FROM revocations r WHERE r.org_id = u.org_id AND r.user_id = u.id)`);
    const known = new Set(rows.map(({ id }) => id));
    return people.map(({ id }) => id).filter((id) => !known.has(id));
  }

  /** Of these people's calls none is left to be carried out, and each is on record. */
  async function expectCarriedOut(people: readonly PlantedUser[]): Promise<void> {
    for (let tries = 0; readdirSync(journal).length > 0; tries += 1) {
      expect(tries).toBeLessThan(300);
      await sleep(100);
    }
    const rows = await cluster.query<{ id: string }>(
      `SELECT target_id AS id FROM audit_events WHERE action = 'call.carried_out'`,
    );
    const carriedOut = new Set(rows.map(({ id }) => id));
    expect(people.filter(({ id }) => !carriedOut.has(id))).toEqual([]);
  }

  test('of a leader that is killed under writers loses nothing, and carries out what was noted meanwhile', async () => {
    const leader = await cluster.leader();
    const { progress, stop, done, noted, others, longest } = await startWriters();
    await progress(1_000);
    await cluster.kill(leader);
    await cluster.leader(leader);
    await progress(200);
    await stop();
    await expectCarriedOut(noted);
    console.log(`killed: ${done.length} answered 204, ${noted.length} noted, away for ${longest()} ms`);
    expect(others).toEqual([]);
    expect(noted.length).toBeGreaterThan(0);
    expect(await lost([...done, ...noted])).toEqual([]);
    expect(await survivorsOf(product, [...done.slice(-100), ...noted])).toBe(0);
    await cluster.restart(leader);
  }, 120_000);

  test('of a leader whose Patroni stands still loses nothing, and nobody writes to the old one', async () => {
    const leader = await cluster.leader();
    const { progress, stop, done, noted, others, longest } = await startWriters();
    await progress(200);
    leader.patroni.kill('SIGSTOP');
    await cluster.leader(leader);
    const there = () => cluster.query('SELECT count(*), pg_is_in_recovery() AS standby FROM revocations', leader);
    const before = await there();
    await progress(200);
    await stop();
    await expectCarriedOut(noted);
    console.log(`frozen: ${done.length} answered 204, ${noted.length} noted, away for ${longest()} ms`);
    expect(await there()).toEqual(before);
    expect(before).toMatchObject([{ standby: false }]);
    expect(others).toEqual([]);
    expect(await lost([...done, ...noted])).toEqual([]);
    expect(await survivorsOf(product, [...done.slice(-100), ...noted])).toBe(0);
    leader.patroni.kill('SIGCONT');
    // The old one joins the others, and doesn't take the lead back with what it lacks.
    await cluster.whole();
    expect(await lost([...done, ...noted])).toEqual([]);
  }, 120_000);

  test('has nothing to lose where the standbys hear nothing, since nobody is answered', async () => {
    const leader = await cluster.leader();
    const { progress, stop, done } = await startWriters();
    await progress(100);
    cluster.signalSenders(leader, 'SIGSTOP');
    await sleep(500);
    const before = done.length;
    await sleep(1_500);
    expect(done.length).toBe(before);
    cluster.signalSenders(leader, 'SIGCONT');
    await progress(100);
    await stop();
    expect(await lost(done)).toEqual([]);
  });

  test('with asynchronous replication, and standbys that hear nothing, loses what was answered', async () => {
    const leader = await cluster.leader();
    await cluster.makeAsynchronous(leader);
    const { progress, stop, done } = await startWriters();
    await progress(100);
    cluster.signalSenders(leader, 'SIGSTOP');
    await progress(100);
    await cluster.kill(leader);
    await cluster.leader(leader);
    // By then haproxy leads to it.
    await progress(50);
    await stop();
    const missed = await lost(done);
    console.log(`asynchronous: ${missed.length} of ${done.length} lost`);
    expect(missed.length).toBeGreaterThan(0);
  }, 120_000);
});
