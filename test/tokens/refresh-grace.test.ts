import type { PoolClient } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sweepTokens } from '../../src/tokens/sweep.ts';
import type { Browser } from '../support/browser.ts';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { type Product, startProduct } from '../support/product.ts';
import { api, codeOf, exchange, grantsOf, post, refresh, startOf, type TokenAnswer, tokensOf } from './support.ts';

let product: Product;
let browser: Browser;
beforeAll(async () => {
  product = await startProduct();
  browser = await product.signIn();
});
afterAll(() => product.stop());
afterEach(() => setGrace(10));

const setGrace = (seconds: number) =>
  product.context.prisma.org.update({
    where: { id: product.orgs.whiterabbit.id },
    data: { refreshGraceSeconds: seconds },
  });
/** Moves the first uses of a grant's tokens into the past, as if so much time had gone by. */
const goBack = (grantId: string, seconds: number) =>
  withoutRules(`UPDATE tokens SET consumed_at = consumed_at - make_interval(secs => $2) WHERE grant_id = $1`, [
    grantId,
    seconds,
  ]);
/** Triggers keep a token's first use. */
async function withoutRules(sql: string, values: unknown[]): Promise<void> {
  const client = await product.context.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('ALTER TABLE tokens DISABLE TRIGGER tokens_stay_consumed');
    await client.query(sql, values);
    await client.query('ALTER TABLE tokens ENABLE TRIGGER tokens_stay_consumed');
  } finally {
    await client.query('COMMIT');
    client.release();
  }
}

/** A sign-in of an app, with the grant's id. */
async function begin() {
  const tokens = await tokensOf(product, {}, browser);
  const grantId = (await grantsOf(product)).at(-1)?.id as string;
  return { token: tokens.refresh_token as string, grantId };
}
const asking = (token: string, scope: string) =>
  post(product, '/oauth/token', { grant_type: 'refresh_token', refresh_token: token, client_id: 'mobile-app', scope });

function taken(answer: TokenAnswer): string {
  expect([answer.status, answer.body.error]).toEqual([200, undefined]);
  return answer.body.refresh_token as string;
}
const isAlive = async (grantId: string) =>
  (await product.context.pool.query('SELECT FROM live_grants WHERE id = $1', [grantId])).rowCount === 1;

/** The use was one too many: nothing of the grant is left, and the record says why. */
async function expectEnded(answer: TokenAnswer, grantId: string): Promise<void> {
  expect([answer.status, answer.body.error]).toEqual([400, 'invalid_grant']);
  expect(await isAlive(grantId)).toBe(false);
  const event = await product.context.prisma.auditEvent.findFirstOrThrow({
    where: { action: 'grant.ended', targetId: grantId },
  });
  expect(event).toMatchObject({ actorType: 'system', detail: { reason: 'token_used_twice', client: 'mobile-app' } });
}

/** Lets as many requests as there are arrive while the grant is locked: none sees another's work. */
async function atOnce(grantId: string, asks: readonly (() => Promise<TokenAnswer>)[]): Promise<TokenAnswer[]> {
  let answers: Promise<TokenAnswer[]> = Promise.resolve([]);
  const lock = (blocker: PoolClient) => blocker.query('SELECT FROM grants WHERE id = $1 FOR UPDATE', [grantId]);
  await whileLocked(product, lock, async () => {
    answers = Promise.all(asks.map((ask) => ask()));
    await waitForLock(product, asks.length);
  });
  return answers;
}

