import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { findForm } from '../support/html-form.ts';
import { inParallel, plantUsers } from '../support/planted-sessions.ts';
import { type Product, startTwoNodes } from '../support/product.ts';
import { type Holding, type Kind, plantHoldings } from './planted-tokens.ts';
import { api, asksForYes, exchange, refresh, startOf, type TokenAnswer } from './support.ts';

let product: Product;
let nodes: [string, string];
beforeAll(async () => {
  ({ product, nodes } = await startTwoNodes());
});
afterAll(() => product.stop());

const kinds: Kind[] = ['AuthorizationCode', 'RefreshToken', 'DeviceCode'];
const clientOf = (kind: Kind) => (kind === 'DeviceCode' ? 'cli' : 'mobile-app');
const setGrace = (refreshGraceSeconds: number) =>
  product.context.prisma.org.updateMany({ data: { refreshGraceSeconds } });
const eitherNode = () => nodes[Math.random() < 0.5 ? 0 : 1] as string;

/** How many of what the answers hold still works, as an access token or as a refresh token. */
async function stillWorking(kind: Kind, answers: readonly TokenAnswer[]): Promise<number> {
  let working = 0;
  await inParallel(answers, 8, async ({ status, body }) => {
    if (status !== 200) return;
    if ((await api(product, body.access_token, { at: eitherNode() })).status !== 401) working += 1;
    if ((await refresh(product, body.refresh_token, { clientId: clientOf(kind), at: eitherNode() })).status !== 400)
      working += 1;
  });
  return working;
}

describe.each(kinds)('%s, presented at two nodes at once', (kind) => {
  // A refresh token has a grace, unless the organisation wants none.
  beforeAll(() => setGrace(0));
  afterAll(() => setGrace(10));

  it('is worth one answer at most, and never two families, 20 rounds', async () => {
    const holdings = await plantHoldings(product, kind, 20);
    const outcomes: number[] = [];
    for (const holding of holdings) {
      const answers = await Promise.all([0, 1, 0, 1].map((node) => holding.redeem(nodes[node] as string)));
      const won = answers.filter(({ status }) => status === 200);
      const lost = answers.filter(({ status }) => status !== 200);
      for (const { status, body } of lost) expect([status, body.error]).toEqual([400, 'invalid_grant']);
      outcomes.push(won.length);
      // It was used twice: nobody keeps anything of it.
      expect(await stillWorking(kind, won)).toBe(0);
    }
    expect(Math.max(...outcomes)).toBeLessThanOrEqual(1);
  });
});

