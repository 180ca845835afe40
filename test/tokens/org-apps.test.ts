import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { orgSigningKeyPurpose } from '../../src/database/sealed-places.ts';
import { createApps } from '../../src/downstream/apps.ts';
import { newSigningJwk } from '../../src/signing/rotation.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { inParallel } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type PlantedApp, plantApp } from './planted-apps.ts';
import { walk } from './support.ts';

const redirectUri = 'https://app.fake/callback';
const web = { kind: 'oidc' as const, redirectUris: [redirectUri] };

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

const issuerOf = ({ orgId }: Pick<PlantedApp, 'orgId'>) => `${product.url}/orgs/${orgId}`;

async function tokenOf(app: PlantedApp, form: Record<string, string>) {
  const response = await fetch(`${issuerOf(app)}/oauth/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa(`${app.id}:${app.secret}`)}` },
    body: new URLSearchParams(form),
  });
  return (await response.json()) as { access_token?: string; refresh_token?: string; error?: string };
}

/** Trinity's tokens, by a new browser. */
async function signInAt(app: PlantedApp) {
  const browser = await product.signIn();
  const query = { client_id: app.id, response_type: 'code', redirect_uri: redirectUri, scope: 'openid offline_access' };
  const first = await browser.get(`${issuerOf(app)}/oauth/authorize?${new URLSearchParams(query)}`);
  const { next } = await walk(product, browser, first);
  const code = next?.searchParams.get('code') ?? '';
  return tokenOf(app, { grant_type: 'authorization_code', code, redirect_uri: redirectUri });
}

const whoAt = async (app: PlantedApp, { access_token }: { access_token?: string }) =>
  (await fetch(`${issuerOf(app)}/oauth/userinfo`, { headers: { Authorization: `Bearer ${access_token}` } })).status;

it('a web app that is disabled or removed holds nothing any more, at once, and its neighbour all of it', async () => {
  const { id: orgId } = product.orgs.whiterabbit;
  const apps = createApps({ ...product.context, appFetch: product.context.webhookFetch });
  const [off, gone, neighbour] = await Promise.all([1, 2, 3].map(() => plantApp(product, { id: orgId }, web)));
  const all = [off, gone, neighbour] as [PlantedApp, PlantedApp, PlantedApp];
  const tokens: Awaited<ReturnType<typeof signInAt>>[] = [];
  for (const app of all) tokens.push(await signInAt(app));
  const statuses = () => Promise.all(all.map((app, index) => whoAt(app, tokens[index] ?? {})));
  expect(await statuses()).toEqual([200, 200, 200]);

  await apps.change(orgId, all[0].id, { state: 'disabled' }, byOperator);
  await apps.remove(orgId, all[1].id, byOperator);
  expect(await statuses()).toEqual([401, 401, 200]);
  for (const [index, app] of all.slice(0, 2).entries()) {
    const refresh_token = tokens[index]?.refresh_token as string;
    expect(await tokenOf(app, { grant_type: 'refresh_token', refresh_token })).toMatchObject({
      error: 'invalid_client',
    });
  }
  const { rows } = await product.context.pool.query(
    `SELECT action, detail ->> 'grants' AS grants FROM audit_events WHERE target_id = ANY ($1) ORDER BY at`,
    [all.map(({ id }) => id)],
  );
  expect(rows).toEqual([
    { action: 'app.changed', grants: '1' },
    { action: 'app.removed', grants: '1' },
  ]);

  // On again, it begins anew: what it held stays dead.
  await apps.change(orgId, all[0].id, { state: 'enabled' }, byOperator);
  const refresh_token = tokens[0]?.refresh_token as string;
  expect(await tokenOf(all[0], { grant_type: 'refresh_token', refresh_token })).toEqual(
    expect.objectContaining({ error: 'invalid_grant' }),
  );
  expect(await whoAt(all[0], await signInAt(all[0]))).toBe(200);
});

