import { afterAll, beforeAll, expect, it } from 'vitest';
import { createVault } from '../../src/accounts/vault.ts';
import { newId } from '../../src/database/ids.ts';
import { UnsealError } from '../../src/keyring.ts';
import { type Product, startProduct, type TestOrg } from '../support/product.ts';
import { runCli, runCliAtTerminal } from './processes.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());

const env = () => ({
  DATABASE_URL: product.databaseUrl,
  ENCRYPTION_KEYS: product.context.config.encryptionKeys.map((key) => Buffer.from(key).toString('base64')).join(','),
});
const vault = () => createVault(product.context);

async function plantAccount({ id: orgId }: TestOrg): Promise<string> {
  const id = newId('account');
  const sealed = await vault().seal(orgId, id, 1, 'a password that was kept');
  await product.context.prisma.account.create({
    data: { orgId, id, name: 'Reports', userName: 'reports', connector: 'manual', version: 1, nextVersion: 2 },
  });
  await product.context.prisma.accountVersion.create({
    data: { orgId, accountId: id, version: 1, sealed, state: 'current' },
  });
  return id;
}
async function read({ id: orgId }: TestOrg, id: string): Promise<string> {
  const { rows } = await product.context.pool.query('SELECT sealed FROM account_versions WHERE account_id = $1', [id]);
  return vault().open(orgId, id, 1, rows[0].sealed);
}

const kept = async ({ id }: TestOrg) =>
  (await product.context.pool.query('SELECT FROM account_versions WHERE org_id = $1', [id])).rowCount;

it('makes the passwords of one organisation unreadable, asked twice, on record, and of no other', async () => {
  const { whiterabbit, metacortex } = product.orgs;
  const [ours, theirs] = [await plantAccount(whiterabbit), await plantAccount(metacortex)];
  const erase = (...more: string[]) => ['keys', 'erase', '--org', 'whiterabbit', ...more];
  expect((await runCli(erase(), env())).code).toBe(2);
  expect((await runCliAtTerminal(erase(), env(), 'yes\n')).code).toBe(1);
  expect(await read(whiterabbit, ours)).toBe('a password that was kept');

  const { rows: before } = await product.context.pool.query(
    'SELECT sealed FROM account_versions WHERE account_id = $1',
    [ours],
  );
  const { sealed } = before[0];
  const done = await runCliAtTerminal(erase(), env(), 'erase whiterabbit\n');
  expect([done.code, done.stdout]).toEqual([0, expect.stringContaining('1 password(s) of whiterabbit')]);
  expect(await kept(whiterabbit)).toBe(0);
  await expect(vault().open(whiterabbit.id, ours, 1, sealed)).rejects.toBeInstanceOf(UnsealError);
  expect(await read(metacortex, theirs)).toBe('a password that was kept');
  const { rows } = await product.context.pool.query(
    `SELECT org_id, target_id FROM audit_events WHERE action = 'account.key_erased'`,
  );
  expect(rows).toEqual([{ org_id: whiterabbit.id, target_id: whiterabbit.id }]);

  const again = await runCli(erase('--yes', '--json'), env());
  expect([again.code, JSON.parse(again.stderr).error.code]).toEqual([1, 'conflict']);
  const next = await vault().seal(whiterabbit.id, ours, 2, 'a later one');
  expect(await vault().open(whiterabbit.id, ours, 2, next)).toBe('a later one');
});
