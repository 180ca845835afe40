import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createContext } from '../../src/context.ts';
import { createRoutePatterns } from '../../src/metrics/route-patterns.ts';
import { startServer } from '../../src/server.ts';
import { provision } from '../scim/support.ts';
import { startTestPostgres } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { whileLocked } from '../support/locks.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';

const token = 'a-token-that-only-the-tests-know';
const name = (of: string) => `universal_logout_${of}`;

let product: Product;
beforeAll(async () => {
  product = await startProduct({ env: { METRICS_TOKEN: token } });
});
afterAll(() => product.stop());

/** The samples of a scrape: `name{labels}` and its value. */
async function scrape(at = product.url, authorization: string | undefined = `Bearer ${token}`) {
  const response = await fetch(`${at}/metrics`, { headers: { ...(authorization && { authorization }) } });
  const text = await response.text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const samples = new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
  return { status: response.status, headers: response.headers, text, samples };
}
const sampleOf = async (sample: string) => (await scrape()).samples.get(name(sample)) ?? 0;

/** By how much a sample grows. */
async function growth(sample: string, work: () => Promise<unknown>): Promise<number> {
  const before = await sampleOf(sample);
  await work();
  return (await sampleOf(sample)) - before;
}

describe('a revocation within a larger change', () => {
  it('counts once it has happened, not where the change came to nothing', async () => {
    const scim = await provision(product);
    const { id } = await scim.user('undone@whiterabbit.fake');
    const group = (await scim.post('/Groups', { displayName: 'Held', members: [{ value: id }] })).body;
    const sample = 'revocations_total{initiator="scim",result="revoked"}';
    const undone = await growth(sample, () =>
      whileLocked(
        product,
        (blocker) => blocker.query('SELECT FROM groups WHERE id = $1 FOR UPDATE', [group.id]),
        async () => {
          expect((await scim.remove(`/Users/${id}`)).status).toBe(503);
        },
      ),
    );
    expect(undone).toBe(0);
    const done = await growth(sample, async () => expect((await scim.remove(`/Users/${id}`)).status).toBe(204));
    expect(done).toBe(1);
  });
});

describe('/metrics', () => {
  it('is in the text format of Prometheus, for whoever has the token', async () => {
    const { status, headers, text, samples } = await scrape();
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/plain; .*version=0\.0\.4/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(samples.get(name('process_resident_memory_bytes'))).toBeGreaterThan(1e6);
    for (const line of text.split('\n').filter((line) => line !== '' && !line.startsWith('#')))
      expect(line).toMatch(/^universal_logout_/);
  });

  it.each([
    ['none', undefined],
    ['another', 'Bearer another-token-of-the-same-sort!'],
    ['one that is longer', `Bearer ${token}x`],
    ['one that is shorter', `Bearer ${token.slice(0, -1)}`],
    ['one of another scheme', `Basic ${token}`],
    ['an API key', 'Bearer ul_whatever'],
  ])('answers 401 to %s', async (_name, authorization) => {
    const response = await fetch(`${product.url}/metrics`, { headers: { ...(authorization && { authorization }) } });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/^Bearer realm="metrics"/),
    ]);
    expect(await response.text()).not.toContain('universal_logout_');
    expect((await fetch(`${product.url}/metrics?access_token=${token}`)).status).toBe(401);
  });

  it('does not exist where no token is set', async () => {
    const port = await freePort();
    const { METRICS_TOKEN: _token, ...env } = { ...product.env, PORT: String(port) } as Record<string, string>;
    const node = await startServer(createContext(loadConfig(env, 'development')));
    try {
      for (const authorization of [undefined, `Bearer ${token}`])
        expect((await scrape(`http://localhost:${port}`, authorization)).status).toBe(404);
    } finally {
      await node.stop();
    }
  });
});

