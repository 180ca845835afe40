import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from '../support/browser.ts';
import { type Product, startProduct } from '../support/product.ts';

const path = '/api/orgs/current/api-keys';
let product: Product;
let owner: Browser;
let twin: Browser;
beforeAll(async () => {
  product = await startProduct();
  await product.context.prisma.user.updateMany({ data: { role: 'owner' } });
  owner = await product.signIn();
  twin = await product.signIn('metacortex');
});
afterAll(() => product.stop());

type Key = { id: string; name: string; hint: string; apiKey?: string; scopes: string[]; expiresAt: string | null };
async function ask<T = Key & { type: string; detail: string }>(
  browser: Browser,
  method: string,
  where = '',
  json?: unknown,
) {
  const response = await browser.open(method, `${path}${where}`, json === undefined ? {} : { json });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: (text ? JSON.parse(text) : null) as T };
}
const statusWith = async (apiKey: string) =>
  (await product.revoke({ format: 'email', email: 'nobody@whiterabbit.fake' }, { apiKey })).status;

it('is made, shown once, used and ended at once', async () => {
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const made = await ask(owner, 'POST', '', { name: 'Okta', expiresAt: inAnHour });
  expect(made.status).toBe(201);
  expect(made.headers.get('cache-control')).toBe('no-store');
  const { apiKey = '', id } = made.body;
  expect(made.body).toMatchObject({ name: 'Okta', scopes: ['revoke'], expiresAt: inAnHour, hint: apiKey.slice(0, 7) });
  // Before the hint, which looks like a key: somebody would copy it.
  expect(Object.keys(made.body)[0]).toBe('apiKey');
  expect(await statusWith(apiKey)).toBe(404);

  const listed = await ask<{ items: Key[] }>(owner, 'GET');
  expect(listed.body.items[0]).toMatchObject({ id, name: 'Okta', scopes: ['revoke'] });
  for (const secret of [apiKey, 'keyHash', 'apiKey']) expect(listed.text).not.toContain(secret);

  expect((await ask(owner, 'DELETE', `/${id}`)).status).toBe(204);
  expect(await statusWith(apiKey)).toBe(401);
  expect((await ask(owner, 'DELETE', `/${id}`)).status).toBe(404);
  const events = await product.context.prisma.auditEvent.findMany({
    where: { targetId: id, actorType: 'user' },
    orderBy: { at: 'asc' },
  });
  const by = { actorType: 'user', actorId: product.orgs.whiterabbit.userId, orgId: product.orgs.whiterabbit.id };
  const from = { ip: expect.any(String), requestId: expect.any(String) };
  expect(events).toMatchObject([
    { action: 'api_key.created', ...by, ...from, detail: { name: 'Okta', scopes: 'revoke', expiresAt: inAnHour } },
    { action: 'api_key.revoked', ...by, ...from },
  ]);
  expect(JSON.stringify(events)).not.toContain(apiKey);
});

it('is forgotten when it ended long ago and a thousand others have ended since', async () => {
  const { pool } = product.context;
  for (const { id } of Object.values(product.orgs))
    await pool.query(
      `INSERT INTO api_keys (org_id, id, name, key_hash, hint, scopes, created_at, revoked_at)
       SELECT $1, 'key_old_' || i, 'Old', sha256(($1 || i)::bytea), 'x', '{revoke}', now() - interval '10 years', now() - make_interval(days => i)
       FROM generate_series(1, 1003) i`,
      [id],
    );
  const oldest = async () =>
    (
      await pool.query(
        `SELECT org_id, id FROM api_keys WHERE id LIKE 'key_old_%' AND id >= 'key_old_1000' AND id < 'key_old_1004' ORDER BY org_id = $1, id`,
        [product.orgs.whiterabbit.id],
      )
    ).rows.map(({ org_id, id }) => `${org_id === product.orgs.whiterabbit.id ? 'ours' : 'theirs'} ${id}`);
  expect((await ask(owner, 'POST', '', { name: 'New' })).status).toBe(201);
  const kept = await oldest();
  expect(kept.filter((each) => each.startsWith('theirs'))).toHaveLength(4);
  expect(kept).not.toContain('ours key_old_1003');
  await pool.query(`DELETE FROM api_keys WHERE id LIKE 'key_old_%'`);
});

it('does only what its scopes say', async () => {
  const { body } = await ask(owner, 'POST', '', { name: 'SCIM', scopes: ['scim', 'scim'] });
  expect(body.scopes).toEqual(['scim']);
  expect(await statusWith(body.apiKey ?? '')).toBe(403);
});

it('is not shown to the other org, nor ended by it', async () => {
  const { body } = await ask(owner, 'POST', '', { name: 'Ours' });
  expect((await ask(twin, 'GET')).text).not.toContain(body.id);
  const [foreign, nobody] = [await ask(twin, 'DELETE', `/${body.id}`), await ask(twin, 'DELETE', '/key_nobody')];
  expect([foreign.status, foreign.body.detail]).toEqual([404, nobody.body.detail]);
  expect(await statusWith(body.apiKey ?? '')).toBe(404);
});

