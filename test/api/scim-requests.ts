import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { byOperator } from '../../src/by.ts';
import type { Requests } from './requests.ts';
import type { DocumentedOperation, World } from './world.ts';

const keys = new WeakMap<World, Promise<string>>();

/** An API key of metacortex with the scope `scim`. */
async function keyOf(world: World): Promise<string> {
  const { apiKeys } = world.product.context;
  const make = async () =>
    (await apiKeys.create(world.product.orgs.metacortex.id, { name: 'IdP', scopes: ['scim'] }, byOperator)).apiKey;
  const key = keys.get(world) ?? make();
  keys.set(world, key);
  return key;
}

const person = () => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName: `${randomUUID()}@metacortex.fake`,
  externalId: randomUUID(),
  name: { givenName: 'Switch', familyName: 'Crew' },
  active: true,
});
const crew = (...members: string[]) => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
  displayName: `Crew ${randomUUID()}`,
  members: members.map((value) => ({ value })),
});
const patch = (...Operations: object[]) => ({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations });
const none = { id: 'none' };
const briefly = { attributes: 'displayName' };

async function made(world: World, kind: 'User' | 'Group', body: object): Promise<{ id: string; etag: string }> {
  const { json, headers } = await world.ask(`createScim${kind}`, { as: await keyOf(world), body });
  return { id: json.id, etag: String(headers.get('etag')) };
}

const operationOf = (world: World, id: string) =>
  world.operations.find(({ operationId }) => operationId === id) as DocumentedOperation;

/** Asks for what is refused, and holds that the document says so of the body. */
async function refused(world: World, id: string, asked: { params?: { id: string }; body: object }): Promise<void> {
  const { path, method } = operationOf(world, id);
  const { status } = await world.ask(id, { as: await keyOf(world), ...asked });
  const form = ['paths', path, method, 'requestBody', 'content', 'application/scim+json', 'schema'];
  expect([status, world.errorsOf(form, asked.body).length > 0]).toEqual([400, true]);
}

/** What is asked alike of people and of groups. */
const requestsOf = (kind: 'User' | 'Group', body: () => object, filter: string): Requests => ({
  async [`createScim${kind}`](world) {
    const as = await keyOf(world);
    const given = body();
    await world.ask(`createScim${kind}`, { as, body: given });
    await world.ask(`createScim${kind}`, { as, body: given });
    const { json } = await world.ask(`createScim${kind}`, { as, query: briefly, body: body() });
    expect(Object.keys(json)).toEqual(['schemas', 'id', 'displayName']);
    await world.ask(`createScim${kind}`, { as, body: { schemas: [] } });
    await world.ask(`createScim${kind}`, { as: 'not-a-key', body: given });
    await world.ask(`createScim${kind}`, { as: world.product.orgs.metacortex.apiKey, body: given });
  },
  async [`listScim${kind}s`](world) {
    const as = await keyOf(world);
    await made(world, kind, body());
    const { json } = await world.ask(`listScim${kind}s`, { as, query: { count: '1', sortBy: 'displayName' } });
    if (json.Resources.length !== 1) throw new Error('nothing is listed');
    await world.ask(`listScim${kind}s`, { as, query: { filter, attributes: 'displayName' } });
    await world.ask(`listScim${kind}s`, { as, query: { filter: 'displayName eq' } });
    const { parameters } = operationOf(world, `listScim${kind}s`);
    const example = parameters.find(({ name }) => name === 'filter')?.example as string;
    expect((await world.ask(`listScim${kind}s`, { as, query: { filter: example } })).status).toBe(200);
  },
  async [`searchScim${kind}s`](world) {
    const as = await keyOf(world);
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'];
    await world.ask(`searchScim${kind}s`, { as, body: { schemas, filter, count: 2 } });
    const example = operationOf(world, `searchScim${kind}s`).requestBody?.content['application/scim+json']?.example;
    expect((await world.ask(`searchScim${kind}s`, { as, body: example })).status).toBe(200);
    for (const attributes of ['displayName', ['displayName']]) {
      const { json } = await world.ask(`searchScim${kind}s`, { as, body: { filter, attributes } });
      expect(Object.keys(json.Resources[0])).toEqual(['schemas', 'id', 'displayName']);
    }
  },
  async [`getScim${kind}`](world) {
    const as = await keyOf(world);
    const { id, etag } = await made(world, kind, body());
    await world.ask(`getScim${kind}`, { as, params: { id } });
    await world.ask(`getScim${kind}`, { as, params: { id }, headers: { 'if-none-match': etag } });
    await world.ask(`getScim${kind}`, { as, params: none });
  },
  async [`replaceScim${kind}`](world) {
    const as = await keyOf(world);
    const { id } = await made(world, kind, body());
    await world.ask(`replaceScim${kind}`, { as, params: { id }, body: body() });
    const { json } = await world.ask(`replaceScim${kind}`, { as, params: { id }, query: briefly, body: body() });
    expect(Object.keys(json)).toEqual(['schemas', 'id', 'displayName']);
    await world.ask(`replaceScim${kind}`, { as, params: { id }, body: body(), headers: { 'if-match': 'W/"old"' } });
    await world.ask(`replaceScim${kind}`, { as, params: none, body: body() });
  },
  async [`removeScim${kind}`](world) {
    const as = await keyOf(world);
    const { id } = await made(world, kind, body());
    await world.ask(`removeScim${kind}`, { as, params: { id } });
    await world.ask(`removeScim${kind}`, { as, params: { id } });
  },
});

