import type pg from 'pg';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { askRotation } from '../../src/accounts/rotation/ask-rotation.ts';
import { confirmRotation } from '../../src/accounts/rotation/confirm-rotation.ts';
import { askReconciliation } from '../../src/accounts/rotation/reconcile.ts';
import { type Rotator, startRotator } from '../../src/accounts/rotation/rotator.ts';
import { type Times, usualTimes } from '../../src/accounts/rotation/times.ts';
import { createVault, type Vault } from '../../src/accounts/vault.ts';
import { byOperator } from '../../src/by.ts';
import { createPool } from '../../src/database/pool.ts';
import { createKeyring, type Keyring } from '../../src/keyring.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { currentPassword, passwordsOf, plantAccount, rotationsOf, until } from './support.ts';
import { type System, startSystem } from './system.ts';

// The rotator alone, on a database of its own, beside a server that has bad days. Its pauses are
// short; what it does in them is the same.
const quick: Times = {
  ...usualTimes,
  lease: 60,
  wrong: 0.1,
  unavailable: [0.02],
  denied: [0.02],
  oldWorks: [0.02],
  limitsMs: { set: 1_000, verify: 1_000, endConnections: 1_000 },
};

const orgId = 'org_of_bad_days';
let database: TestDatabase;
let pool: pg.Pool;
let keyring: Keyring;
let vault: Vault;
let product: Parameters<typeof plantAccount>[0];
let system: System;
let account: string;
const rotators: Rotator[] = [];
const log = pino({ level: 'silent' });

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ connectionString: database.url, max: 8, applicationName: 'bad days', log });
  keyring = createKeyring([Buffer.alloc(32, 3)]);
  vault = createVault({ pool, keyring });
  product = { context: { pool, keyring } } as unknown as typeof product;
  await pool.query(`INSERT INTO orgs (id, slug, name) VALUES ($1, 'bad-days', 'Bad Days')`, [orgId]);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  system = await startSystem('the first password');
  account = await plant();
});
afterEach(async () => {
  await Promise.all(rotators.splice(0).map((rotator) => rotator.stop()));
  await system.stop();
  await pool.query('DELETE FROM accounts WHERE org_id = $1', [orgId]);
});

const plant = (more: object = {}) =>
  plantAccount(product, orgId, {
    userName: 'root',
    password: 'the first password',
    settings: {},
    admin: { userName: 'admin', password: system.state.admin },
    ...more,
  });
function start(times: Partial<Times> = {}) {
  const rotator = startRotator({
    pool,
    vault,
    connectorOf: () => system.connector,
    log,
    times: { ...quick, ...times },
  });
  rotators.push(rotator);
  return rotator;
}
const ask = (more: object = {}) => askRotation(pool, { orgId, accountId: account, cause: 'hand', ...more });
const current = () => currentPassword(product, orgId, account);
const last = async () => (await rotationsOf(product, account)).at(-1);
const untilState = (...states: string[]) => until(async () => states.includes((await last())?.state ?? ''));
const kept = async () =>
  (await passwordsOf(product, orgId, account)).map(({ version, state }) => `${version} ${state}`);
const told = async () => {
  const { rows } = await pool.query<{ action: string; detail: object }>(
    'SELECT action, detail FROM audit_events WHERE org_id = $1 AND target_id = $2 ORDER BY at, id',
    [orgId, account],
  );
  return rows.map(({ action }) => action);
};
/** The system and the vault are of one mind, and the former password is over. */
async function expectInOrder() {
  expect(await current()).toBe(system.state.password);
  expect(system.state.password).not.toBe('the first password');
  const versions = await passwordsOf(product, orgId, account);
  expect(versions.filter(({ state }) => state === 'current')).toHaveLength(1);
}

it('makes another password where the system refuses one', async () => {
  system.state.behaviours = ['refuses the password', 'refuses the password'];
  await ask();
  start();
  await untilState('done');
  await expectInOrder();
  expect(await kept()).toEqual(['4 current', '3 dead', '2 dead', '1 former']);
  expect(new Set(system.state.sets).size).toBe(3);
});

