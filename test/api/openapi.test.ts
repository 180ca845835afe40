import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { requests } from './requests.ts';
import { routesOf } from './routes.ts';
import { createWorld, type World } from './world.ts';

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
  it('is asked by this test', () => {
    expect(world.operations.map(({ operationId }) => operationId).filter((id) => !(id in requests))).toEqual([]);
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

describe('examples', () => {
  it('are there for what is sent as JSON, and hold to their schemas', () => {
    const bodies = world.operations.flatMap(({ operationId, requestBody, method, path }) =>
      Object.entries(requestBody?.content ?? {}).map(([type, { example }]) => ({
        operationId,
        method,
        path,
        type,
        example,
      })),
    );
    const json = bodies.filter(({ type }) => type === 'application/json');
    expect(json.length).toBeGreaterThan(15);
    expect(json.filter(({ example }) => example === undefined).map(({ operationId }) => operationId)).toEqual([]);
    const wrong = bodies
      .filter(({ example }) => example !== undefined)
      .map((one) => [
        one.operationId,
        world.errorsOf(['paths', one.path, one.method, 'requestBody', 'content', one.type, 'schema'], one.example),
      ])
      .filter(([, errors]) => (errors as unknown[]).length > 0);
    expect(wrong).toEqual([]);
  });
});
