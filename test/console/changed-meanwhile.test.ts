import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createVisitor, fieldsOf } from './sent-form.ts';

type Change = Readonly<Record<string, unknown>>;
type Form = Readonly<{
  path: string;
  act: string;
  /** A field that both change, with what each makes of it. */
  field: string;
  mine: string;
  theirs: string;
  /** How `theirs` is said beside the field. Default: as it is. */
  said?: string;
  /** What the other one sends to the API. */
  api: Readonly<{ path: string; method?: string; body: Change }>;
  /** How it is now, as the form carries it. */
  stored: () => Promise<unknown>;
}>;

let product: Product;
let owner: ReturnType<typeof createVisitor>;
let other: Awaited<ReturnType<typeof plantAdministrator>>;
let person: string;
let connection: string;
let webhook: string;
beforeAll(async () => {
  product = await startProduct();
  owner = createVisitor(product.url, (await plantAdministrator(product, 'owner')).cookie);
  other = await plantAdministrator(product, 'owner');
  person = (await plantUsers(product, 1))[0]?.id as string;
  connection = ((await get('/connections')).items as { id: string }[])[0]?.id as string;
  const added = await other.send('POST', '/webhooks', { url: 'https://hooks.example/first', kinds: ['revocation'] });
  webhook = added.body.id as string;
});
afterAll(() => product.stop());

const get = async (path: string) => (await other.send('GET', path)).body as Record<string, unknown>;
const policy = async (name: string) =>
  ((await get('/policies')).items as { name: string; value: unknown }[]).find((each) => each.name === name)?.value;

const forms: Readonly<Record<string, () => Form>> = {
  'the organisation’s name': () => ({
    path: '/admin/settings/organisation',
    act: 'name',
    field: 'name',
    mine: 'Zion',
    theirs: 'Io',
    api: { path: '', body: { name: 'Io' } },
    stored: async () => (await get('')).name,
  }),
  'its colour': () => ({
    path: '/admin/settings/organisation',
    act: 'colour',
    field: 'colour',
    mine: '#112233',
    theirs: '#445566',
    api: { path: '/look', body: { colour: '#445566' } },
    stored: async () => (await get('/look')).colour,
  }),
  'whom to turn to': () => ({
    path: '/admin/settings/organisation',
    act: 'help',
    field: 'helpText',
    mine: 'Ask Tank',
    theirs: 'Ask Dozer',
    api: { path: '/policies', body: { helpText: 'Ask Dozer' } },
    stored: () => policy('helpText'),
  }),
  'a policy': () => ({
    path: '/admin/settings/authentication',
    act: 'browsers',
    field: 'maxSessions',
    mine: '8',
    theirs: '7',
    said: '7 browsers',
    api: { path: '/policies', body: { maxSessions: 7 } },
    stored: async () => String(await policy('maxSessions')),
  }),
  'what a person is called': () => ({
    path: `/admin/people/${person}/name`,
    act: 'name',
    field: 'name',
    mine: 'Trinity',
    theirs: 'Switch',
    api: { path: `/users/${person}`, body: { name: 'Switch' } },
    stored: async () => (await get(`/users/${person}`)).name,
  }),
  'a webhook’s address': () => ({
    path: `/admin/webhooks/${webhook}`,
    act: 'change',
    field: 'url',
    mine: 'https://hooks.example/mine',
    theirs: 'https://hooks.example/theirs',
    api: { path: `/webhooks/${webhook}`, body: { url: 'https://hooks.example/theirs' } },
    stored: async () => (await get(`/webhooks/${webhook}`)).url,
  }),
  'a person’s role': () => ({
    path: `/admin/settings/administrators/${person}`,
    act: 'role',
    field: 'role',
    mine: 'admin',
    theirs: 'super_admin',
    said: 'Super admin',
    api: { path: `/users/${person}`, body: { role: 'super_admin' } },
    stored: async () => (await get(`/users/${person}`)).role,
  }),
  'a connection’s further issuers': () => ({
    path: `/admin/settings/connections/${connection}/client`,
    act: 'save',
    field: 'acceptedIssuers',
    mine: 'https://mine.example',
    theirs: 'https://theirs.example',
    api: { path: `/connections/${connection}`, body: { acceptedIssuers: ['https://theirs.example'] } },
    stored: async () => ((await get(`/connections/${connection}`)).acceptedIssuers as string[]).join(),
  }),
  'a connection’s name': () => ({
    path: `/admin/settings/connections/${connection}/settings`,
    act: 'save',
    field: 'name',
    mine: 'Keycloak',
    theirs: 'Okta',
    api: { path: `/connections/${connection}`, body: { name: 'Okta' } },
    stored: async () => (await get(`/connections/${connection}`)).name,
  }),
};

describe.each(Object.entries(forms))('what somebody else made meanwhile of %s', (_name, formOf) => {
  it('is shown beside the field, and overwritten only by whoever has seen it', async () => {
    const { path, act, field, mine, theirs, said = theirs, api, stored } = formOf();
    const { page } = await owner.open(path);
    const before = fieldsOf(page, act).get(field);
    expect((await other.send(api.method ?? 'PATCH', api.path, api.body)).status).toBe(200);

    const refused = await owner.send(path, act, { [field]: mine }, page);
    expect(refused.status).toBe(409);
    expect(refused.page.match(/id="problem"/g)).toHaveLength(1);
    expect(refused.page.match(/class="theirs"/g)).toHaveLength(1);
    expect(refused.text).toContain(`Somebody else changed this meanwhile. It is now: ${said}.`);
    expect(fieldsOf(refused.page, act).get(field)).toBe(mine);
    expect(await stored()).toBe(theirs);

    expect((await owner.send(path, act, {}, refused.page)).status).toBe(303);
    expect(await stored()).toBe(mine);

    // Whoever leaves the field alone doesn't take it back to what their page had shown.
    expect(before).not.toBe(mine);
    expect((await owner.send(path, act, {}, page)).status).toBe(303);
    expect(await stored()).toBe(mine);
  });

  it('is no conflict where both made the same of it', async () => {
    const { path, act, field, theirs, api, stored } = formOf();
    const { page } = await owner.open(path);
    expect((await other.send(api.method ?? 'PATCH', api.path, api.body)).status).toBe(200);
    expect((await owner.send(path, act, { [field]: theirs }, page)).status).toBe(303);
    expect(await stored()).toBe(theirs);
  });
});

it('is said in a form that comes back after an authentication, too', async () => {
  const path = '/admin/settings/organisation';
  const administrator = await plantAdministrator(product, 'owner');
  const late = createVisitor(product.url, administrator.cookie);
  const { page } = await late.open(path);
  await product.context.pool.query(
    `UPDATE sessions SET authenticated_at = now() - interval '1 day' WHERE user_id = $1`,
    [administrator.id],
  );
  expect((await late.send(path, 'name', { name: 'Zero One' }, page)).status).toBe(401);
  expect((await other.send('PATCH', '', { name: 'Machine City' })).status).toBe(200);
  await product.context.pool.query('UPDATE sessions SET authenticated_at = now() WHERE user_id = $1', [
    administrator.id,
  ]);
  const kept = await late.open(path);
  expect(fieldsOf(kept.page, 'name').get('name')).toBe('Zero One');
  expect(kept.text).toContain('It is now: Machine City.');
});