const fixed: Requests = Object.fromEntries(
  ['Role', 'Schema', 'ResourceType'].flatMap((name): [string, Requests[string]][] => [
    [`listScim${name}s`, async (world) => world.ask(`listScim${name}s`, { as: await keyOf(world) })],
    [
      `getScim${name}`,
      async (world) => {
        const as = await keyOf(world);
        const { json } = await world.ask(`listScim${name}s`, { as });
        await world.ask(`getScim${name}`, { as, params: { id: json.Resources[0].id } });
        await world.ask(`getScim${name}`, { as, params: none });
      },
    ],
  ]),
);

export const scimRequests: Requests = {
  ...requestsOf('User', person, 'userName co "metacortex"'),
  ...requestsOf('Group', () => crew(), 'displayName sw "Crew"'),
  ...fixed,
  async listScimRoles(world) {
    const as = await keyOf(world);
    const { json } = await world.ask('listScimRoles', { as, query: { filter: 'id eq "admin"' } });
    expect(json.Resources).toHaveLength(1);
  },
  async patchScimUser(world) {
    const as = await keyOf(world);
    const { id } = await made(world, 'User', person());
    const body = patch({ op: 'replace', path: 'active', value: false });
    const { json } = await world.ask('patchScimUser', { as, params: { id }, body });
    if (json.active !== false) throw new Error('still active');
    const { json: brief } = await world.ask('patchScimUser', { as, params: { id }, query: briefly, body });
    expect(Object.keys(brief)).toEqual(['schemas', 'id', 'displayName']);
    await refused(world, 'patchScimUser', { params: { id }, body: patch({ op: 'juggle' }) });
    await refused(world, 'patchScimUser', { params: { id }, body: patch() });
    await world.ask('patchScimUser', { as, params: none, body });
  },
  async patchScimGroup(world) {
    const as = await keyOf(world);
    const { id: value } = await made(world, 'User', person());
    const { id } = await made(world, 'Group', crew());
    for (const displayName of [undefined, ' ', 'x'.repeat(513)]) {
      await refused(world, 'createScimGroup', { body: { ...crew(), displayName } });
      await refused(world, 'replaceScimGroup', { params: { id }, body: { ...crew(), displayName } });
    }
    const body = patch({ op: 'add', path: 'members', value: [{ value }] });
    await world.ask('patchScimGroup', { as, params: { id }, body });
    const { json } = await world.ask('patchScimGroup', { as, params: { id }, query: briefly, body });
    expect(Object.keys(json)).toEqual(['schemas', 'id', 'displayName']);
    await world.ask('getScimGroup', { as, params: { id } });
    await world.ask('getScimUser', { as, params: { id: value } });
    await world.ask('patchScimGroup', { as, params: none, body });
  },
  getScimServiceProviderConfig: async (world) => world.ask('getScimServiceProviderConfig', { as: await keyOf(world) }),
};