describe('a refresh token that is used again within the grace', () => {
  it('gives the app that lost the answer another one, and every access token works', async () => {
    const { token, grantId } = await begin();
    const answers = [await refresh(product, token), await refresh(product, token), await refresh(product, token)];
    expect(new Set(answers.map(taken)).size).toBe(3);
    for (const { body } of answers) expect((await api(product, body.access_token)).status).toBe(200);
    expect(await isAlive(grantId)).toBe(true);
  });

  it.each([2, 3])('gives %i tabs that ask at once a successor each', async (tabs) => {
    const { token, grantId } = await begin();
    const answers = await atOnce(
      grantId,
      Array(tabs).fill(() => refresh(product, token)),
    );
    expect(new Set(answers.map(taken)).size).toBe(tabs);
    expect(await isAlive(grantId)).toBe(true);
  });

  it.each([4, 5])('gives three successors at most: of %i at once the fourth ends the grant', async (tabs) => {
    const { token, grantId } = await begin();
    const answers = await atOnce(
      grantId,
      Array(tabs).fill(() => refresh(product, token)),
    );
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(3);
    const refused = answers.filter(({ status }) => status === 400);
    await expectEnded(refused[0] as TokenAnswer, grantId);
    for (const { status, body } of answers)
      if (status === 200) expect((await api(product, body.access_token)).status).toBe(401);
  });

  it('ends the grant at the fourth use in a row', async () => {
    const { token, grantId } = await begin();
    for (let use = 0; use < 3; use += 1) taken(await refresh(product, token));
    await expectEnded(await refresh(product, token), grantId);
  });

  it('belongs to its app: another one gets nothing, and ends nothing', async () => {
    const { token, grantId } = await begin();
    const successor = taken(await refresh(product, token));
    const foreign = await refresh(product, token, { clientId: 'browser-extension' });
    expect([foreign.status, foreign.body.error]).toEqual([400, 'invalid_grant']);
    expect(await isAlive(grantId)).toBe(true);
    taken(await refresh(product, successor));
  });

  // RFC 6749 §6: a request that names no scope asks for all that the token has.
  it('is for the scope of the first use, in any order; no scope is the whole scope', async () => {
    const { token } = await begin();
    expect((await asking(token, 'openid email')).body.scope).toBe('openid email');
    taken(await asking(token, 'email openid'));

    const whole = await begin();
    taken(await refresh(product, whole.token));
    taken(await asking(whole.token, 'offline_access profile email openid'));
    const named = await begin();
    taken(await asking(named.token, 'offline_access profile email openid'));
    taken(await refresh(product, named.token));
  });

  it.each([
    ['another', (token: string) => asking(token, 'openid profile')],
    ['a narrower', (token: string) => asking(token, 'openid')],
    ['the whole', (token: string) => refresh(product, token)],
  ])('ends the grant where it asks for %s scope', async (_which, again) => {
    const { token, grantId } = await begin();
    taken(await asking(token, 'openid email'));
    await expectEnded(await again(token), grantId);
  });

  it('ends the grant once the grace is over', async () => {
    const { token, grantId } = await begin();
    taken(await refresh(product, token));
    taken(await refresh(product, token));
    await goBack(grantId, 10);
    await expectEnded(await refresh(product, token), grantId);
  });

  it('counts the grace from the first use', async () => {
    await setGrace(60);
    const { token, grantId } = await begin();
    taken(await refresh(product, token));
    await goBack(grantId, 30);
    taken(await refresh(product, token));
    await goBack(grantId, 30);
    await expectEnded(await refresh(product, token), grantId);
  });

  it('ends the grant where the organisation has no grace, also when two ask at once', async () => {
    await setGrace(0);
    const first = await begin();
    taken(await refresh(product, first.token));
    await expectEnded(await refresh(product, first.token), first.grantId);

    const second = await begin();
    const answers = await atOnce(
      second.grantId,
      Array(2).fill(() => refresh(product, second.token)),
    );
    // The grant may end before the first has its answer.
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    expect(await isAlive(second.grantId)).toBe(false);
  });
});

it('a refresh token is strict where the first use has the later moment: it waited less', async () => {
  await setGrace(0);
  const { token, grantId } = await begin();
  await product.context.pool.query(
    `UPDATE tokens SET consumed_at = now() + interval '1 minute', uses = 1, used_scope = ''
     WHERE kind = 'RefreshToken' AND grant_id = $1`,
    [grantId],
  );
  await expectEnded(await refresh(product, token), grantId);
});

describe('of several successors', () => {
  it('the one that is used first counts, and a later use of a sibling ends the grant', async () => {
    const { token, grantId } = await begin();
    const [used, sibling] = [taken(await refresh(product, token)), taken(await refresh(product, token))];
    const introspect = async (which: string) =>
      (await post(product, '/oauth/introspect', { token: which, client_id: 'mobile-app' })).body.active;
    expect([await introspect(used), await introspect(sibling)]).toEqual([true, true]);
    const next = await refresh(product, used);
    expect([await introspect(taken(next)), await introspect(sibling)]).toEqual([true, false]);
    // The sibling's own access token is the grant's, and lives on.
    expect((await api(product, next.body.access_token)).status).toBe(200);
    await expectEnded(await refresh(product, sibling), grantId);
    expect((await api(product, next.body.access_token)).status).toBe(401);
  });

  it('the use of one ends the grace of what came before it', async () => {
    const { token, grantId } = await begin();
    const successor = taken(await refresh(product, token));
    taken(await refresh(product, successor));
    await expectEnded(await refresh(product, token), grantId);
  });

  it('the used one has a grace of its own', async () => {
    const { token, grantId } = await begin();
    const successor = taken(await refresh(product, token));
    taken(await refresh(product, token));
    const next = [taken(await refresh(product, successor)), taken(await refresh(product, successor))];
    taken(await refresh(product, next[1] as string));
    expect(await isAlive(grantId)).toBe(true);
    await expectEnded(await refresh(product, next[0] as string), grantId);
  });

  it('one gets on where two are used at once, and the other ends the grant', async () => {
    const { token, grantId } = await begin();
    const successors = [taken(await refresh(product, token)), taken(await refresh(product, token))];
    const answers = await atOnce(
      grantId,
      successors.map((successor) => () => refresh(product, successor)),
    );
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    expect(await isAlive(grantId)).toBe(false);
  });

  // The successor of the second use isn't in the snapshot of the first successor's.
  it.each(['the second use first', 'the successor first'])(
    'one family goes on where one is used while another is being made, %s',
    async (order) => {
      const { token, grantId } = await begin();
      const first = taken(await refresh(product, token));
      const asks = [() => refresh(product, token), () => refresh(product, first)];
      if (order === 'the successor first') asks.reverse();
      const answers = await atOnce(grantId, asks);
      const made = answers.filter(({ status }) => status === 200).map(taken);
      const families = [];
      for (const successor of made) families.push((await refresh(product, successor)).status);
      expect(families.filter((status) => status === 200).length).toBeLessThanOrEqual(1);
    },
  );

  it('all are told apart as long as one of them can be used', async () => {
    const { token, grantId } = await begin();
    // An older token, about to expire.
    const { pool } = product.context;
    await pool.query(`UPDATE tokens SET expires_at = now() + interval '1 second' WHERE grant_id = $1`, [grantId]);
    const [used, sibling] = [taken(await refresh(product, token)), taken(await refresh(product, token))];
    await pool.query(`UPDATE tokens SET expires_at = expires_at - interval '2 hours' WHERE grant_id = $1`, [grantId]);
    const client = await pool.connect();
    await sweepTokens(client).finally(() => client.release());
    taken(await refresh(product, used));
    await expectEnded(await refresh(product, sibling), grantId);
  });
});