it.each<[string, unknown]>([
  ['without a name', {}],
  ['with an empty name', { name: ' ' }],
  ['with a name of two lines', { name: 'a\nb' }],
  ['with an unknown scope', { name: 'x', scopes: ['admin'] }],
  ['with no scope', { name: 'x', scopes: [] }],
  ['that is over', { name: 'x', expiresAt: '2026-01-01T00:00:00Z' }],
  ['with a key of its own', { name: 'x', key: 'chosen' }],
])('is not made %s', async (_name, body) => {
  const before = await product.context.prisma.apiKey.count();
  expect((await ask(owner, 'POST', '', body)).status).toBe(400);
  expect(await product.context.prisma.apiKey.count()).toBe(before);
});

it.each(['admin', 'member'] as const)('is not made or ended by an %s', async (role) => {
  const { body } = await ask(owner, 'POST', '', { name: 'Kept' });
  const where = { id: product.orgs.whiterabbit.userId };
  await product.context.prisma.user.updateMany({ where, data: { role } });
  const answers = [await ask(owner, 'POST', '', { name: 'x' }), await ask(owner, 'DELETE', `/${body.id}`)];
  await product.context.prisma.user.updateMany({ where, data: { role: 'owner' } });
  expect(answers.map(({ status }) => status)).toEqual([403, 403]);
  expect(await statusWith(body.apiKey ?? '')).toBe(404);
});

it('is listed page by page, newest first', async () => {
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    type Page = { items: Key[]; next: string | null };
    const { body }: { body: Page } = await ask<Page>(owner, 'GET', `?limit=2${cursor && `&cursor=${cursor}`}`);
    ids.push(...body.items.map(({ id }) => id));
    cursor = body.next;
  }
  const rows = await product.context.apiKeys.list(product.orgs.whiterabbit.id);
  expect(ids).toEqual(rows.map(({ id }) => id));
});

it('for provisioning is made and ended by owners alone: it could give an owner another address, and so to its maker', async () => {
  const setRole = (role: 'owner' | 'super_admin') =>
    product.context.prisma.user.updateMany({ where: { id: product.orgs.whiterabbit.userId }, data: { role } });
  await setRole('super_admin');
  const refused = await ask(owner, 'POST', '', { name: 'Okta', scopes: ['revoke', 'scim'] });
  expect(refused.status).toBe(403);
  expect(refused.body.type).toMatch(/forbidden$/);
  expect((await ask(owner, 'POST', '', { name: 'Okta', scopes: ['revoke'] })).status).toBe(201);
  await setRole('owner');
  const made = await ask(owner, 'POST', '', { name: 'Okta', scopes: ['scim'] });
  expect(made.status).toBe(201);
  await setRole('super_admin');
  const kept = await ask(owner, 'DELETE', `/${made.body.id}`);
  expect([kept.status, kept.body.type]).toEqual([403, expect.stringMatching(/forbidden$/)]);
  // Of another org's key a super admin learns nothing, not even what it is for.
  expect((await ask(twin, 'DELETE', `/${made.body.id}`)).status).toBe(404);
  await setRole('owner');
  expect((await ask(owner, 'DELETE', `/${made.body.id}`)).status).toBe(204);
});

it('of very many ended keys those that ended first are forgotten, and what they did stays a key’s', async () => {
  const { pool } = product.context;
  const { id: orgId } = product.orgs.whiterabbit;
  const first = (await ask(owner, 'POST', '', { name: 'Made first, ended last' })).body;
  expect((await product.revoke(undefined, { apiKey: first.apiKey as string })).status).toBe(204);
  owner = await product.signIn();
  await pool.query(
    `INSERT INTO api_keys (org_id, id, name, key_hash, hint, scopes, created_at, revoked_at)
     SELECT $1, 'key_ended_' || n, 'x', sha256(n::text::bytea), 'x', '{revoke}', now(), now() - n * interval '1 second'
     FROM generate_series(1, 1000) n`,
    [orgId],
  );
  expect((await ask(owner, 'DELETE', `/${first.id}`)).status).toBe(204);
  const there = async () =>
    (await pool.query(`SELECT id FROM api_keys WHERE id = $1 OR id = 'key_ended_1000'`, [first.id])).rows;
  await ask(owner, 'POST', '', { name: 'One more' });
  expect(await there()).toEqual([{ id: first.id }]);

  await pool.query('DELETE FROM api_keys WHERE id = $1', [first.id]);
  const { items } = (await owner.get('/api/orgs/current/revocations')).json() as { items: { caller: unknown }[] };
  expect(items[0]?.caller).toEqual({ type: 'api_key', id: first.id, name: null });
  await pool.query(`DELETE FROM api_keys WHERE id LIKE 'key_ended_%'`);
});