it('an assertion that an app shows twice at once counts once', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  const server: Server = createServer((_req, res) =>
    res.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] })),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  const app = await plantApp(product, product.orgs.metacortex, { ...web, auth: 'private_key_jwt', jwksUri });
  const now = Math.floor(Date.now() / 1000);
  for (let round = 0; round < 5; round += 1) {
    const assertion = await new SignJWT({ iss: app.id, sub: app.id, aud: issuerOf(app), jti: `round-${round}` })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuedAt(now)
      .setExpirationTime(now + 60)
      .sign(privateKey);
    const errors = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const response = await fetch(`${issuerOf(app)}/oauth/token`, {
          method: 'POST',
          body: new URLSearchParams({
            grant_type: 'authorization_code',
            code: 'none',
            redirect_uri: redirectUri,
            client_id: app.id,
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
            client_assertion: assertion,
          }),
        });
        return ((await response.json()) as { error: string }).error;
      }),
    );
    expect(errors.toSorted()).toEqual([...Array(5).fill('invalid_client'), 'invalid_grant']);
  }
  server.close();
});

it('a test of an app is on record, with who asked for it', async () => {
  const owner = await plantAdministrator(product, 'owner');
  const settings = { endpoint: 'https://app.invalid/revoke', auth: { method: 'signed_jwt', clientId: 'us' } };
  const { body: app } = await owner.send('POST', '/apps', { kind: 'gtr', name: 'Payroll', settings });
  const { body: outcome } = await owner.send('POST', `/apps/${app.id}/test`);
  expect(outcome).toMatchObject({ result: 'again', status: null, error: 'network' });
  const { body } = await owner.send('GET', '/audit-events?action=app.tested');
  expect(body.items).toMatchObject([
    { actor: { type: 'user' }, target: { type: 'app', id: app.id }, detail: { name: 'Payroll', error: 'network' } },
  ]);
});

it('a node that has served 501 organisations has mixed up none of them', async () => {
  const { pool, keyring } = product.context;
  const ids = Array.from({ length: 501 }, (_, index) => `org_many_${index}`);
  await pool.query(
    `INSERT INTO orgs (id, slug, name) SELECT id, replace(id, '_', '-'), id FROM unnest($1::text[]) id`,
    [ids],
  );
  // Making a key takes a tenth of a second: one key, under an id of its own for each.
  const jwk = await newSigningJwk();
  const sealed = await Promise.all(
    ids.map((id) =>
      keyring.encrypt(JSON.stringify({ ...jwk, kid: `key_${id}` }), orgSigningKeyPurpose(id, `key_${id}`)),
    ),
  );
  await pool.query(
    `INSERT INTO org_signing_keys (org_id, id, private_key, active_from)
     SELECT org_id, 'key_' || org_id, private_key, now() - interval '1 day' FROM unnest($1::text[], $2::text[]) AS k (org_id, private_key)`,
    [ids, sealed],
  );
  const [first, last] = await Promise.all(['org_many_0', 'org_many_500'].map((id) => plantApp(product, { id }, web)));
  const kidsOf = async (id: string) => {
    const { keys } = (await (await fetch(`${product.url}/orgs/${id}/oauth/jwks`)).json()) as {
      keys: { kid: string }[];
    };
    return keys.map(({ kid }) => kid);
  };
  await inParallel(ids, 8, async (id) => {
    expect([id, await kidsOf(id)]).toEqual([id, [`key_${id}`]]);
  });
  const code = { grant_type: 'authorization_code', code: 'none', redirect_uri: redirectUri };
  // Each knows its own app and not the other's; the first was forgotten meanwhile, and is made anew.
  expect((await tokenOf(last as PlantedApp, code)).error).toBe('invalid_grant');
  expect((await tokenOf({ ...(first as PlantedApp), orgId: 'org_many_500' }, code)).error).toBe('invalid_client');
  expect((await tokenOf(first as PlantedApp, code)).error).toBe('invalid_grant');
  expect((await tokenOf({ ...(last as PlantedApp), orgId: 'org_many_0' }, code)).error).toBe('invalid_client');
});
