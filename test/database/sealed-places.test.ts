import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAccounts } from '../../src/accounts/accounts.ts';
import { passwordRules } from '../../src/accounts/make-password.ts';
import { byOperator } from '../../src/by.ts';
import { sealedPlaces } from '../../src/database/sealed-places.ts';
import { gtrSettings, oidcSettings, ssfSettings } from '../../src/downstream/app-settings.ts';
import { createApps } from '../../src/downstream/apps.ts';
import { createStreams } from '../../src/downstream/ssf/streams.ts';
import { sealedPrefixes, sealingKeyId } from '../../src/keyring.ts';
import { createEventPolls } from '../../src/signals/event-polls.ts';
import { loadOrgKeys } from '../../src/signing/org-keys.ts';
import { type Product, startProduct } from '../support/product.ts';
import { tokensOf } from '../tokens/support.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());

/** Sealed with a key that is itself sealed, and is in the list: that one alone is sealed anew. */
const bySealedKeys = ['account_versions.sealed', 'accounts.admin_password'];

/** The columns of the database that hold something sealed: `sessions.id_token`, …. */
async function columnsWithSealedTexts(): Promise<string[]> {
  const { pool } = product.context;
  const { rows: columns } = await pool.query<{ schema: string; table: string; column: string }>(
    `SELECT table_schema AS schema, table_name AS "table", column_name AS "column"
     FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema IN ('public', 'graphile_worker') AND table_type = 'BASE TABLE'`,
  );
  // Up to the key's id all keyrings begin alike.
  const [prefix = ''] = sealedPrefixes([Buffer.alloc(32)]);
  const found = await Promise.all(
    columns.map(async ({ schema, table, column }) => {
      const { rows } = await pool.query(
        `SELECT EXISTS (SELECT FROM ${schema}."${table}" WHERE "${column}"::text LIKE '%' || $1 || '%') AS sealed`,
        [prefix.slice(0, 48)],
      );
      return rows[0].sealed ? [`${table}.${column}`] : [];
    }),
  );
  return found.flat().toSorted();
}

it('lists every column that holds something sealed, once everything has been used', async () => {
  const { context, orgs } = product;
  const { id: orgId } = orgs.whiterabbit;
  await context.prisma.connection.updateMany({ where: { orgId }, data: { signOutAtIdp: true } });
  const browser = await product.signIn();
  // An app's sign-in makes the signing key, and leaves interactions, codes and tokens.
  await tokensOf(product, {}, browser);
  await browser.beginSignIn({ appUrl: product.url, org: 'whiterabbit' });
  const hook = { url: 'https://hooks.example/in', kinds: ['user_deactivated'], active: true };
  const { id } = await context.webhooks.add(orgId, hook, byOperator);
  await context.webhooks.rotateSecret(orgId, id, byOperator);
  // One app behind is shown a key, the other shows us a secret; the organisation signs for both.
  const apps = createApps({ ...context, appFetch: context.webhookFetch });
  const shown = gtrSettings.parse({ endpoint: 'https://crm.example/gtr', auth: { method: 'bearer' } });
  await apps.add(orgId, { kind: 'gtr', name: 'CRM', settings: shown, credential: 'a-key' }, byOperator);
  const shows = oidcSettings.parse({ redirectUris: ['https://wiki.example/callback'] });
  await apps.add(orgId, { kind: 'oidc', name: 'Wiki', settings: shows }, byOperator);
  const takes = ssfSettings.parse({ audience: 'https://siem.example' });
  const { id: receiver } = await apps.add(orgId, { kind: 'ssf', name: 'SIEM', settings: takes }, byOperator);
  await createStreams({ ...context, wake: () => {} }).create(orgId, receiver, {
    delivery: { method: 'push', endpointUrl: 'https://siem.example/events', header: 'Bearer a-key' },
    eventsRequested: [],
    description: null,
  });
  const fetched = { endpoint: 'http://127.0.0.1:1/poll', auth: { method: 'bearer' as const }, credential: 'a-token' };
  await createEventPolls(context).set(orgId, orgs.whiterabbit.connectionId, fetched, byOperator);
  await loadOrgKeys(context, orgId);
  // Passwords of shared accounts are sealed with a key of the organisation's own.
  const administrator = { userName: 'root', password: 'a-password' };
  await createAccounts(context).add(
    orgId,
    {
      ...{ name: 'Computer', userName: 'operator', place: '', notes: '', connector: 'manual', settings: {} },
      ...{ administrator, passwordRules: passwordRules.parse({}), everyDays: null, password: 'a-password' },
    },
    { changer: { userId: orgs.whiterabbit.userId, changesAll: true }, by: byOperator },
  );
  // A confirmation goes to the administrator and back.
  await context.prisma.user.updateMany({ where: { orgId }, data: { role: 'owner' } });
  const asked = await browser.post('/api/orgs/current/revocations', { json: { everyone: true } });
  expect([asked.status, asked.text]).toEqual([409, expect.stringContaining('"confirmation":"ey')]);
  // What was typed is kept while an administrator signs in again.
  await context.pool.query(`UPDATE sessions SET authenticated_at = now() - interval '1 day'`);
  const form = { do: 'sign-out', once: 'any-such-mark', administrators: 'Laptop stolen' };
  expect((await browser.post('/admin/people/nobody/sign-out', { form })).status).toBe(401);
  await product.revoke();
  await product.signIn();
  const listed = sealedPlaces.map(({ table, column }) => `${table}.${column}`);
  expect(await columnsWithSealedTexts()).toEqual([...listed, ...bySealedKeys].toSorted());
});

