import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roles } from '../../src/api/permissions.ts';
import { createApp } from '../../src/app.ts';
import { actions } from '../../src/audit/actions.ts';
import { actorTypes } from '../../src/by.ts';
import { Initiator } from '../../src/database/generated/client.ts';
import { problems } from '../../src/errors.ts';
import { kinds } from '../../src/notifications/kinds.ts';
import { apiKeyScopes } from '../../src/orgs/api-keys.ts';
import { requests } from './requests.ts';
import { routesOf } from './routes.ts';
import { type Content, createWorld, type Json, type OpenApi, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.stop());

/** Routes that no documented operation stands for, and why. */
const leftOut = new Map([
  ['post /api/signin', 'answers 404 to whoever tries a password, as the workshop’s client does'],
  ['all /scim/v2/Me', 'answers 501: RFC 7644 §3.11 leaves it open'],
  ['all /scim/v2/Bulk', 'answers 501: RFC 7644 §3.7 leaves it open'],
  // An org's issuer has what the product's own has, and tells it in its metadata.
  ...[
    ...['openid-configuration', 'oauth-authorization-server'].map((name) => `get /.well-known/${name}/orgs/{org}`),
    ...['interaction/{uid}', 'end-session'].flatMap((path) =>
      ['get', 'post'].map((method) => `${method} /orgs/{org}/oauth/${path}`),
    ),
  ].map((route): [string, string] => [route, 'named by the metadata of the org’s issuer']),
]);

describe('/openapi.json', () => {
  it('is a valid OpenAPI 3.1 document of this server', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone<Record<string, unknown>>(world.document));
    expect({ valid, errors }).toMatchObject({ valid: true });
    expect(world.document).toMatchObject({ openapi: '3.1.1', servers: [{ url: world.product.url }] });
  });

  it('has every route of the app, and no other', () => {
    const { routes, files } = routesOf(() => createApp(world.product.context));
    const here = routes.map(({ method, path }) => `${method} ${path}`).filter((route) => !leftOut.has(route));
    const documented = world.operations.map(({ method, path }) => `${method} ${path}`);
    expect(documented.toSorted()).toEqual([...new Set(here)].toSorted());
    expect(documented.length).toBeGreaterThan(35);
    expect(files).toEqual(['/assets']);
  });

  it('names each operation once, and none by halves', () => {
    const ids = world.operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(requests).filter((id) => !ids.includes(id))).toEqual([]);
  });
});

describe('every documented operation', () => {
  it('is asked by this test, but for the pages of the console, which test/console/pages.test.ts asks', () => {
    const asked = world.operations.filter(({ path }) => !/^\/(?:admin|accounts)(?:\/|$)/.test(path));
    expect(asked.map(({ operationId }) => operationId).filter((id) => !(id in requests))).toEqual([]);
  });

  it.each(Object.entries(requests))('%s answers as it is documented', async (id, request) => {
    await request(world);
    expect(world.succeeded).toContain(id);
  });
});

describe('a form', () => {
  const errorsOfBody = (id: string, body: unknown) => {
    const { path, method } = world.operations.find(({ operationId }) => operationId === id) ?? {};
    const where = ['paths', path, method, 'requestBody', 'content', 'application/json', 'schema'] as string[];
    return world.errorsOf(where, body);
  };

  it.each(['', ' ', '\t\n'])('of a todo refuses %j, as the server does', async (task) => {
    expect(errorsOfBody('addTodo', { task })).not.toEqual([]);
    expect(errorsOfBody('changeTodo', { task })).not.toEqual([]);
    const added = await world.ask('addTodo', { as: world.owner, body: { task: 'Wake up' } });
    const params = { id: added.json.id };
    expect((await world.ask('addTodo', { as: world.owner, body: { task } })).status).toBe(400);
    expect((await world.ask('changeTodo', { as: world.owner, params, body: { task } })).status).toBe(400);
  });

  it('of a todo takes members that are not its own, as the server does', async () => {
    const body = { task: 'Wake up', id: 'tod_x', colour: 'white' };
    expect(errorsOfBody('addTodo', body)).toEqual([]);
    expect((await world.ask('addTodo', { as: world.owner, body })).status).toBe(201);
  });
});

it('names both events that a stream may bring', () => {
  const { description } = world.operations.find(({ operationId }) => operationId === 'streamEvents') ?? {};
  for (const event of ['signed-out', 'notifications']) expect(description).toContain(`- \`${event}\`: `);
});

