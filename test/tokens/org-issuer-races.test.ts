import { afterAll, beforeAll, expect, it } from 'vitest';
import { inParallel, plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { plantApp } from './planted-apps.ts';

const redirectUri = 'https://app.fake/callback';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

it('leaves no live grant, and no session of an app that looks fresh, however approvals and revocations fall', async () => {
  const { whiterabbit } = product.orgs;
  const app = await plantApp(product, whiterabbit, { kind: 'oidc', redirectUris: [redirectUri] });
  const people = await plantUsers(product, 100);
  const query = { client_id: app.id, response_type: 'code', redirect_uri: redirectUri, scope: 'openid offline_access' };
  const url = `${product.url}/orgs/${app.orgId}/oauth/authorize?${new URLSearchParams(query)}`;
  let approved = 0;
  await inParallel(people, 10, async ({ email, cookies }) => {
    const begun = await fetch(url, { redirect: 'manual' });
    const interaction = new URL(begun.headers.get('location') ?? '', product.url);
    const cookie = [...begun.headers.getSetCookie().map((set) => set.split(';')[0]), ...cookies].join('; ');
    const approve = () => fetch(interaction, { headers: { cookie }, redirect: 'manual' });
    const revoke = () => product.revoke({ format: 'email', email });
    const [answer, revoked] = await Promise.all([approve(), revoke()]);
    expect(revoked.status).toBe(204);
    if (answer.headers.get('location')?.includes('/oauth/authorize/')) approved += 1;
  });
  const { pool } = product.context;
  const live = await pool.query('SELECT id FROM live_grants WHERE org_id = $1 AND client_id = $2', [app.orgId, app.id]);
  expect(live.rows).toEqual([]);
  const { rows } = await pool.query<{ told: number; fresh: number }>(
    `SELECT count(*)::int AS told, count(*) FILTER (WHERE a.user_generation = u.generation)::int AS fresh
     FROM app_sessions a JOIN users u ON u.org_id = a.org_id AND u.id = a.user_id WHERE a.org_id = $1 AND a.app_id = $2`,
    [app.orgId, app.id],
  );
  expect(rows).toEqual([{ told: approved, fresh: 0 }]);
});