it('RefreshToken, within its grace, is worth three answers at two nodes at once, and one family, 20 rounds', async () => {
  for (const holding of await plantHoldings(product, 'RefreshToken', 20)) {
    const answers = await Promise.all([0, 1, 0].map((node) => holding.redeem(nodes[node] as string)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const { body } of answers)
      expect((await api(product, body.access_token, { at: eitherNode() })).status).toBe(200);
    // All are used at once, as by tabs that share nothing.
    const next = await Promise.all(
      answers.map(({ body }, node) => refresh(product, body.refresh_token, { at: nodes[node % 2] as string })),
    );
    // Whoever came first may find the grant ended before there is an answer.
    expect(next.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    expect(await stillWorking('RefreshToken', [...answers, ...next])).toBe(0);
  }
});

// A refresh token also by two tabs at once.
const uses: [Kind, number][] = [...kinds.map((kind): [Kind, number] => [kind, 1]), ['RefreshToken', 2]];

describe.each(uses)('%s, in flight when access is revoked, asked for by %i at once', (kind, tabs) => {
  const trials = 1000 / tabs;

  it(`yields nothing that works afterwards: 0 of ${trials} when the person is revoked`, async () => {
    const holdings = await plantHoldings(product, kind, trials);
    const answers: TokenAnswer[] = [];
    // Milliseconds that a redemption takes here and now: the revocations are spread over that time.
    let usual = 8;
    await inParallel(holdings, 8, async (holding) => {
      const redeem = async () => {
        const began = performance.now();
        const redeemed = await Promise.all(Array.from({ length: tabs }, () => holding.redeem(eitherNode())));
        usual += (performance.now() - began - usual) / 10;
        return redeemed;
      };
      const revoke = () => product.revoke({ format: 'opaque', id: holding.userId }, { at: eitherNode() });
      const [redeemed, revoked] = await Promise.all([redeem(), pause(Math.random() * 1.5 * usual).then(revoke)]);
      expect(revoked.status).toBe(204);
      for (const { status } of redeemed) expect([200, 400]).toContain(status);
      answers.push(...redeemed);
    });
    expectBothOutcomes(answers);
    expect(await stillWorking(kind, answers)).toBe(0);
    expect(await liveTokens(holdings)).toBe(0);
  });

  it(`yields nothing that works afterwards: 0 of ${trials} when everyone is signed out`, async () => {
    const rounds = 20;
    const answers: TokenAnswer[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const holdings = await plantHoldings(product, kind, trials / rounds);
      let done = 0;
      const redeemed = inParallel(holdings, 16, async (holding) => {
        const redeemed = await Promise.all(Array.from({ length: tabs }, () => holding.redeem(eitherNode())));
        for (const { status } of redeemed) expect([200, 400]).toContain(status);
        answers.push(...redeemed);
        done += 1;
      });
      while (done < holdings.length / 3) await pause(1);
      const orgId = product.orgs.whiterabbit.id;
      await revokeOrgAccess(product.context.pool, { orgId, initiator: 'operator', by: byOperator });
      await redeemed;
      expect(await liveTokens(holdings)).toBe(0);
    }
    expectBothOutcomes(answers);
    expect(await stillWorking(kind, answers)).toBe(0);
  });

  /** A trial in which nobody ever won, or nobody ever lost, would have shown nothing. */
  function expectBothOutcomes(answers: readonly TokenAnswer[]): void {
    expect(answers).toHaveLength(1000);
    const won = answers.filter(({ status }) => status === 200).length;
    expect(won).toBeGreaterThan(20);
    expect(won).toBeLessThan(980);
    for (const { status, body } of answers) if (status === 400) expect(body.error).toBe('invalid_grant');
  }
});

it('a sign-in of an app that is under way when the person is revoked yields nothing that works, 200 trials', async () => {
  const users = await plantUsers(product, 200);
  const answers: TokenAnswer[] = [];
  let stopped = 0;
  await inParallel([...users.entries()], 8, async ([index, { id, cookies }]) => {
    const started = startOf({ url: eitherNode() });
    // Beside the first request, the second, the yes, …, the exchange, or after it.
    let step = 0;
    let revoked: Promise<unknown> | undefined;
    const next = () => {
      if (step === index % 6) revoked = product.revoke({ format: 'opaque', id }, { at: eitherNode() });
      step += 1;
    };
    const code = await codeByCookie(started.url, cookies[0] as string, started.redirectUri, next);
    if (code === null) {
      stopped += 1;
    } else {
      next();
      answers.push(await exchange(product, started, code, {}, eitherNode()));
      next();
    }
    expect(await revoked).toMatchObject({ status: 204 });
  });
  const won = answers.filter(({ status }) => status === 200);
  expect(answers.length + stopped).toBe(200);
  expect(won.length).toBeGreaterThan(0);
  expect(won.length).toBeLessThan(200);
  expect(await stillWorking('AuthorizationCode', answers)).toBe(0);
});

/**
 * Goes the way of a browser with this session from node to node; null if it ends elsewhere than at
 * the app.
 */
async function codeByCookie(
  url: string,
  session: string,
  redirectUri: string,
  onRequest: () => void,
): Promise<string | null> {
  const cookies = new Map([['session', session.slice('session='.length)]]);
  let next = new URL(url);
  let yes: { method: 'POST'; body: URLSearchParams } | null = null;
  for (let step = 0; step < 10; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    onRequest();
    const answer: Response = await fetch(next, { headers: { cookie }, redirect: 'manual', ...yes });
    const text = await answer.text();
    yes = null;
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name && value) cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null && asksForYes({ text })) {
      const { action, fields } = findForm(text, 'seal');
      yes = { method: 'POST', body: new URLSearchParams(fields) };
      next = new URL(action, eitherNode());
      continue;
    }
    if (location === null) return null;
    if (location.startsWith(redirectUri)) return new URL(location).searchParams.get('code');
    const to = new URL(location, next);
    next = new URL(`${to.pathname}${to.search}`, eitherNode());
  }
  return null;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the database itself would still let through. */
async function liveTokens(holdings: readonly Holding[]): Promise<number> {
  const { rows } = await product.context.pool.query<{ count: number }>(
    `SELECT count(*)::int FROM tokens t JOIN live_grants g ON g.org_id = t.org_id AND g.id = t.grant_id WHERE g.id = ANY ($1)`,
    [holdings.map((holding) => holding.grantId)],
  );
  return rows[0]?.count ?? -1;
}