describe('what is counted', () => {
  it('revocations by initiator and result, with how long they took', async () => {
    const revoked = 'revocations_total{initiator="idp",result="revoked"}';
    expect(await growth(revoked, () => product.revoke())).toBe(1);
    const unknown = 'revocations_total{initiator="idp",result="unknown"}';
    expect(await growth(unknown, () => product.revoke({ format: 'opaque', id: 'usr_nobody' }))).toBe(1);
    expect(await growth('revocation_duration_seconds_count', () => product.revoke())).toBe(1);
    const owner = await plantAdministrator(product, 'owner');
    const people = await plantUsers(product, 3);
    const everyone = async () => {
      const body = { users: people.map(({ id }) => id) };
      const first = await owner.send('POST', '/revocations', body);
      const second = await owner.send('POST', '/revocations', { ...body, confirmation: first.body.confirmation });
      expect(second.status).toBe(200);
    };
    expect(await growth('revocations_total{initiator="admin",result="revoked"}', everyone)).toBe(3);
  });

  it('sign-ins by result', async () => {
    expect(await growth('sign_ins_total{result="succeeded"}', () => product.signIn())).toBe(1);
    const refused = () => fetch(`${product.url}/openid/callback/whiterabbit?state=x&code=y`);
    expect(await growth('sign_ins_total{result="refused"}', refused)).toBe(1);
  });

  it('live sessions and grants: those alone, as they were within the last minute', async () => {
    // On a node that hasn't counted yet.
    const port = await freePort();
    const env = { ...product.env, PORT: String(port) } as Record<string, string>;
    const people = await plantUsers(product, 5, { sessions: 2 });
    await product.revoke({ format: 'opaque', id: people[0]?.id });
    const { rows } = await product.context.pool.query('SELECT count(*)::int AS live FROM live_sessions');
    const node = await startServer(createContext(loadConfig(env, 'development')));
    try {
      const { samples } = await scrape(`http://localhost:${port}`);
      expect(samples.get(name('live_sessions'))).toBe(rows[0].live);
      expect(samples.get(name('live_grants'))).toBe(0);
      await plantUsers(product, 5);
      expect((await scrape(`http://localhost:${port}`)).samples.get(name('live_sessions'))).toBe(rows[0].live);
    } finally {
      await node.stop();
    }
  });

  it('what waits in the outbox, and for how long', async () => {
    const { id } = product.orgs.whiterabbit;
    const untilEmpty = () => expect.poll(() => sampleOf('outbox_pending'), { timeout: 20_000 }).toBe(0);
    await untilEmpty();
    const empty = await scrape();
    expect(empty.samples.get(name('outbox_oldest_age_seconds'))).toBe(0);
    // The relay waits for its turn at the org's feed; until then what it has taken is there.
    const hold = `INSERT INTO notification_feeds (org_id) VALUES ('${id}') ON CONFLICT (org_id) DO UPDATE SET org_id = excluded.org_id`;
    await whileLocked(
      product,
      (blocker) => blocker.query(hold),
      async () => {
        await product.context.pool.query(
          `INSERT INTO audit_events (org_id, id, action, actor_type)
             SELECT '${id}', 'evt_waiting_' || n, 'api_key.created', 'operator' FROM generate_series(1, 3) n;
           UPDATE outbox SET at = now() - interval '1 minute' WHERE event_id = 'evt_waiting_1'`,
        );
        const { samples } = await scrape();
        expect(samples.get(name('outbox_pending'))).toBe(3);
        expect(samples.get(name('outbox_oldest_age_seconds'))).toBeGreaterThanOrEqual(60);
      },
    );
    await untilEmpty();
  });

  it('jobs that wait, and for how long', async () => {
    const before = await sampleOf('jobs_pending');
    // Of a task that no worker knows: it stays.
    await product.context.pool.query(
      `SELECT graphile_worker.add_job('nobodys', run_at => now() - make_interval(mins => n), max_attempts => 5) FROM generate_series(1, 2) n`,
    );
    const { samples } = await scrape();
    expect(samples.get(name('jobs_pending'))).toBe(before + 2);
    expect(samples.get(name('jobs_lag_seconds'))).toBeGreaterThanOrEqual(120);
  });

  it('deliveries that are dead, until they are sent again', async () => {
    const { pool } = product.context;
    const dead = () => sampleOf('deliveries_dead');
    const before = await dead();
    await pool.query(
      `INSERT INTO deliveries (org_id, id, channel, kinds, status)
       SELECT $1, 'dlv_dead_' || n, 'email', '{}', CASE WHEN n = 3 THEN 'delivered' ELSE 'dead' END
       FROM generate_series(1, 3) n`,
      [product.orgs.whiterabbit.id],
    );
    expect(await dead()).toBe(before + 2);
    await pool.query(`DELETE FROM deliveries WHERE id = 'dlv_dead_1'`);
    expect(await dead()).toBe(before + 1);
  });

  it('connections of the pool', async () => {
    const { samples } = await scrape();
    expect(samples.get(name('database_connections{pool="access",state="total"}'))).toBeGreaterThan(0);
    expect(samples.get(name('database_connections{pool="access",state="waiting"}'))).toBe(0);
    expect(samples.get(name('database_up'))).toBe(1);
  });

  it('requests by documented route and class of status, whatever they ask for', async () => {
    const of = (route: string, status: string, method = 'GET') =>
      `http_request_duration_seconds_count{method="${method}",route="${route}",status="${status}"}`;
    const get = (path: string, init?: RequestInit) => async () => {
      await (await fetch(product.url + path, init)).text();
    };
    expect(await growth(of('/api/orgs/current/users/{id}', '4xx'), get('/api/orgs/current/users/usr_1?x=y'))).toBe(1);
    expect(await growth(of('other', '4xx'), get(`/${crypto.randomUUID()}`))).toBe(1);
    expect(await growth(of('other', '4xx'), get(`/a/${crypto.randomUUID()}/c`))).toBe(1);
    const ofAnyOrg = '/.well-known/openid-configuration';
    const issuer = `/orgs/${product.orgs.whiterabbit.id}`;
    expect(await growth(of(`/orgs/{org}${ofAnyOrg}`, '2xx'), get(`${issuer}${ofAnyOrg}`))).toBe(1);
    expect(
      await growth(of('/orgs/{org}/oauth/token', '4xx', 'POST'), get(`${issuer}/oauth/token`, { method: 'POST' })),
    ).toBe(1);
    expect(await growth(of('/healthz', '2xx', 'HEAD'), get('/healthz', { method: 'HEAD' }))).toBe(1);
    expect(await growth(of('/healthz', '4xx', 'other'), get('/healthz', { method: 'PROPFIND' }))).toBe(1);
    expect(await growth(of('/global-token-revocation', '2xx', 'POST'), () => product.revoke())).toBe(1);
  });

  it('names no org, no person and no id', async () => {
    await product.revoke();
    await fetch(`${product.url}/openid/callback/whiterabbit?state=x`);
    const { text } = await scrape();
    const { id, userId, connectionId } = product.orgs.whiterabbit;
    for (const personal of ['whiterabbit', trinity.email, 'Trinity', id, userId, connectionId, '127.0.0.1'])
      expect(text).not.toContain(personal);
  });
});

