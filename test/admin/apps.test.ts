import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../src/database/ids.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';

type Person = Awaited<ReturnType<typeof plantAdministrator>>;

let product: Product;
let owner: Person;
let superAdmin: Person;
let admin: Person;
let stranger: Person;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
  superAdmin = await plantAdministrator(product, 'super_admin');
  admin = await plantAdministrator(product, 'admin');
  stranger = await plantAdministrator(product, 'owner', { org: 'metacortex' });
});
afterAll(() => product.stop());

const credential = 'the-bearer-key-of-payroll';
const endpoint = 'https://Payroll.example:443/global-token-revocation';
const gtr = { kind: 'gtr', name: 'Payroll', settings: { endpoint, auth: { method: 'bearer' } }, credential };
const oidc = { kind: 'oidc', name: 'Wiki', settings: { redirectUris: ['https://wiki.example/callback'] } };
const mailApp = { kind: 'oidc', name: 'Mail', settings: { redirectUris: ['https://mail.example/callback'] } };

/** The pointers of what is wrong. */
const wrongIn = async (method: string, path: string, body: object) => {
  const { status, body: problem } = await owner.send(method, path, body);
  expect(status).toBe(400);
  return (problem.errors as { pointer: string }[]).map(({ pointer }) => pointer);
};

it('adds, shows, changes and removes apps of each kind', async () => {
  const payroll = await superAdmin.send('POST', '/apps', gtr);
  expect(payroll).toMatchObject({ status: 201, body: { kind: 'gtr', state: 'enabled', hasCredential: true } });
  // To the byte: it is the audience of what is sent.
  expect(payroll.body).toMatchObject({ clientSecret: null, settings: { endpoint, concerns: { who: 'everyone' } } });
  const wiki = await owner.send('POST', '/apps', oidc);
  expect(wiki.body).toMatchObject({ hasClientSecret: true, clientSecret: expect.stringMatching(/^[\w-]{43}$/) });
  const mail = await owner.send('POST', '/apps', mailApp);
  expect(mail.body).toMatchObject({ clientSecret: expect.stringMatching(/^[\w-]{43}$/) });
  const { body: all } = await admin.send('GET', '/apps');
  expect((all.items as { name: string }[]).map(({ name }) => name)).toEqual(['Payroll', 'Wiki', 'Mail']);

  const at = `/apps/${payroll.body.id}`;
  const changed = await superAdmin.send('PATCH', at, {
    name: 'Wages',
    state: 'paused',
    settings: { member: 'subject' },
  });
  expect(changed.body).toMatchObject({ name: 'Wages', state: 'paused', settings: { member: 'subject', endpoint } });
  // What was given for one address is shown to no other.
  const elsewhere = { settings: { endpoint: 'https://elsewhere.example/revoke' } };
  expect(await wrongIn('PATCH', at, elsewhere)).toEqual(['#/credential']);
  expect((await owner.send('PATCH', at, { ...elsewhere, credential: 'another-key' })).status).toBe(200);
  // One host may have an address for each of its customers.
  const neighbour = { settings: { endpoint: 'https://elsewhere.example/other-customer' } };
  expect(await wrongIn('PATCH', at, neighbour)).toEqual(['#/credential']);

  const made = await owner.send('POST', `/apps/${wiki.body.id}/secret`);
  expect(made.status).toBe(200);
  expect(made.body.clientSecret).not.toBe(wiki.body.clientSecret);
  expect((await owner.send('POST', `${at}/secret`)).status).toBe(409);

  for (const { body } of [payroll, wiki, mail]) {
    expect((await owner.send('DELETE', `/apps/${body.id}`)).status).toBe(204);
    expect((await owner.send('GET', `/apps/${body.id}`)).status).toBe(404);
  }
  const { body: record } = await owner.send('GET', '/audit-events?action=app.&limit=200');
  const actions = (record.items as { action: string }[]).map(({ action }) => action);
  expect(actions.filter((action) => action === 'app.added')).toHaveLength(3);
  expect(actions).toEqual(expect.arrayContaining(['app.changed', 'app.removed', 'app.secret_made']));
  const secrets = [credential, 'another-key', wiki.body.clientSecret, mail.body.clientSecret, made.body.clientSecret];
  const told = JSON.stringify([record, all, changed.body]);
  for (const secret of secrets) expect(told).not.toContain(secret);
});