it('leaves it to people after three that were refused, and the password is what it was', async () => {
  system.state.behaviours = Array(3).fill('refuses the password');
  await ask();
  start();
  await untilState('manual');
  expect(await current()).toBe('the first password');
  expect(system.state.sets).toHaveLength(3);
  expect(await told()).toEqual(['account.rotation_manual']);
  // By hand it is tried again.
  const again = await ask();
  expect(again?.id).toBe((await last())?.id);
  await untilState('done');
  await expectInOrder();
});

it('believes no success: what was not set is set again', async () => {
  system.state.behaviours = ['says yes and sets nothing'];
  await ask();
  start();
  await untilState('done');
  await expectInOrder();
  // The same password: no version is lost on the way.
  expect(new Set(system.state.sets).size).toBe(1);
  expect(system.state.sets).toHaveLength(2);
});

it.each(['sets it and says no', 'sets it and says nothing'] as const)(
  'finds out where the system %s',
  async (behaviour) => {
    system.state.behaviours = [behaviour];
    await ask();
    start();
    await untilState('done');
    await expectInOrder();
    expect(system.state.sets).toHaveLength(1);
  },
);

it('waits for a system that is away, tells administrators once, and goes on when it is back', async () => {
  system.state.away = true;
  await ask();
  // For longer than a refusal may last: of that it would be left to people.
  start({ tell: 0.2, giveUp: 0.3 });
  await until(async () => (await told()).length > 0);
  await until(async () => {
    const { rowCount } = await pool.query(
      `SELECT FROM account_rotations WHERE account_id = $1 AND claim > 5 AND why_since < clock_timestamp() - interval '1 second'`,
      [account],
    );
    return rowCount === 1;
  });
  expect(await told()).toEqual(['account.rotation_uncertain']);
  const { rows } = await pool.query(
    `SELECT detail->'unset' AS unset FROM audit_events WHERE action = 'account.rotation_uncertain' AND target_id = $1`,
    [account],
  );
  expect(rows).toEqual([{ unset: true }]);
  expect(await last()).toMatchObject({ state: 'candidate', why: 'unavailable' });
  expect(await current()).toBe('the first password');
  system.state.away = false;
  await untilState('done');
  await expectInOrder();
  expect(await told()).toEqual(['account.rotation_uncertain', 'account.rotated']);
});

it('leaves it to people where the administrator is refused for a day; every password is kept', async () => {
  system.state.admin = 'another one';
  await ask();
  start({ giveUp: 0.3 });
  await untilState('manual');
  expect((await last())?.error).toBe('wrong_administrator');
  expect(await kept()).toEqual(['2 candidate', '1 current']);
  const rotationId = (await last())?.id as string;
  const place = { orgId, accountId: account, rotationId };
  // Somebody sets a password of their own there.
  system.state.password = 'by hand';
  const confirmed = await confirmRotation({ pool, vault }, place, { password: 'by hand' }, byOperator);
  expect(confirmed).toEqual({ version: 3 });
  await untilState('done');
  await expectInOrder();
  expect(await kept()).toEqual(['3 current', '2 former', '1 former']);
  const again = (orgId: string) =>
    confirmRotation({ pool, vault }, { ...place, orgId }, { candidate: true }, byOperator);
  await expect(again(place.orgId)).rejects.toMatchObject({ code: 'conflict' });
  await expect(again('org_other')).rejects.toMatchObject({ code: 'not_found' });
});

it('sets the candidate again where no kept password signs in, and asks people where that is refused too', async () => {
  // The answer is lost, and then somebody changes the password there.
  system.state.behaviours = ['sets it and says no'];
  await ask();
  await askAndInterrupt();
  system.state.password = 'nobody knows this';
  start();
  await untilState('done');
  await expectInOrder();

  system.state.behaviours = ['sets it and says no'];
  await ask();
  await askAndInterrupt();
  system.state.password = 'nobody knows this either';
  system.state.admin = 'nor this';
  start();
  await untilState('manual');
  expect((await passwordsOf(product, orgId, account)).map(({ state }) => state)).not.toContain('dead');
});

