import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRoutes, type Endpoint, endpoint } from '../../src/api/endpoint.ts';
import { AppError } from '../../src/errors.ts';

const handled: RequestHandler = (req, res) => void res.json({ handled: req.method, params: req.params });
const fails: RequestHandler = () => {
  throw new Error('it fails');
};
const explain: ErrorRequestHandler = (error, _req, res, _next) =>
  void res.status(500).json({ explained: error.message });

const common = { tag: 'Things', summary: 'A thing', success: { status: 200, description: 'It.' } } as const;
const things: readonly Endpoint[] = [
  endpoint({ ...common, method: 'get', path: '/things', id: 'listThings', handlers: [handled] }),
  endpoint({ ...common, method: 'post', path: '/things/fail', id: 'fail', handlers: [fails, explain] }),
  endpoint({ ...common, method: 'put', path: '/things/{id}', id: 'put', handlers: [handled] }),
  endpoint({ ...common, method: 'post', path: '/things', id: 'addThing', handlers: [handled], preflight: handled }),
  endpoint({ ...common, method: 'get', path: '/stream', id: 'stream', head: false, handlers: [handled] }),
];

let server: Server;
beforeAll(async () => {
  const app = express();
  app.use(createRoutes(things));
  app.use(((error, _req, res, _next) => {
    const { status, headers } = error as AppError;
    res
      .status(error instanceof AppError ? status : 599)
      .set(headers)
      .end();
  }) satisfies ErrorRequestHandler);
  server = createServer(app).listen(0);
  await once(server, 'listening');
});
afterAll(() => server.close());

async function ask(method: string, path: string) {
  const answer = await fetch(`http://localhost:${(server.address() as AddressInfo).port}${path}`, { method });
  return { status: answer.status, allow: answer.headers.get('allow'), text: await answer.text() };
}

it.each([
  ['GET', '/things'],
  ['POST', '/things'],
  ['OPTIONS', '/things'],
  ['PUT', '/things/7'],
  ['GET', '/stream'],
])('%s %s reaches its handlers', async (method, path) => {
  expect(await ask(method, path)).toMatchObject({
    status: 200,
    text: expect.stringContaining(`"handled":"${method}"`),
  });
});

it('answers HEAD as GET, but not for what never ends', async () => {
  expect((await ask('HEAD', '/things')).status).toBe(200);
  expect(await ask('HEAD', '/stream')).toMatchObject({ status: 405, allow: 'GET' });
});

it.each([
  ['DELETE', '/things', 'GET, HEAD, POST, OPTIONS'],
  ['GET', '/things/fail', 'POST'],
  ['OPTIONS', '/things/7', 'PUT'],
])('%s %s is refused with the methods that there are: %s', async (method, path, allow) => {
  expect(await ask(method, path)).toMatchObject({ status: 405, allow });
});

it('has handlers of errors among its handlers', async () => {
  expect(await ask('POST', '/things/fail')).toMatchObject({ status: 500, text: '{"explained":"it fails"}' });
});