it('makes a secret for an app that shows one from now on', async () => {
  const settings = { ...oidc.settings, auth: 'private_key_jwt', jwksUri: 'https://wiki.example/jwks' };
  const { body: wiki } = await owner.send('POST', '/apps', { ...oidc, settings });
  expect(wiki).toMatchObject({ hasClientSecret: false, clientSecret: null });
  const at = `/apps/${wiki.id}`;
  const byKey = await owner.send('PATCH', at, { name: 'Our wiki' });
  expect(byKey.body).toMatchObject({ hasClientSecret: false, clientSecret: null });
  const bySecret = await owner.send('PATCH', at, { settings: { auth: 'client_secret_basic' } });
  expect(bySecret.body).toMatchObject({ hasClientSecret: true, clientSecret: expect.stringMatching(/^[\w-]{43}$/) });
  expect((await owner.send('PATCH', at, { name: 'Wiki' })).body).toMatchObject({ clientSecret: null });
  expect((await owner.send('DELETE', at)).status).toBe(204);
});

it('signs nothing that would pass for an ID token at one of the org’s web apps', async () => {
  const { body: wiki } = await owner.send('POST', '/apps', oidc);
  const auth = (audience: string) => ({ method: 'signed_jwt', audience, clientId: owner.id });
  const forging = { kind: 'gtr', name: 'Forger', settings: { endpoint, auth: auth(wiki.id as string) } };
  expect(await wrongIn('POST', '/apps', forging)).toEqual(['#/settings/auth/audience']);
  const honest = { ...forging, settings: { endpoint, auth: auth('https://payroll.example/revoke') } };
  const { status, body: made } = await owner.send('POST', '/apps', honest);
  expect(status).toBe(201);
  const change = { settings: { auth: auth(wiki.id as string) } };
  expect(await wrongIn('PATCH', `/apps/${made.id}`, change)).toEqual(['#/settings/auth/audience']);
  for (const { id } of [wiki, made]) expect((await owner.send('DELETE', `/apps/${id}`)).status).toBe(204);
});

it('lets a front-channel address stand only where the app signs people in', async () => {
  const settings = { ...oidc.settings, frontchannelLogoutUri: 'https://elsewhere.example/logout' };
  expect(await wrongIn('POST', '/apps', { ...oidc, settings })).toEqual(['#/settings/frontchannelLogoutUri']);
  const here = { ...settings, frontchannelLogoutUri: 'https://wiki.example/logout' };
  const { status, body } = await owner.send('POST', '/apps', { ...oidc, settings: here });
  expect([status, body.settings]).toMatchObject([201, { frontchannelLogoutUri: here.frontchannelLogoutUri }]);
  await owner.send('DELETE', `/apps/${body.id}`);
});

it('keeps no secret in clear anywhere in the database', async () => {
  const { body: payroll } = await owner.send('POST', '/apps', { ...gtr, credential: 'clear-text-of-a-key' });
  const { body: mail } = await owner.send('POST', '/apps', mailApp);
  const { pool } = product.context;
  const tables = await pool.query<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  for (const { name } of tables.rows) {
    const { rows } = await pool.query(
      `SELECT count(*)::int AS found FROM ${name} t WHERE t::text LIKE ANY (ARRAY['%clear-text-of-a-key%', $1])`,
      [`%${mail.clientSecret}%`],
    );
    expect({ name, found: rows[0].found }).toEqual({ name, found: 0 });
  }
  for (const { id } of [payroll, mail]) await owner.send('DELETE', `/apps/${id}`);
});

it('names the member that is wrong', async () => {
  const settings = (more: object) => ({ ...gtr, settings: { ...gtr.settings, ...more } });
  expect(await wrongIn('POST', '/apps', settings({ endpoint: 'https://10.0.0.1/' }))).toEqual(['#/settings/endpoint']);
  expect(await wrongIn('POST', '/apps', settings({ naming: 'shoe size' }))).toEqual(['#/settings/naming']);
  expect(await wrongIn('POST', '/apps', settings({ concerns: { who: 'groups', groups: ['grp_none'] } }))).toEqual([
    '#/settings/concerns/groups',
  ]);
  const auth = { method: 'oauth', tokenEndpoint: 'ftp://a', clientId: 'us', clientAuth: 'private_key_jwt' };
  expect(await wrongIn('POST', '/apps', { ...settings({ auth }), credential: undefined })).toEqual([
    '#/settings/auth/tokenEndpoint',
  ]);
  expect(await wrongIn('POST', '/apps', { ...gtr, credential: undefined })).toEqual(['#/credential']);
  expect(await wrongIn('POST', '/apps', { ...mailApp, credential })).toEqual(['#/credential']);
  const pages = ['https://wiki.example/callback', 'http://wiki.example/', 'https://wiki.example/#x'];
  const wiki = { ...oidc, settings: { redirectUris: pages, auth: 'private_key_jwt' } };
  expect(await wrongIn('POST', '/apps', wiki)).toEqual([
    '#/settings/redirectUris/1',
    '#/settings/redirectUris/2',
    '#/settings/jwksUri',
  ]);
  const { body } = await owner.send('POST', '/apps', mailApp);
  expect(await wrongIn('PATCH', `/apps/${body.id}`, { settings: { auth: 'lunch', who: 1 } })).toEqual([
    '#/settings/auth',
    '#/settings/who',
  ]);
});