/** A node begins the rotation and stops right after it has sent the candidate. */
async function askAndInterrupt() {
  const rotator = start({ unavailable: [600] });
  await untilState('uncertain');
  await rotator.stop();
  await pool.query(`UPDATE account_rotations SET due_at = clock_timestamp() WHERE account_id = $1`, [account]);
}

it('tries a password that may be wrong once in its time, over all nodes', async () => {
  system.state.behaviours = ['sets it and says no'];
  await ask();
  await askAndInterrupt();
  system.state.password = 'nobody knows this';
  for (let nodes = 0; nodes < 3; nodes += 1) start({ wrong: 0.3 });
  await untilState('done');
  const wrong = system.state.tries.filter(({ right }) => !right).map(({ at }) => at);
  expect(wrong.length).toBeGreaterThanOrEqual(3);
  // A little less: the database's clock counts, and the way to the system takes a moment.
  for (const [index, at] of wrong.slice(1).entries()) expect(at - (wrong[index] as number)).toBeGreaterThan(250);
});

it('says that the old password still works, once, and tries it again; the next rotation does not wait', async () => {
  system.state.accepts = ['the first password'];
  await ask();
  start();
  await untilState('old_works');
  expect(await current()).toBe(system.state.password);
  await ask();
  await until(async () => (await rotationsOf(product, account)).length === 2);
  await untilState('done');
  expect((await rotationsOf(product, account)).map(({ state }) => state)).toEqual(['old_works', 'done']);
  expect((await told()).filter((action) => action === 'account.old_works')).toHaveLength(1);
  system.state.accepts = [];
  await until(async () => (await rotationsOf(product, account)).every(({ state }) => state === 'done'));
  expect((await passwordsOf(product, orgId, account)).map(({ state }) => state)).toEqual([
    'current',
    'former',
    'former',
  ]);
});

it.each(['not_saved', 'unavailable'] as const)(
  'says of what the system has not saved (%s) that the old password may come back, until it has',
  async (saves) => {
    system.state.saves = saves;
    await ask();
    start();
    await untilState('old_works');
    expect(await last()).toMatchObject({ error: 'not_saved', told: ['old_works'] });
    expect((await told()).filter((action) => action === 'account.old_works')).toHaveLength(1);
    expect(await current()).toBe(system.state.password);
    expect(system.state.tries.filter(({ right }) => !right)).toHaveLength(0);
    system.state.saves = 'saved';
    await untilState('done');
    expect(await last()).toMatchObject({ error: null });
  },
);

it('sets again what the system has lost before it was over', async () => {
  system.state.losesItFor = 'the first password';
  await ask();
  start();
  await untilState('done');
  expect(await last()).toMatchObject({ error: null, told: ['forgotten'] });
  expect(await current()).toBe(system.state.password);
  expect(system.state.sets).toEqual([system.state.password, system.state.password]);
  expect((await passwordsOf(product, orgId, account)).map(({ state }) => state)).toEqual(['current', 'former']);
});

it('sets it again once: of two servers that do not agree each would be right in turn, for ever', async () => {
  system.state.losesItFor = 'the first password';
  system.state.losesItAlways = true;
  await ask();
  start();
  await untilState('old_works');
  expect(await last()).toMatchObject({ state: 'old_works', told: ['forgotten', 'old_works'] });
  expect(system.state.sets).toHaveLength(2);
  expect((await told()).filter((action) => action === 'account.old_works')).toHaveLength(1);
});

it('sets again what the system has not saved, and lost', async () => {
  system.state.saves = 'not_saved';
  await ask();
  start();
  await untilState('old_works');
  const taken = system.state.password;
  system.state.password = 'the first password';
  await until(async () => system.state.sets.length === 2);
  await untilState('old_works');
  expect(await last()).toMatchObject({ error: 'not_saved' });
  expect([await current(), system.state.password]).toEqual([taken, taken]);
  system.state.saves = 'saved';
  await untilState('done');
  expect(await last()).toMatchObject({ error: null });
});

