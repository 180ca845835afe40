import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../src/database/ids.ts';
import type { Browser } from '../support/browser.ts';
import { type Product, startProduct } from '../support/product.ts';
import { feedOf, record, relayed, signInAs } from './support.ts';

let product: Product;
let owner: Browser;
let twin: Browser;
beforeAll(async () => {
  product = await startProduct();
  owner = await signInAs(product, 'owner');
  twin = await signInAs(product, 'owner', 'metacortex');
});
afterAll(() => product.stop());

async function plantAccount(name: string): Promise<string> {
  const id = newId('account');
  const orgId = product.orgs.whiterabbit.id;
  await product.context.prisma.account.create({ data: { orgId, id, name, userName: 'x', connector: 'manual' } });
  return id;
}
const tell = (action: string, targetId: string, detail: Record<string, unknown> = {}, actorId: string | null = null) =>
  record(product, product.orgs.whiterabbit, {
    action,
    ...{ actorType: actorId === null ? 'system' : 'user', actorId, targetType: 'account', targetId, detail },
  });
const told = async (browser = owner) => {
  await relayed(product);
  return (await feedOf(browser, '?limit=200')).items.filter(({ kind }) => kind === 'shared_account');
};

test('administrators are told of passwords that need them, by the account’s name of then, and no others', async () => {
  const account = await plantAccount('Reports');
  await tell('account.rotation_uncertain', account, { rotation: 'rot_1', error: 'timeout' });
  await tell('account.old_works', account, { rotation: 'rot_1', version: 2 });
  await tell('account.rotation_manual', account, {
    rotation: 'rot_1',
    reason: 'wrong_administrator',
    doUntil: '2026-12-01T10:42:00.000Z',
  });
  await record(product, product.orgs.whiterabbit, {
    action: 'account.key_erased',
    actorType: 'operator',
    targetType: 'org',
    targetId: product.orgs.whiterabbit.id,
  });
  await product.context.prisma.account.updateMany({ where: { id: account }, data: { name: 'Renamed' } });
  expect((await told()).map(({ text, target }) => [text, target?.name])).toEqual([
    ['The operator erased the key of the shared accounts: none of their passwords can be read any more', null],
    [
      'Somebody has to change the password of the shared account Reports by hand until 2026-12-01 10:42:00 UTC: the system refuses the administrator',
      'Reports',
    ],
    ['The shared account Reports has a new password, but the old one still signs in', 'Reports'],
    [
      'It is not known yet which password of the shared account Reports signs in: the system did not answer in time',
      'Reports',
    ],
  ]);
  expect(await told(twin)).toEqual([]);
  const { userId } = product.orgs.whiterabbit;
  const speak = (language: string | null) =>
    product.context.prisma.user.updateMany({ where: { id: userId }, data: { language } });
  await speak('de');
  expect((await told()).map(({ text }) => text)).toContainEqual(
    expect.stringMatching(/^Jemand muss .* von Hand ändern: das System weist das Verwaltungskonto ab$/),
  );
  await speak(null);
  const page = await owner.get('/admin/notifications');
  expect(page.text).toContain(`href="/admin/accounts/${account}"`);
});

test('a word that no version here knows is left out, not shown', async () => {
  const account = await plantAccount('Newer');
  await tell('account.rotation_uncertain', account, { rotation: 'rot_2', error: 'of_a_newer_node' });
  expect((await told())[0]?.text).toBe('It is not known yet which password of the shared account Newer signs in');
});

test('where nothing was set, that is what is said', async () => {
  const account = await plantAccount('Away');
  await tell('account.rotation_uncertain', account, { rotation: 'rot_3', error: 'timeout', unset: true });
  expect((await told())[0]?.text).toBe(
    'The password of the shared account Away can’t be changed, and what signed in before still does: the system did not answer in time',
  );
});

test('an old password that is not seen to sign in is not said to', async () => {
  const account = await plantAccount('Open');
  await tell('account.old_works', account, { rotation: 'rot_4', version: 2, error: 'unproven' });
  expect((await told())[0]?.text).toBe(
    'The shared account Open has a new password, and the old one is not known to be refused',
  );
});

test('what happens every day is on record and in no feed', async () => {
  const before = (await told()).length;
  const account = await plantAccount('Daily');
  for (const action of ['added', 'changed', 'revealed', 'rotation_asked', 'rotated', 'password_given', 'tested'])
    await tell(`account.${action}`, account, { version: 1, cause: 'hand' });
  expect((await told()).length).toBe(before);
});

test('of rights, they are told of those that somebody gives to themself, alone or as one of a group', async () => {
  const { id: orgId, userId } = product.orgs.whiterabbit;
  const account = await plantAccount('Lights');
  const [own, foreign] = [newId('group'), newId('group')];
  for (const id of [own, foreign]) await product.context.prisma.group.create({ data: { orgId, id, displayName: id } });
  await product.context.prisma.groupMember.create({ data: { orgId, groupId: own, userId } });
  const before = (await told()).length;
  await tell('account.right_given', account, { user: 'usr_other', right: 'use' }, userId);
  await tell('account.right_given', account, { group: foreign, right: 'use' }, userId);
  expect((await told()).length).toBe(before);
  await tell('account.right_given', account, { user: userId, right: 'use' }, userId);
  await tell('account.right_given', account, { group: own, right: 'manage' }, userId);
  const given = await told();
  expect(given.length).toBe(before + 1);
  expect(given[0]).toMatchObject({ count: 2, actor: { id: userId } });
  expect(given[0]?.text).toMatch(/^Trinity gave themself the right to manage the shared account Lights \(2 times\)$/);
});

test('an event that brings a name along keeps it: the account may be gone', async () => {
  await tell('account.removed', newId('account'), { name: 'Gone' });
  const { rows } = await product.context.pool.query(
    `SELECT detail ->> 'name' AS name FROM audit_events WHERE action = 'account.removed'`,
  );
  expect(rows).toEqual([{ name: 'Gone' }]);
});
