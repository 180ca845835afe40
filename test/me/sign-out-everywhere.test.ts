import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { createBrowser } from '../support/browser.ts';
import { atTheirInsert, letSignInsWait, waitForLock, whileLocked } from '../support/locks.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { inParallel, plantUsers, refreshPlans } from '../support/planted-sessions.ts';
import { type Product, startTwoNodes, trinity } from '../support/product.ts';

// "Sign out everywhere else" keeps the session or grant that asks. Whoever revokes at the same
// moment must win over that.
let product: Product;
let nodes: [string, string];
beforeAll(async () => {
  ({ product, nodes } = await startTwoNodes());
});
afterAll(() => product.stop());

type Held = 'session' | 'grant';
/** What a person's browsers or apps send; the first is the one that asks to stay. */
type Person = { id: string; email: string; headers: Record<string, string>[] };

/** People with as many sessions each, or with one session and as many grants. */
async function plant(held: Held, count: number, each: number): Promise<Person[]> {
  const users = await plantUsers(product, count, { sessions: held === 'session' ? each : 1 });
  const people: Person[] = [];
  for (const { id, email, cookies } of users) {
    const orgId = product.orgs.whiterabbit.id;
    const grants = held === 'grant' ? await plantGrants(product, { orgId, userId: id }, each) : [];
    const headers = grants.map(({ accessToken }) => ({ authorization: `Bearer ${accessToken}` }));
    people.push({ id, email, headers: held === 'grant' ? headers : cookies.map((cookie) => ({ cookie })) });
  }
  if (held === 'grant') await refreshPlans(product, count, 'grants, tokens');
  return people;
}

const current = ({ headers }: Person) => headers[0] as Record<string, string>;
const statusAt = async (node: string, headers: Record<string, string>) => {
  const response = await fetch(`${node}/api/users/me`, { headers });
  await response.arrayBuffer();
  return response.status;
};
const statuses = (person: Person) =>
  Promise.all(nodes.flatMap((node) => person.headers.map((headers) => statusAt(node, headers))));

const keepOnly = (headers: Record<string, string>, node = nodes[0]) =>
  fetch(`${node}/api/users/me/sessions/revoke`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{"keepCurrent":true}',
  });
const byIdp = async ({ email }: Person) => {
  expect((await product.revoke({ format: 'email', email }, { at: nodes[1] })).status).toBe(204);
};
/** From the test's own process, a node of its own. */
const everyone = async () => {
  const { id: orgId } = product.orgs.whiterabbit;
  const done = await revokeOrgAccess(product.context.pool, {
    orgId,
    initiator: 'operator',
    by: byOperator,
  });
  expect(done).not.toBeNull();
};
const pause = (mostMs: number) => new Promise((resolve) => setTimeout(resolve, Math.random() * mostMs));
const lockUser = (person: Person) => (blocker: PoolClient) =>
  blocker.query('SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE', [person.id]);