it('leaves apps that sign people in to owners', async () => {
  expect((await superAdmin.send('POST', '/apps', oidc)).status).toBe(403);
  const { body } = await owner.send('POST', '/apps', oidc);
  const at = `/apps/${body.id}`;
  for (const [method, path, json] of [
    ['PATCH', at, { state: 'paused' }],
    ['POST', `${at}/secret`],
    ['DELETE', at],
  ] as const)
    expect((await superAdmin.send(method, path, json)).status).toBe(403);
  expect((await admin.send('GET', at)).status).toBe(200);
  expect((await owner.send('DELETE', at)).status).toBe(204);
});

it('says who is who there, one by one and by a list, and nothing to another org', async () => {
  const { body: added } = await owner.send('POST', '/apps', gtr);
  const at = `/apps/${added.id}`;
  const { pool } = product.context;
  const { rows } = await pool.query('SELECT id, email FROM users WHERE id = ANY ($1)', [[superAdmin.id, admin.id]]);
  const emailOf = (id: string) => rows.find((row) => row.id === id).email as string;
  expect((await owner.send('PUT', `${at}/people/${owner.id}`, { nameThere: 'E-1' })).body.nameThere).toBe('E-1');
  const csv = `user,id\r\n${emailOf(superAdmin.id).toUpperCase()};"E-""2"""\n${admin.id},E-3\nnobody@whiterabbit.fake,E-4\n${stranger.id},E-5\n`;
  const imported = await owner.send('POST', `${at}/people/import`, { csv });
  expect(imported.body).toEqual({
    set: 2,
    unknown: 2,
    lines: [
      { line: 4, who: 'nobody@whiterabbit.fake' },
      { line: 5, who: stranger.id },
    ],
  });
  const first = await admin.send('GET', `${at}/people?limit=2`);
  const second = await admin.send('GET', `${at}/people?limit=2&cursor=${first.body.next}`);
  const items = [first, second].flatMap(({ body }) => body.items as { userId: string; nameThere: string }[]);
  expect(new Map(items.map(({ userId, nameThere }) => [userId, nameThere]))).toEqual(
    new Map([
      [owner.id, 'E-1'],
      [superAdmin.id, 'E-"2"'],
      [admin.id, 'E-3'],
    ]),
  );
  expect((await owner.send('POST', `${at}/people/import`, { csv: 'nonsense' })).body.detail).toContain('Line 1');
  const many = Array.from({ length: 10_001 }, (_, index) => `${index}@whiterabbit.fake,${index}`).join('\n');
  expect((await owner.send('POST', `${at}/people/import`, { csv: many })).status).toBe(400);
  expect((await owner.send('PUT', `${at}/people/${stranger.id}`, { nameThere: 'E-6' })).status).toBe(404);

  for (const [method, path, json] of [
    ['GET', at],
    ['PATCH', at, { state: 'disabled' }],
    ['DELETE', at],
    ['POST', `${at}/secret`],
    ['GET', `${at}/people`],
    ['PUT', `${at}/people/${stranger.id}`, { nameThere: 'E-7' }],
    ['POST', `${at}/people/import`, { csv: `${owner.id},E-8` }],
    ['DELETE', `${at}/people/${owner.id}`],
  ] as const)
    expect([path, (await stranger.send(method, path, json)).status]).toEqual([path, 404]);
  expect((await stranger.send('GET', '/apps')).body).toEqual({ items: [] });
  expect((await owner.send('DELETE', `${at}/people/${owner.id}`)).status).toBe(204);
  expect((await owner.send('DELETE', `${at}/people/${owner.id}`)).status).toBe(404);
});

