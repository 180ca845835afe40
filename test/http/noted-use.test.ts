import { afterAll, beforeAll, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { whileLocked } from '../support/locks.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

const query = (text: string, ...values: unknown[]) => product.context.pool.query(text, values);

/** A credential of each kind whose use is to be noted, and a request with it. */
const uses = {
  async 'an API key at the revocation endpoint'() {
    const orgId = product.orgs.whiterabbit.id;
    const { id, apiKey } = await product.context.apiKeys.create(orgId, { name: 'noted' }, byOperator);
    const ask = () => product.revoke({ format: 'email', email: 'nobody@whiterabbit.fake' }, { apiKey });
    return { table: 'api_keys', id, ask };
  },
  async 'an API key at SCIM'() {
    const orgId = product.orgs.whiterabbit.id;
    const { id, apiKey } = await product.context.apiKeys.create(orgId, { name: 'noted', scopes: ['scim'] }, byOperator);
    const ask = () => fetch(`${product.url}/scim/v2/Users?count=1`, { headers: { authorization: `Bearer ${apiKey}` } });
    return { table: 'api_keys', id, ask };
  },
  async 'a session'() {
    const [user] = await plantUsers(product, 1);
    const { rows } = await query(
      `UPDATE sessions SET last_seen_at = now() - interval '2 minutes' WHERE user_id = $1 RETURNING id`,
      user?.id,
    );
    const headers = { cookie: user?.cookies[0] as string };
    return { table: 'sessions', id: rows[0].id, ask: () => fetch(`${product.url}/api/users/me`, { headers }) };
  },
  async 'a grant'() {
    const [user] = await plantUsers(product, 1);
    const person = { orgId: product.orgs.whiterabbit.id, userId: user?.id as string };
    const [grant] = await plantGrants(product, person, 1);
    await query(`UPDATE grants SET last_seen_at = now() - interval '2 minutes' WHERE id = $1`, grant?.id);
    const headers = { authorization: `Bearer ${grant?.accessToken}` };
    const ask = () => fetch(`${product.url}/api/users/me`, { headers });
    return { table: 'grants', id: grant?.id as string, ask };
  },
};

it.each(Object.entries(uses))(
  'a held row of %s delays no answer, and its use is noted by a later request',
  async (_name, plant) => {
    const { table, id, ask } = await plant();
    const noted = async () => {
      const column = table === 'api_keys' ? 'last_used_at' : 'last_seen_at';
      const { rows } = await query(
        `SELECT ${column} > now() - interval '1 minute' AS noted FROM ${table} WHERE id = $1`,
        id,
      );
      return rows[0].noted === true;
    };
    await whileLocked(
      product,
      (blocker) => blocker.query(`SELECT FROM ${table} WHERE id = $1 FOR UPDATE`, [id]),
      async () => {
        const start = performance.now();
        const answers = await Promise.all(Array.from({ length: 20 }, ask));
        // Whoever waits for the lock waits five seconds.
        expect(performance.now() - start).toBeLessThan(4_900);
        for (const answer of answers) expect(answer.status).toBeLessThan(405);
        expect(await noted()).toBe(false);
      },
    );
    await ask();
    await expect.poll(noted).toBe(true);
  },
);

it.each(['a session', 'a grant'] as const)(
  'the use of %s is noted while lists have every other connection',
  async (kind) => {
    const { table, id, ask } = await uses[kind]();
    const { pool, accessPool } = product.context;
    const held = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
    try {
      expect((await ask()).status).toBe(200);
      const seen = `SELECT last_seen_at > now() - interval '1 minute' AS noted FROM ${table} WHERE id = $1`;
      await expect.poll(async () => (await accessPool.query(seen, [id])).rows[0].noted).toBe(true);
    } finally {
      for (const client of held) client.release();
    }
  },
);

it('notes that fail end no process and no request, and are counted', async () => {
  const { id, ask } = await uses['a session']();
  await query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$`);
  await query('CREATE TRIGGER refuse BEFORE UPDATE OF last_seen_at ON sessions FOR EACH ROW EXECUTE FUNCTION refuse()');
  try {
    expect((await ask()).status).toBe(200);
    expect((await ask()).status).toBe(200);
    await expect.poll(() => product.context.note.lost()).toMatchObject({ failed: expect.toSatisfy((n) => n > 0) });
  } finally {
    await query('DROP TRIGGER refuse ON sessions');
  }
  await ask();
  await expect
    .poll(
      async () =>
        (await query(`SELECT FROM sessions WHERE id = $1 AND last_seen_at > now() - interval '1 minute'`, id)).rowCount,
    )
    .toBe(1);
});