describe('the document', () => {
  it('says in a sentence what each tag and operation is', () => {
    const { tags } = world.document;
    expect(tags.filter(({ description }) => !description).map(({ name }) => name)).toEqual([]);
    const said = world.operations.filter(({ description, summary }) => description && summary);
    expect(said.length).toBe(world.operations.length);
  });

  it('has a name for every JSON body and every JSON answer', () => {
    const nameless = contents()
      .filter(({ type, schema, status }) => /[+/]json$/.test(type) && status < 400 && !schema?.$ref)
      .filter(({ schema }) => !(schema?.items as Json)?.$ref);
    expect(nameless.map(({ operationId, status }) => `${operationId} ${status}`)).toEqual([]);
  });

  it('lists what may occur where the choice is closed', () => {
    const at = (schema: string, ...members: string[]) =>
      members.reduce<Json>(
        (of, member) => (of.properties as Record<string, Json>)[member] as Json,
        schemas()[schema] as Json,
      );
    expect(at('AuditEvent', 'action').enum).toEqual(actions);
    expect(at('AuditEvent', 'actor', 'type').enum).toEqual(actorTypes);
    expect(at('Notification', 'kind').enum).toEqual(kinds);
    expect(at('Revocation', 'initiator').enum).toEqual(Object.values(Initiator));
    expect(at('User', 'role').enum).toEqual(roles);
    expect((at('ApiKey', 'scopes').items as Json).enum).toEqual(apiKeyScopes);
    expect(at('RefusedCall', 'code').enum).toEqual(Object.keys(problems));
  });

  it('has no pattern that means something else without the flag u', () => {
    const patterns = new Set<string>();
    JSON.stringify(world.document, (name, value) => {
      if (name === 'pattern' && typeof value === 'string') patterns.add(value);
      return value;
    });
    expect(patterns.size).toBeGreaterThan(3);
    for (const pattern of patterns) {
      // These are escapes that only the flag knows, and characters that are two without it.
      expect(pattern).not.toMatch(/\\[pP]\{|\\u\{|[\ud800-\udfff]/);
      expect(() => [new RegExp(pattern), new RegExp(pattern, 'u')], pattern).not.toThrow();
    }
    expect(JSON.stringify(schemas().NewApiKey)).toContain('It must be one line without control characters.');
  });

  it('describes what is posted to webhooks, each kind with its headers', () => {
    const { webhooks } = world.document;
    expect(Object.keys(webhooks)).toEqual([...kinds, 'test']);
    for (const { post } of Object.values(webhooks))
      expect(post?.parameters?.map(({ name }) => name)).toEqual([
        'webhook-id',
        'webhook-timestamp',
        'webhook-signature',
      ]);
  });
});

describe('examples', () => {
  it('are there for every JSON body and answer, and hold to their schemas', () => {
    const json = contents().filter(({ type, status }) => /[+/]json$/.test(type) && status < 400);
    expect(json.length).toBeGreaterThan(100);
    expect(json.filter(({ example }) => example === undefined).map(({ operationId }) => operationId)).toEqual([]);
    const wrong = contents()
      .filter(({ example }) => example !== undefined)
      .map(({ operationId, status, at, example }) => ({ operationId, status, errors: world.errorsOf(at, example) }))
      .filter(({ errors }) => errors.length > 0);
    expect(wrong).toEqual([]);
  });

  it('leave no member unsaid', () => {
    const unsaid = contents().filter(({ example }) => JSON.stringify(example ?? '').includes('"…"'));
    expect(unsaid.map(({ operationId, status }) => `${operationId} ${status}`)).toEqual([]);
  });

  it('are there for whatever stands in an address', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const wrong = world.operations.flatMap(({ operationId, parameters = [] }) =>
      parameters
        .filter((parameter) => parameter.in === 'path' || parameter.example !== undefined)
        .filter(({ schema, example }) => example === undefined || !ajv.validate(schema, example))
        .map(({ name }) => `${operationId} ${name}`),
    );
    expect(wrong).toEqual([]);
  });
});

const schemas = () => world.document.components.schemas;

/** Everything that is sent, answered or posted to webhooks. A body's status is 0. */
function contents() {
  const all = (root: string, paths: OpenApi['paths']) =>
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { operationId, requestBody, responses }]) => {
        const here = [root, path, method];
        const found = (content: Content | undefined, status: number, ...where: string[]) =>
          Object.entries(content ?? {}).map(([type, { schema, example }]) => {
            const at = [...here, ...where, 'content', type, 'schema'];
            return { operationId, status, type, schema, example, at };
          });
        return [
          ...found(requestBody?.content, 0, 'requestBody'),
          ...Object.entries(responses).flatMap(([status, { content }]) =>
            found(content, Number(status), 'responses', status),
          ),
        ];
      }),
    );
  return [...all('paths', world.document.paths), ...all('webhooks', world.document.webhooks)];
}