it('leaves what the system has lost to the rotation that follows', async () => {
  system.state.saves = 'not_saved';
  await ask();
  start();
  await untilState('old_works');
  system.state.behaviours = Array(1000).fill('refuses the administrator');
  await ask();
  await until(async () => system.state.sets.length === 2);
  system.state.password = 'the first password';
  const { length } = system.state.tries;
  await until(async () => system.state.sets.length > 6);
  expect((await rotationsOf(product, account)).map(({ state }) => state)).toEqual(['old_works', 'candidate']);
  expect(system.state.tries).toHaveLength(length);
  Object.assign(system.state, { behaviours: [], saves: 'saved' });
  await until(async () => (await rotationsOf(product, account)).every(({ state }) => state === 'done'));
  expect(await current()).toBe(system.state.password);
});

it('stops to try the old password after a day, and the account goes on saying so', async () => {
  system.state.accepts = ['the first password'];
  await ask();
  start({ giveUp: 0.2 });
  await until(async () => {
    const { rowCount } = await pool.query(
      'SELECT FROM account_rotations WHERE account_id = $1 AND finished_at IS NOT NULL',
      [account],
    );
    return rowCount === 1;
  });
  expect((await last())?.state).toBe('old_works');
});

it('believes a system that can not be asked, and says that nothing is proven', async () => {
  system.state.provesNothing = true;
  await ask();
  start();
  await untilState('old_works');
  expect(await last()).toMatchObject({ state: 'old_works', error: 'unproven' });
  expect(await current()).toBe(system.state.password);
});

it('ends connections until it has worked, and says so where it never does', async () => {
  system.state.endings = [null, null];
  await ask();
  start();
  await untilState('done');
  expect((await last())?.error).toBeNull();
  system.state.endings = Array(1000).fill(null);
  await ask();
  await untilState('old_works');
  expect((await last())?.error).toBe('connections_not_ended');
  await expectInOrder();
});

it('asks people at once where only people can change it', async () => {
  account = await plant({ connector: 'manual', admin: null });
  await ask();
  start();
  await untilState('manual');
  expect(await kept()).toEqual(['2 candidate', '1 current']);
  const place = { orgId, accountId: account, rotationId: (await last())?.id as string };
  expect(await confirmRotation({ pool, vault }, place, { candidate: true }, byOperator)).toEqual({ version: 2 });
  expect((await last())?.state).toBe('done');
  expect(await kept()).toEqual(['2 current', '1 former']);
  expect(await told()).toEqual(['account.rotation_manual', 'account.rotation_confirmed']);
});

it('changes an account that changes itself, also where its answer was lost', async () => {
  account = await plant({ admin: 'itself' });
  system.state.admin = 'the first password';
  system.state.behaviours = ['sets it and says no'];
  await ask();
  start();
  await untilState('done');
  await expectInOrder();
});

it('waits for the rotation of its administrator', async () => {
  const admin = await plant({ userName: 'admin', password: system.state.admin, admin: null });
  account = await plant({ admin });
  await pool.query(
    `INSERT INTO account_rotations (org_id, id, account_id, cause, state, sent_at, due_at)
     VALUES ($1, 'rot_of_admin', $2, 'hand', 'uncertain', now(), now() + interval '1 hour')`,
    [orgId, admin],
  );
  await ask();
  start();
  await until(async () => (await last())?.error === 'administrator_uncertain');
  expect(system.state.sets).toEqual([]);
  await pool.query(`UPDATE account_rotations SET state = 'done' WHERE id = 'rot_of_admin'`);
  await untilState('done');
  await expectInOrder();
});

it('tries the former password of its administrator while a change of it may still spread', async () => {
  const admin = await plant({ userName: 'admin', password: system.state.admin, admin: null });
  account = await plant({ admin });
  // The administrator's new one has been taken, and this system doesn't know it yet.
  await pool.query(`UPDATE account_versions SET state = 'former' WHERE account_id = $1`, [admin]);
  await pool.query(
    `INSERT INTO account_versions (org_id, account_id, version, sealed, state) VALUES ($1, $2, 2, $3, 'current')`,
    [orgId, admin, await vault.seal(orgId, admin, 2, 'the new one of the administrator')],
  );
  await pool.query('UPDATE accounts SET version = 2, next_version = 3, changed_at = clock_timestamp() WHERE id = $1', [
    admin,
  ]);
  await ask();
  start();
  await untilState('done');
  await expectInOrder();
});

