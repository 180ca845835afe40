import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { loadConfig } from '../../src/config.ts';
import { revokeAccess, revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { judgeFreshness } from '../../src/sign-in/freshness.ts';
import type { VerifiedSignIn } from '../../src/sign-in/id-token.ts';

import { createBrowser } from '../support/browser.ts';
import { type SignInBed, startSignInBed } from './support.ts';

/** Tenths of a second: every position within a second is played. */
const tenths = Array.from({ length: 10 }, (_, index) => index / 10);
const epoch = 1_796_000_000;
const { settleSeconds } = loadConfig(
  {
    DATABASE_URL: 'postgresql://x',
    PUBLIC_URL: 'http://localhost',
    SESSION_SECRETS: 'x'.repeat(32),
    ENCRYPTION_KEYS: Buffer.alloc(32).toString('base64'),
  },
  'development',
);

type Played = {
  /** Real moments, on our clock. */
  revoked: number;
  started: number;
  authenticated: number;
  /** Seconds that the exchange takes; the IdP issues the token in its midst. */
  exchange: number;
  answered: number;
  offset: number;
};

function judge({ revoked, started, authenticated, exchange, answered, offset }: Played) {
  const claims = { auth_time: Math.floor(authenticated + offset) } as VerifiedSignIn['claims'];
  const issuedAt = Math.floor(answered - exchange / 2 + offset);
  const verified = { claims, role: null, idToken: '', accessToken: null, issuedAt, elapsed: answered - started };
  const standing = {
    active: true,
    userGeneration: 1,
    orgGeneration: 0,
    orgAsAtStart: true,
    revocations: [{ at: revoked, visible: true }],
    signedInSince: false,
  };
  const state = { prompted: true, anew: false, startedAt: started };
  return judgeFreshness({ standing, verified, reauthentication: 'verified', state, settleSeconds });
}

describe.each([-86_400, -90, 0, 90])('with the IdP’s clock %i s ahead, whatever part of a second it is', (offset) => {
  const moments = tenths.flatMap((tenth) => tenths.map((part) => ({ revoked: epoch + tenth, offset: offset + part })));

  test('who authenticates after the start is never sent back', () => {
    const verdicts = moments.flatMap((at) =>
      tenths.flatMap((wait) =>
        tenths.flatMap((typing) =>
          [0, 0.2, 1].map((exchange) => {
            const started = at.revoked + settleSeconds + wait;
            const authenticated = started + typing;
            return judge({ ...at, started, authenticated, exchange, answered: authenticated + exchange });
          }),
        ),
      ),
    );
    expect(verdicts.length).toBe(30_000);
    expect(verdicts.filter((verdict) => verdict !== 'fresh')).toEqual([]);
  });

  test('who authenticated before the revocation never passes', () => {
    const verdicts = moments.flatMap((at) =>
      [0, ...tenths].flatMap((wait) =>
        Array.from({ length: 60 }, (_, index) => index / 10).flatMap((before) =>
          [0, 0.2, 1].flatMap((exchange) =>
            [0, 2].map((slow) => {
              const started = at.revoked + settleSeconds + wait;
              // The IdP issues the token in the midst of the exchange.
              const authenticated = at.revoked - before - exchange / 2 - 0.001;
              return judge({ ...at, started, authenticated, exchange, answered: started + exchange + slow });
            }),
          ),
        ),
      ),
    );
    expect(verdicts.filter((verdict) => verdict === 'fresh')).toEqual([]);
  });

  test('a start that came too early proves nothing', () => {
    const started = epoch + settleSeconds - 0.1;
    const answer = { authenticated: started + 1, exchange: 0.2, answered: started + 1.2 };
    expect(judge({ revoked: epoch, started, offset, ...answer })).toBe('stale');
  });
});

describe('at an identity provider that lets people in by their session, whatever it is told', () => {
  let bed: SignInBed;
  let userId = '';
  beforeAll(async () => {
    bed = await startSignInBed({ settleSeconds });
    const { me: first } = await bed.attempt();
    userId = String(first.json().id);
  });
  afterAll(() => bed?.stop());
  afterEach(async () => {
    bed.hostile.reset();
    await longAgo();
  });

  const operator = { initiator: 'operator', by: byOperator } as const;
  const newBrowser = () => createBrowser({ baseUrl: bed.url });
  const now = () => Math.floor(Date.now() / 1000);
  const me = async (browser: ReturnType<typeof newBrowser>) => (await browser.get('/api/users/me')).status;
  const revoke = () => revokeAccess(bed.pool, { orgId: bed.org.id, ...operator, subject: { userIds: [userId] } });
  const longAgo = async () => {
    for (const table of ['users', 'orgs', 'released_names'])
      await bed.pool.query(`UPDATE ${table} SET revoked_at = revoked_at - interval '10 minutes'`);
  };

  async function attemptWith(claims: Record<string, unknown>) {
    bed.hostile.requests.length = 0;
    bed.hostile.setIdToken({ claims });
    const { me: after } = await bed.attempt();
    const rounds = bed.hostile.requests.filter(({ endpoint }) => endpoint === 'authorize').length;
    return { me: after.status, rounds };
  }

  /** A sign-in by a session that began so many seconds before the revocation, right after it. */
  async function earlier(revokeSomehow: () => Promise<unknown>, seconds: number) {
    bed.hostile.setIdToken({ claims: { auth_time: bed.hostile.now() - seconds } });
    await revokeSomehow();
    const browser = newBrowser();
    const asked = await browser.get(await bed.begin(browser));
    return { browser, asked };
  }

  // LemonLDAP::NG leaves the prompt out for sessions of at most five seconds, so the second round
  // tells the same.
  test.each([
    [-90, 0],
    [0, 0],
    [0, 1],
    [55, 2],
  ])('where its clock is %i s ahead, a session of %i s before the revocation isn’t enough', async (offset, seconds) => {
    bed.hostile.setClock(offset);
    const { browser, asked } = await earlier(revoke, seconds);
    expect([asked.status, await me(browser)]).toEqual([302, 401]);
    expect(new URL(asked.headers.get('location') ?? '').searchParams.get('prompt')).toBe('login');
    // Who authenticates after it is in at once.
    expect(await attemptWith({})).toMatchObject({ me: 200, rounds: 1 });
  });

  test.each([
    ['the org’s', () => revokeOrgAccess(bed.pool, { orgId: bed.org.id, ...operator })],
    ['that of a name they had', releaseAddress],
  ])('each revocation counts: %s too', async (_which, revokeOtherwise) => {
    await revoke();
    await longAgo();
    const { browser, asked } = await earlier(revokeOtherwise, 1);
    expect([asked.status, await me(browser)]).toEqual([302, 401]);
    // A name that is free again is in no org's list of revocations: the second round waits.
    expect((await attemptWith({})).me).toBe(200);
  });

  test('a start right after a revocation waits for it to settle, of another org it does not', async () => {
    await revoke();
    const waited = async (org: string) => {
      const begin = performance.now();
      await newBrowser().get(`/openid/start/${org}`);
      return (performance.now() - begin) / 1000;
    };
    const [own, others] = await Promise.all([waited('hostile'), waited('whiterabbit')]);
    expect(own).toBeGreaterThan(settleSeconds - 1);
    expect(others).toBeLessThan(own);
  });

  test('an IdP whose clock is a day behind lets nobody in, revoked or not', async () => {
    bed.hostile.setClock(-86_400);
    expect(await attemptWith({})).toMatchObject({ me: 401 });
    expect((await bed.refusals()).at(-1)).toBe('id_token_invalid');
  });

  test.each([-86_400, -90, 90])(
    'a Date header of another clock (%i s ahead of the tokens’) lets nobody in by a session of before',
    async (dateOffset) => {
      bed.hostile.setClock(0, dateOffset);
      await revoke();
      expect(await attemptWith({ auth_time: now() - 10 })).toMatchObject({ me: 401, rounds: 2 });
    },
  );

  test.each([-86_400, -90, 1_000, 86_400])(
    'a Date header that can’t be of the tokens’ clock (%i s ahead) keeps nobody out',
    async (dateOffset) => {
      bed.hostile.setClock(0, dateOffset);
      await revoke();
      expect(await attemptWith({})).toMatchObject({ me: 200, rounds: 1 });
    },
  );

  /** The address was another person's, whose revocation goes with it. */
  async function releaseAddress() {
    await bed.pool.query(
      `INSERT INTO released_names (org_id, name, revoked_xid, revoked_at)
       VALUES ($1, released_name('email mallory@hostile.fake'), pg_current_xact_id(), clock_timestamp())
       ON CONFLICT (org_id, name) DO UPDATE SET revoked_xid = excluded.revoked_xid, revoked_at = excluded.revoked_at`,
      [bed.org.id],
    );
  }
});