it('while the database is away, the rest is still told', async () => {
  const postgres = await startTestPostgres();
  const away = await startProduct({ databaseUrl: postgres.url, env: { METRICS_TOKEN: token } });
  try {
    expect((await scrape(away.url)).samples.get(name('database_up'))).toBe(1);
    await postgres.kill();
    const { status, samples } = await scrape(away.url);
    expect([status, samples.get(name('database_up')), samples.has(name('live_sessions'))]).toEqual([200, 0, false]);
    expect(samples.has(name('process_cpu_seconds_total'))).toBe(true);
    await postgres.restart();
    expect((await scrape(away.url)).samples.get(name('database_up'))).toBe(1);
  } finally {
    await away.stop();
    await postgres.stop();
  }
});

describe('the pattern of an address', () => {
  const patternOf = createRoutePatterns(['/', '/users/{id}', '/users/me', '/users/{id}/x', '/openid/start/{org}']);
  it.each([
    ['/', '/'],
    ['/?a=/users/me', '/'],
    ['/users/me', '/users/me'],
    ['/users/me/', '/users/me'],
    ['/users/5', '/users/{id}'],
    ['/users/', 'other'],
    ['/users//x', 'other'],
    ['/users/5/y', 'other'],
    ['/users/{id}', '/users/{id}'],
    ['/assets/a/b.js?v=1', '/assets'],
    ['//', 'other'],
    ['', 'other'],
  ])('%s is %s', (address, pattern) => {
    expect(patternOf(address)).toBe(pattern);
  });
});
