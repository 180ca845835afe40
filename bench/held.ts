import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Child } from './child.ts';
import { revocationRequest } from './contenders.ts';
import type { HttpJob, Samples } from './http-load.ts';
import { quantile } from './measure.ts';
import { orgCount, sql } from './people.ts';
import { rearmProduct, rearmProductWithGrants } from './rearm.ts';
import { ms } from './report.ts';
import type { Store } from './store.ts';

export type HeldResult = Readonly<{ free: number; held: number }>;

const connections = 16;
const requests = 600;
/** The org whose rows somebody holds; the requests that are timed are of the others. */
const stuckOrg = 0;

/**
 * p99 of revocations in milliseconds, in turn: with every row free, and while another transaction
 * holds a person's row, a session's, a grant's and a `jti` of one org, each of which a revocation
 * waits for.
 */
export async function compareHeld(store: Store, load: Child, rounds: number): Promise<HeldResult> {
  const taken: Record<keyof HeldResult, number[]> = { free: [], held: [] };
  for (let round = 0; round <= rounds; round += 1)
    for (const way of ['free', 'held'] as const) {
      const stuck = way === 'held' ? await holdRows(store) : null;
      const people = store.nextPeople(requests * 2).filter((n) => n % orgCount !== stuckOrg);
      const { latencies } = await load.call<Samples>('http', {
        port: store.servers.product.port,
        connections,
        budget: 2_000,
        count: people.length,
        expect: 204,
        requests: people.map(revocationRequest),
      } satisfies HttpJob);
      await stuck?.release();
      await rearmProduct(store.pool, people);
      await store.tidy();
      if (round > 0) taken[way].push(...latencies);
    }
  const p99 = (latencies: readonly number[]) => quantile(Float64Array.from(latencies), 0.99);
  return { free: p99(taken.free), held: p99(taken.held) };
}

/**
 * Holds the four rows, and asks for the end of all that they belong to, which no answer comes to
 * until they are free.
 */
async function holdRows({ databaseUrl, pool, servers, nextPeople, nextPeopleWithGrants, jwtCaller }: Store) {
  const person = ofStuckOrg(nextPeople);
  const ofSession = ofStuckOrg(nextPeople);
  const ofJti = ofStuckOrg(nextPeople);
  const ofGrant = ofStuckOrg(nextPeopleWithGrants);
  const jti = randomUUID();

  const client = new pg.Client({ connectionString: databaseUrl });
  // When the bench ends early the server goes first; what ended the bench is told elsewhere.
  client.on('error', () => {});
  await client.connect();
  await client.query('BEGIN');
  const user = (n: number) => `org_id = ${sql.orgId(`${n}`)} AND ${sql.userId(`${n}`)}`;
  await client.query(`SELECT FROM users WHERE ${user(person)} = id FOR UPDATE`);
  await client.query(`SELECT FROM sessions WHERE ${user(ofSession)} = user_id LIMIT 1 FOR UPDATE`);
  await client.query(`SELECT FROM grants WHERE ${user(ofGrant)} = user_id LIMIT 1 FOR UPDATE`);
  await client.query(
    `INSERT INTO spent (org_id, kind, id, expires_at)
     SELECT org_id, 'caller_jwt', id || ' ' || $1, now() + interval '1 hour' FROM connections
     WHERE org_id = ${sql.orgId(`${ofJti}`)}`,
    [jti],
  );

  const post = async (n: number, authorization?: string) => {
    const { path, headers, body } = revocationRequest(n);
    const answer = await fetch(`http://127.0.0.1:${servers.product.port}${path}`, {
      method: 'POST',
      headers: {
        ...headers,
        'Content-Type': 'application/json',
        ...(authorization && { Authorization: authorization }),
      },
      body: JSON.stringify(body),
    });
    // One that was held for longer than a lock is waited for is refused: what is timed is the others.
    if (answer.status !== 204 && answer.status !== 503) throw new Error(`what was held was answered ${answer.status}`);
  };
  const answers = [post(person), post(ofSession), post(ofGrant), post(ofJti, `Bearer ${jwtCaller.jwtFor(ofJti, jti)}`)];
  return {
    async release() {
      await client.query('ROLLBACK');
      await client.end();
      await Promise.all(answers);
      await rearmProduct(pool, [person, ofSession, ofJti]);
      await rearmProductWithGrants(pool, [ofGrant]);
    },
  };
}

/** People are drawn in a random order, so any number of draws may lie in other orgs. */
function ofStuckOrg(draw: (count: number) => readonly number[]): number {
  for (;;) {
    const [n] = draw(1);
    if (n !== undefined && n % orgCount === stuckOrg) return n;
  }
}

export function heldReport({ free, held }: HeldResult): string {
  return `p99 of a revocation with ${connections} connections: ${ms(free)} ms; while rows of another org are held that others wait for: ${ms(held)} ms (aim < 50 ms)`;
}