it('shows what was passed on, sends it again, and forgets it with its app', async () => {
  const { body: added } = await owner.send('POST', '/apps', gtr);
  const { pool } = product.context;
  const ids = [newId('forward'), newId('forward')];
  for (const [index, id] of ids.entries())
    await pool.query(
      `INSERT INTO forwards (org_id, id, app_id, user_id, revocation_id, event_id, status, error, http_status, attempts, revoked_at, names)
       VALUES ($1, $2, $3, $4, 'rev_1', 'evt_1', $5, 'refused', 403, 1, now() - interval '1 hour', '{"email":"a@b.fake"}')`,
      [
        product.orgs.whiterabbit.id,
        id,
        added.id,
        index === 0 ? owner.id : admin.id,
        index === 0 ? 'dead' : 'delivered',
      ],
    );
  await pool.query(
    `INSERT INTO forward_attempts (org_id, forward_id, number, status, duration_ms, error) VALUES ($1, $2, 1, 403, 12, 'refused')`,
    [product.orgs.whiterabbit.id, ids[0]],
  );
  const { body: page } = await admin.send('GET', `/forwards?app=${added.id}&limit=1`);
  expect(page.items).toMatchObject([{ app: added.id, appName: 'Payroll' }]);
  expect(page.next).not.toBeNull();
  const { body: dead } = await admin.send('GET', `/forwards?revocation=rev_1&status=dead&user=${owner.id}`);
  expect((dead.items as { id: string }[]).map(({ id }) => id)).toEqual([ids[0]]);
  expect((await admin.send('GET', `/forwards/${ids[0]}`)).body).toMatchObject({
    status: 'dead',
    log: [{ number: 1, status: 403, durationMs: 12, error: 'refused' }],
  });
  expect((await stranger.send('GET', `/forwards?app=${added.id}`)).body).toEqual({ items: [], next: null });
  expect((await stranger.send('GET', `/forwards/${ids[0]}`)).status).toBe(404);
  expect((await stranger.send('POST', `/forwards/${ids[0]}/replay`)).status).toBe(404);
  expect((await admin.send('POST', `/forwards/${ids[0]}/replay`)).status).toBe(403);
  expect((await owner.send('POST', `/forwards/${ids[1]}/replay`)).status).toBe(409);
  expect((await owner.send('GET', `/forwards?app=${added.id}`)).body.items).toMatchObject(
    [...ids].reverse().map((id) => ({ id, replayable: id === ids[0] })),
  );
  const name = (names: object) =>
    pool.query('UPDATE forwards SET names = $2 WHERE id = $1', [ids[0], JSON.stringify(names)]);
  await name({});
  expect((await owner.send('GET', `/forwards/${ids[0]}`)).body).toMatchObject({ replayable: false });
  const forgotten = await owner.send('POST', `/forwards/${ids[0]}/replay`);
  expect(forgotten).toMatchObject({ status: 409, body: { detail: expect.stringContaining('no longer kept') } });
  await name({ email: 'a@b.fake' });
  expect((await owner.send('POST', `/forwards/${ids[0]}/replay`)).body).toMatchObject({ status: 'pending' });
  expect((await owner.send('GET', `/apps/${added.id}`)).body).toMatchObject({ waiting: 1, dead: 0 });
  // Disabled, it hears of nothing any more.
  await owner.send('PATCH', `/apps/${added.id}`, { state: 'disabled' });
  expect((await owner.send('GET', `/forwards/${ids[0]}`)).body).toMatchObject({ status: 'cancelled' });
  await owner.send('DELETE', `/apps/${added.id}`);
  expect((await owner.send('GET', `/forwards/${ids[0]}`)).status).toBe(404);
});

it('sends again all that it could not be told, however many that are', async () => {
  const { body: added } = await owner.send('POST', '/apps', { ...gtr, name: 'Away for long' });
  const { pool } = product.context;
  const plant = (people: number, names: string, at: string) =>
    pool.query(
      `INSERT INTO forwards (org_id, id, app_id, user_id, revocation_id, event_id, status, error, attempts, revoked_at, created_at, names)
       SELECT $1, 'fwd_' || gen_random_uuid(), $2, 'usr_planted_' || n, 'rev_1', 'evt_1', 'dead', 'refused', 1, $5, $5, $4
       FROM generate_series(1, $3) AS n`,
      [product.orgs.whiterabbit.id, added.id, people, names, at],
    );
  await owner.send('PATCH', `/apps/${added.id}`, { state: 'paused' });
  await plant(1_200, '{"email":"a@b.fake"}', new Date(Date.now() - 3_600_000).toISOString());
  await plant(2_500, '{"email":"a@b.fake"}', new Date(Date.now() - 60_000).toISOString());
  const replay = () => owner.send('POST', `/apps/${added.id}/replay`);
  expect((await replay()).body).toEqual({ replayed: 2_500, more: false });
  // Of those, the earlier ones are overtaken.
  expect((await replay()).body).toEqual({ replayed: 0, more: false });
  expect((await owner.send('GET', `/apps/${added.id}`)).body).toMatchObject({ waiting: 2_500 });
  await owner.send('DELETE', `/apps/${added.id}`);
});

it('has fifty at most', async () => {
  const { body } = await stranger.send('GET', '/apps');
  expect(body.items).toEqual([]);
  const sent = await Promise.all(Array.from({ length: 51 }, () => stranger.send('POST', '/apps', mailApp)));
  expect(sent.map(({ status }) => status).toSorted()).toEqual([...Array(50).fill(201), 409]);
});
