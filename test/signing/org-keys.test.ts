import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { transaction } from '../../src/database/pool.ts';
import { createSignAsOrg, loadOrgKeys } from '../../src/signing/org-keys.ts';
import { createRenewOrgKeys, listOrgKeys, rotateOrgKeys, sweepOrgKeys } from '../../src/signing/rotate-org-keys.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

it('rotates the keys of one org alone: ahead, now, after a leak, and by age', async () => {
  const { context, orgs } = product;
  const { pool } = context;
  const [ours, theirs] = [orgs.whiterabbit.id, orgs.metacortex.id];
  const sign = createSignAsOrg(context);
  const signer = async (orgId = ours) => decodeProtectedHeader(await sign(orgId, { typ: 'JWT' }, {})).kid;
  const states = async () => (await listOrgKeys(pool, ours)).map(({ state }) => state);
  const [first, other] = [await signer(), await signer(theirs)];

  expect(await rotateOrgKeys(context, ours, 'ahead')).toMatchObject([
    { state: 'published' },
    { id: first, state: 'signs' },
  ]);
  expect(await signer()).toBe(first);
  expect(await loadOrgKeys(context, ours)).toHaveLength(2);
  await expect(rotateOrgKeys(context, ours, 'ahead')).rejects.toMatchObject({ code: 'conflict' });
  const [next] = await rotateOrgKeys(context, ours, 'now');
  expect(next?.signsFrom.getTime()).toBeLessThan(Date.now() + 61_000);
  await pool.query('UPDATE org_signing_keys SET active_from = now() WHERE org_id = $1 AND id = $2', [ours, next?.id]);
  expect(await states()).toEqual(['signs', 'kept']);
  expect(await signer()).toBe(next?.id);
  await rotateOrgKeys(context, ours, 'leaked');
  expect(await states()).toEqual(['signs']);
  expect([first, next?.id]).not.toContain(await signer());

  const renew = createRenewOrgKeys(context);
  const age = (interval: string) =>
    pool.query(`UPDATE org_signing_keys SET active_from = active_from - $2::interval WHERE org_id = $1`, [
      ours,
      interval,
    ]);
  await transaction(pool, renew);
  expect(await states()).toEqual(['signs']);
  await age('91 days');
  await Promise.all([transaction(pool, renew), transaction(pool, renew)]);
  expect(await states()).toEqual(['published', 'signs']);
  await age('30 hours');
  await transaction(pool, sweepOrgKeys);
  expect(await states()).toEqual(['signs', 'kept']);
  await age('1 day');
  await transaction(pool, sweepOrgKeys);
  expect(await states()).toEqual(['signs']);
  expect((await listOrgKeys(pool, theirs)).map(({ id }) => id)).toEqual([other]);
});