it('a grace is the organisation’s own', async () => {
  await product.context.prisma.org.update({
    where: { id: product.orgs.metacortex.id },
    data: { refreshGraceSeconds: 0 },
  });
  const { token } = await begin();
  taken(await refresh(product, token));
  taken(await refresh(product, token));
});

it('a dead grant has no grace', async () => {
  const { token } = await begin();
  const successor = taken(await refresh(product, token));
  expect((await product.revoke()).status).toBe(204);
  for (const dead of [token, successor]) {
    const answer = await refresh(product, dead);
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_grant']);
  }
  browser = await product.signIn();
});

describe('a refresh that the database does not take', () => {
  /** Refuses to store access tokens, as a server without memory or room would. */
  async function whileAccessTokensFail(work: () => Promise<void>) {
    const { pool } = product.context;
    await pool.query(`
      CREATE OR REPLACE FUNCTION refuse_access_token() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE 'no room' USING ERRCODE = 'disk_full'; END $$;
      CREATE OR REPLACE TRIGGER tokens_refuse BEFORE INSERT ON tokens
        FOR EACH ROW WHEN (NEW.kind = 'AccessToken') EXECUTE FUNCTION refuse_access_token()`);
    try {
      await work();
    } finally {
      await pool.query('DROP TRIGGER tokens_refuse ON tokens');
    }
  }

  async function expectRetry(answer: TokenAnswer): Promise<void> {
    expect([answer.status, answer.body.error]).toEqual([503, 'temporarily_unavailable']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.body.error_description).toContain('try again');
  }

  // 0 seconds: a token that counts once isn't used up by a request that failed.
  it.each([10, 0])('may be sent again, however often it failed, with a grace of %i s', async (grace) => {
    await setGrace(grace);
    const { token, grantId } = await begin();
    await whileAccessTokensFail(async () => {
      for (let tries = 0; tries < 5; tries += 1) await expectRetry(await refresh(product, token));
    });
    const { body } = await refresh(product, token);
    expect((await api(product, body.access_token)).status).toBe(200);
    expect(await isAlive(grantId)).toBe(true);
  });

  it('may be sent again by two tabs, after one that lost its answer', async () => {
    const { token, grantId } = await begin();
    taken(await refresh(product, token));
    await whileAccessTokensFail(async () => {
      for (let tries = 0; tries < 2; tries += 1)
        await Promise.all(
          [refresh(product, token), refresh(product, token)].map(async (tab) => expectRetry(await tab)),
        );
    });
    const tabs = await Promise.all([refresh(product, token), refresh(product, token)]);
    expect(new Set(tabs.map(taken)).size).toBe(2);
    expect(await isAlive(grantId)).toBe(true);
  });

  it('is not like a code, which counts once: the app hears to begin anew', async () => {
    const started = startOf(product);
    const code = await codeOf(product, browser, started);
    await whileAccessTokensFail(async () => {
      const answer = await exchange(product, started, code);
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, null]);
      expect(answer.body.error_description).toContain('begin a new sign-in');
    });
  });

  it('leaves no successor behind', async () => {
    const { token, grantId } = await begin();
    await whileAccessTokensFail(async () => {
      await refresh(product, token);
    });
    const where = { grantId, kind: 'RefreshToken' };
    expect(await product.context.prisma.token.findMany({ where })).toMatchObject([{ uses: 0, consumedAt: null }]);
  });
});
