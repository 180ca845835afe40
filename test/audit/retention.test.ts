import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweepAuditEvents } from '../../src/audit/retention.ts';
import { clean } from '../../src/database/chores.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

const db = () => product.context.pool;
const orgs = () => [product.orgs.whiterabbit.id, product.orgs.metacortex.id] as const;

/** Events of an age in days, in both orgs alike; returns what tells them from others. */
async function plant(name: string, ages: readonly number[]) {
  for (const orgId of orgs())
    await db().query(
      `INSERT INTO audit_events (org_id, id, at, action, actor_type)
       SELECT $1, 'evt_' || $2 || '_' || age, clock_timestamp() - make_interval(days => age), 'test.' || $2, 'system'
       FROM unnest($3::int[]) AS age`,
      [orgId, name, ages],
    );
}
const agesLeft = async (name: string, orgId: string) => {
  const { rows } = await db().query('SELECT id FROM audit_events WHERE org_id = $1 AND action = $2 ORDER BY at DESC', [
    orgId,
    `test.${name}`,
  ]);
  return rows.map(({ id }) => Number(id.split('_').at(-1)));
};
const keep = (days: number | null, orgId = orgs()[0]) =>
  db().query('UPDATE orgs SET audit_retention_days = $2 WHERE id = $1', [orgId, days]);
/** The node's own housekeeping may be at it at this very moment. */
const sweep = async () => {
  while (!(await clean(db(), [sweepAuditEvents])));
};

describe('the retention of the record', () => {
  it('removes what is older, in this org only; an org that set none keeps all', async () => {
    await plant('old', [29, 30, 31, 400]);
    await sweep();
    expect(await agesLeft('old', orgs()[0])).toEqual([29, 30, 31, 400]);
    await keep(30);
    await sweep();
    expect(await agesLeft('old', orgs()[0])).toEqual([29]);
    expect(await agesLeft('old', orgs()[1])).toEqual([29, 30, 31, 400]);
  });

  it('removes more than one batch in a round', async () => {
    await keep(null);
    await plant(
      'many',
      Array.from({ length: 2_300 }, (_, index) => index + 40),
    );
    await keep(30);
    await sweep();
    expect(await agesLeft('many', orgs()[0])).toEqual([]);
  });

  it('lets nobody remove what is younger, not even by hand', async () => {
    await keep(30);
    await plant('young', [0, 29]);
    const remove = (orgId: string, id: string) =>
      db().query('DELETE FROM audit_events WHERE org_id = $1 AND id = $2', [orgId, id]);
    const refusal = { code: '23001', message: 'audit events are append only' };
    await expect(remove(orgs()[0], 'evt_young_0')).rejects.toMatchObject(refusal);
    await expect(remove(orgs()[0], 'evt_young_29')).rejects.toMatchObject(refusal);
    // Where nothing is let go, age is no reason.
    await plant('ancient', [4_000]);
    await expect(remove(orgs()[1], 'evt_ancient_4000')).rejects.toMatchObject(refusal);
    // One that may go takes none along that may not.
    await keep(30, orgs()[1]);
    await expect(db().query('DELETE FROM audit_events WHERE org_id = $1', [orgs()[1]])).rejects.toMatchObject(refusal);
    expect(await agesLeft('ancient', orgs()[1])).toEqual([4_000]);
    await expect(keep(29)).rejects.toMatchObject({ code: '23514', constraint: 'orgs_audit_retention' });
  });

  it('lets nobody change an event, old or young, nor empty the table', async () => {
    await keep(30);
    await plant('fixed', [1]);
    const refusal = { code: '23001', message: 'audit events are append only' };
    for (const change of [
      `UPDATE audit_events SET detail = '{}' WHERE action = 'test.fixed'`,
      `UPDATE audit_events SET at = at - interval '1 year' WHERE action = 'test.fixed'`,
      `UPDATE audit_events SET org_id = 'org_none' WHERE action = 'test.fixed'`,
      'TRUNCATE audit_events',
      `INSERT INTO audit_events (org_id, id, action, actor_type) SELECT org_id, id, 'test.other', 'system'
       FROM audit_events WHERE action = 'test.fixed' ON CONFLICT (org_id, id) DO UPDATE SET action = excluded.action`,
    ])
      await expect(db().query(change)).rejects.toMatchObject(refusal);
  });
});