describe.each(['session', 'grant'] as const)('a %s that asks to be the only one', (held) => {
  it('stays, and is never refused, where nobody else revokes; all others are dead on both nodes after the answer: 200 people', async () => {
    let late = 0;
    let refused = 0;
    await inParallel(await plant(held, 200, 3), 4, async (person) => {
      let running = true;
      const asking = nodes.map(async (node) => {
        while (running) refused += (await statusAt(node, current(person))) === 200 ? 0 : 1;
      });
      await pause(5);
      expect((await keepOnly(current(person))).status).toBe(200);
      const others = await statuses({ ...person, headers: person.headers.slice(1) });
      late += others.filter((status) => status !== 401).length;
      running = false;
      await Promise.all(asking);
      refused += (await statusAt(nodes[1], current(person))) === 200 ? 0 : 1;
    });
    expect({ late, refused }).toEqual({ late: 0, refused: 0 });
  });

  it('tells the others that their person signed out, and not that the organisation did', async () => {
    const [person] = (await plant(held, 1, 2)) as [Person];
    await keepOnly(current(person));
    const answer = await fetch(`${nodes[0]}/api/users/me`, { headers: person.headers[1] as Record<string, string> });
    expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'session_ended' }]);
    await byIdp(person);
    const after = await fetch(`${nodes[0]}/api/users/me`, { headers: current(person) });
    expect([after.status, await after.json()]).toMatchObject([401, { code: 'session_revoked' }]);
  });

  it('is left alone at most, when many ask at the same moment', async () => {
    for (const person of await plant(held, 40, 5)) {
      await Promise.all(person.headers.map((headers, index) => keepOnly(headers, nodes[index % 2])));
      const alive = (await Promise.all(person.headers.map((headers) => statusAt(nodes[0], headers)))).filter(
        (status) => status === 200,
      );
      expect(alive.length).toBeLessThanOrEqual(1);
    }
  });

  it('dies at the same moment as a revocation by the identity provider on another node, in 200 trials', async () => {
    let survivors = 0;
    let kept = 0;
    await inParallel(await plant(held, 200, 2), 4, async (person) => {
      const keeping = pause(3).then(() => keepOnly(current(person)));
      await pause(3);
      await byIdp(person);
      // From here on nothing of theirs may get in, also while the other request still runs.
      survivors += (await statuses(person)).filter((status) => status !== 401).length;
      kept += (await keeping).status === 200 ? 1 : 0;
      survivors += (await statuses(person)).filter((status) => status !== 401).length;
    });
    expect(survivors).toBe(0);
    // Many requests came in before they were dead: it was a race.
    expect(kept).toBeGreaterThan(20);
  });

  it.each([
    ['before it', [keepOnly, byIdp]],
    ['behind it', [byIdp, keepOnly]],
  ] as const)('dies when it waits for the same row right %s', async (_where, order) => {
    for (const person of await plant(held, 10, 2)) {
      const both: Promise<unknown>[] = [];
      await whileLocked(product, lockUser(person), async () => {
        for (const [index, step] of order.entries()) {
          both.push(step === byIdp ? byIdp(person) : keepOnly(current(person)));
          await waitForLock(product, index + 1);
        }
      });
      await Promise.all(both);
      expect(await statuses(person)).toEqual([401, 401, 401, 401]);
    }
  });

  it('dies at the same moment as a sign-out of the whole organisation on another node, in 200 trials', async () => {
    let survivors = 0;
    let kept = 0;
    for (let round = 0; round < 20; round += 1) {
      const people = await plant(held, 10, 2);
      const keeping = people.map((person) => pause(10).then(() => keepOnly(current(person))));
      await pause(10);
      await everyone();
      for (const person of people) survivors += (await statuses(person)).filter((status) => status !== 401).length;
      kept += (await Promise.all(keeping)).filter(({ status }) => status === 200).length;
      for (const person of people) survivors += (await statuses(person)).filter((status) => status !== 401).length;
    }
    expect(survivors).toBe(0);
    expect(kept).toBeGreaterThan(20);
  });

  it('dies when that sign-out commits while it waits for the row', async () => {
    const [person] = (await plant(held, 1, 2)) as [Person];
    let keeping: Promise<Response> | undefined;
    await whileLocked(product, lockUser(person), async () => {
      keeping = keepOnly(current(person));
      await waitForLock(product);
      await everyone();
      expect(await statuses(person)).toEqual([401, 401, 401, 401]);
    });
    expect((await keeping)?.status).toBe(200);
    expect(await statuses(person)).toEqual([401, 401, 401, 401]);
  });
});

describe('a sign-in under way', () => {
  const keepOnlyOf = async (browser: ReturnType<typeof createBrowser>) => {
    const answer = await browser.post('/api/users/me/sessions/revoke', { json: { keepCurrent: true } });
    expect(answer.status).toBe(200);
  };

  it.each(['at the IdP', 'before the callback'])('does not complete when it stands %s (20 trials)', async (point) => {
    let survivors = 0;
    const own = await product.signIn();
    for (let trial = 0; trial < 20; trial += 1) {
      const browser = createBrowser({ baseUrl: product.url });
      const step = await browser.beginSignIn({ appUrl: product.url, org: 'whiterabbit' });
      const callbackUrl = point === 'at the IdP' ? null : await browser.submitLogin(step, trinity);
      await keepOnlyOf(own);
      await browser.finish(callbackUrl ?? (await browser.submitLogin(step, trinity)));
      if ((await browser.get('/api/users/me')).status === 200) survivors += 1;
      expect((await own.get('/api/users/me')).status).toBe(200);
    }
    expect(survivors).toBe(0);
  });

  it('does not complete when it stands between its reading and its insert (20 trials)', async () => {
    let survivors = 0;
    await letSignInsWait(product);
    const own = await product.signIn();
    for (let trial = 0; trial < 20; trial += 1) {
      const browser = createBrowser({ baseUrl: product.url });
      const step = await browser.beginSignIn({ appUrl: product.url, org: 'whiterabbit' });
      const callbackUrl = await browser.submitLogin(step, trinity);
      let finishing: Promise<unknown> = Promise.resolve();
      await whileLocked(product, atTheirInsert, async () => {
        finishing = browser.get(callbackUrl);
        await waitForLock(product);
        await keepOnlyOf(own);
      });
      await finishing;
      if ((await browser.get('/api/users/me')).status === 200) survivors += 1;
    }
    expect(survivors).toBe(0);
    expect((await own.get('/api/users/me')).status).toBe(200);
  });
});
