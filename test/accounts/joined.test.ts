import { expect, it } from 'vitest';
import { askReconciliation } from '../../src/accounts/rotation/reconcile.ts';
import { listRotations } from '../../src/accounts/rotation/rotations.ts';
import { rotateAlone } from './alone.ts';
import { until } from './support.ts';

// What joins a rotation that waits: nothing that ends somebody's access is lost in it.
const alone = await rotateAlone('org_of_joined');
const { pool, orgId, ask, last, rows, untilState, start } = alone;

it.each(['revocation', 'right_ended', 'hand'] as const)(
  'a search that waits, joined by a cause (%s), ends in a new password',
  async (cause) => {
    expect(await askReconciliation(pool, orgId)).toBe(1);
    await ask({ cause, userId: 'usr_joined', revocationId: cause === 'revocation' ? 'rev_joined' : null });
    start();
    await untilState('done');
    expect(await rows()).toHaveLength(1);
    expect(await last()).toMatchObject({ cause, user_id: 'usr_joined', state: 'done' });
    expect(alone.system.state.password).not.toBe('the first password');
    expect(await alone.current()).toBe(alone.system.state.password);
    // It was searched for first.
    expect(await alone.told()).toMatchObject([{ action: 'account.reconciled' }, { action: 'account.rotated' }]);
  },
);

it('a lighter cause changes nothing of a weightier one', async () => {
  await ask({ cause: 'revocation', userId: 'usr_first', revocationId: 'rev_first' });
  await ask({ cause: 'hand', userId: 'usr_second' });
  expect(await last()).toMatchObject({ cause: 'revocation', user_id: 'usr_first', revocation_id: 'rev_first' });
});

it('a rotation is found by each revocation that it follows from', async () => {
  await ask({ cause: 'revocation', userId: 'usr_first', revocationId: 'rev_first' });
  await ask({ cause: 'revocation', userId: 'usr_second', revocationId: 'rev_second' });
  const found = (revocationId: string, org = orgId) =>
    listRotations(pool, org, { revocationId }, { limit: 10, after: null });
  expect(await rows()).toHaveLength(1);
  for (const revocation of ['rev_first', 'rev_second'])
    expect(await found(revocation)).toMatchObject([{ id: (await last())?.id }]);
  expect(await found('rev_third')).toEqual([]);
  expect(await found('rev_second', 'org_other')).toEqual([]);
});

it('the record of a change names all revocations that it follows from, up to twenty', async () => {
  const ids = Array.from({ length: 25 }, (_, n) => `rev_${String(n).padStart(2, '0')}`);
  await ask({ cause: 'revocation', userId: 'usr_first', revocationId: 'rev_10' });
  for (const revocationId of ids) await ask({ cause: 'revocation', userId: 'usr_second', revocationId });
  start();
  await untilState('done');
  const detail = (await alone.told()).filter(({ action }) => action === 'account.rotated')[0]?.detail;
  expect(detail).toMatchObject({ cause: 'revocation', revocation: 'rev_10', causes: 25 });
  const named = String(detail?.revocations).split(' ');
  expect([named[0], named.length, new Set(named).size]).toEqual(['rev_10', 20, 20]);
  await alone.stopAll();
  await ask({ cause: 'revocation', userId: 'usr_first', revocationId: 'rev_alone' });
  start();
  await until(async () => (await alone.told()).filter(({ action }) => action === 'account.rotated').length === 2);
  const last = (await alone.told()).filter(({ action }) => action === 'account.rotated')[1]?.detail;
  expect(last).toMatchObject({ revocation: 'rev_alone' });
  expect(last).not.toHaveProperty('revocations');
});

it('a reconciliation meets a rotation that waits behind another', async () => {
  alone.system.state.away = true;
  start({ unavailable: [600] });
  await ask();
  await until(async () => (await rows())[0]?.why === 'unavailable');
  await ask({ cause: 'revocation' });
  expect((await rows()).map(({ state }) => state)).toEqual(['candidate', 'queued']);
  alone.system.state.away = false;
  // Neither goes on with what the backup calls the current password; none is queued anew.
  expect(await askReconciliation(pool, orgId)).toBe(1);
  await until(async () => (await rows()).every(({ state }) => state === 'done'));
  expect(await alone.current()).toBe(alone.system.state.password);
  expect((await alone.told()).map(({ action }) => action)).toContain('account.reconciled');
});