it('loses no rotation where the vault or the connector throws', async () => {
  const { rows } = await pool.query(
    'UPDATE org_account_keys k SET key = $2 FROM org_account_keys o WHERE k.org_id = o.org_id AND k.org_id = $1 RETURNING o.key',
    [orgId, 'broken'],
  );
  await ask();
  start();
  await until(async () => (await last())?.error !== null);
  expect((await last())?.state).toBe('queued');
  await pool.query('UPDATE org_account_keys SET key = $2 WHERE org_id = $1', [orgId, rows[0].key]);
  let throwing = 1;
  const { connector } = system;
  const set: typeof connector.set = (...call) =>
    throwing-- > 0 ? Promise.reject(new Error('a bug')) : connector.set(...call);
  system = { ...system, connector: { ...connector, set } };
  await untilState('done');
  await expectInOrder();
});

it('runs one rotation at a time, and lets one more wait', async () => {
  system.state.away = true;
  start();
  await ask();
  await until(async () => (await last())?.state === 'candidate');
  const asked = await Promise.all(
    Array.from({ length: 20 }, (_, index) => ask({ cause: 'revocation', revealed: index === 7 })),
  );
  expect(new Set(asked.map((one) => one?.id)).size).toBe(1);
  expect((await rotationsOf(product, account)).map(({ state, revealed }) => [state, revealed])).toEqual([
    ['candidate', false],
    ['queued', true],
  ]);
  system.state.away = false;
  await until(async () => (await rotationsOf(product, account)).every(({ state }) => state === 'done'));
  await expectInOrder();
  expect(await kept()).toEqual(['3 current', '2 former', '1 former']);
});

it('finds the password that signs in after a restore, or sets a new one', async () => {
  // The backup knows versions 1 and 2; there, version 1 came back with it.
  const known = await plant();
  const lost = await plant();
  for (const id of [known, lost]) {
    await pool.query(`UPDATE account_versions SET state = 'former' WHERE account_id = $1`, [id]);
    await pool.query(
      `INSERT INTO account_versions (org_id, account_id, version, sealed, state) VALUES ($1, $2, 2, $3, 'current')`,
      [orgId, id, await vault.seal(orgId, id, 2, 'of the backup')],
    );
    await pool.query('UPDATE accounts SET version = 2, next_version = 3 WHERE id = $1', [id]);
  }
  await pool.query('DELETE FROM accounts WHERE id = ANY ($1)', [[account, lost]]);
  expect(await askReconciliation(pool, 'org_other')).toBe(0);
  expect(await askReconciliation(pool, orgId)).toBe(1);
  expect(await askReconciliation(pool, orgId)).toBe(0);
  account = known;
  start();
  await untilState('done');
  expect(await kept()).toEqual(['2 former', '1 current']);
  expect(system.state.sets).toEqual([]);
  const { rows: compared } = await pool.query(
    `SELECT detail - 'rotation' - 'name' AS detail FROM audit_events WHERE action = 'account.reconciled' AND target_id = $1`,
    [account],
  );
  expect(compared).toEqual([{ detail: { version: 1, result: 'found', changed: true } }]);

  system.state.password = 'newer than the backup';
  await askReconciliation(pool, orgId);
  await until(async () => (await rotationsOf(product, account)).every(({ state }) => state === 'done'));
  await expectInOrder();
  // The last two are of one transaction, and may be of one millisecond.
  const [first, ...others] = await told();
  expect([first, ...others.toSorted()]).toEqual(['account.reconciled', 'account.reconciled', 'account.rotated']);
});

it('lets a rotation that waited begin with the search after a restore', async () => {
  system.state.password = 'newer than the backup';
  await ask({ cause: 'revocation' });
  expect(await askReconciliation(pool, orgId)).toBe(0);
  start();
  await untilState('done');
  await expectInOrder();
});

it('carries out what is due by its schedule, once', async () => {
  await pool.query(`UPDATE accounts SET every_days = 30, changed_at = now() - interval '31 days' WHERE id = $1`, [
    account,
  ]);
  start();
  start();
  await untilState('done');
  await expectInOrder();
  expect(await rotationsOf(product, account)).toMatchObject([{ cause: 'schedule', state: 'done' }]);
});