it('knows the primary key of each place', async () => {
  for (const { table, key } of sealedPlaces) {
    const { rows } = await product.context.pool.query(
      `SELECT a.attname AS name, a.atttypid::regtype::text AS type FROM pg_index i
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
       WHERE i.indrelid = $1::regclass AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)`,
      [table],
    );
    expect(rows).toEqual(key.map((name) => ({ name, type: 'text' })));
  }
});

it('has no further file that seals: whatever is stored needs a place in the list', () => {
  const src = path.resolve(import.meta.dirname, '../../src');
  const sealing = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith(path.join('database', 'generated')))
    .filter((file) => /\.encrypt\(/.test(readFileSync(path.join(src, file), 'utf8')))
    .toSorted();
  expect(sealing).toEqual([
    'accounts/vault.ts',
    // To an administrator and back, within five minutes.
    'admin/confirmation.ts',
    // These pass on what the others say.
    'cli/workspace.ts',
    'connections/client-secret.ts',
    // In a page of whoever imports, until they have seen what would be added.
    'console/account-import-screen.ts',
    // In a table, for a quarter of an hour, until the person is back from signing in again.
    'console/kept-forms.ts',
    // In an address of the person's own, for a quarter of an hour.
    'console/sealed-search.ts',
    'database/seal-anew.ts',
    'downstream/apps.ts',
    // Kept nowhere: what a stranger would show.
    'downstream/send-test.ts',
    'downstream/ssf/streams.ts',
    // In files of a node's own, until their calls are carried out.
    'journal/folder.ts',
    'keyring.ts',
    // In an address, for a minute.
    'me/way-out.ts',
    'notifications/webhooks.ts',
    'sessions/sealed-id-token.ts',
    // In a browser's cookie, for ten minutes.
    'sign-in/sealed-state.ts',
    'signals/event-polls.ts',
    'signing/org-keys.ts',
    'tokens/signing-keys.ts',
  ]);
});

it('reads from a sealed text by which key it was sealed', async () => {
  const sealed = await product.context.keyring.encrypt('a text', 'a purpose');
  expect(sealingKeyId(sealed)).toMatch(/^[\w-]{11}$/);
  expect(sealed.startsWith(sealedPrefixes([Buffer.alloc(32, 7)])[0] as string)).toBe(true);
  expect(sealingKeyId('sealed')).toBeNull();
});
