import { createServer as createPlain, type RequestListener, type Server } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import SCIMMY from 'scimmy';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createConnectors } from '../../../src/accounts/connectors/all.ts';
import { makeCertificates } from './certificates.ts';
import { type System, testConnector } from './contract.ts';
import { listen } from './hostile-server.ts';

const userName = "Shared (desk) user's";
const admin = { userName: 'any', password: 'the-token-of-the-administrator' };
type Person = { id: string; userName: string; password: string };
const people = new Map<string, Person>();
const shared = () => people.get('1') as Person;

const { User } = SCIMMY.Resources;
User.egress((resource) => {
  if (resource.id === undefined) return [...people.values()] as never;
  const person = people.get(resource.id);
  if (!person) throw new SCIMMY.Types.Error(404, null as never, 'There is no such user.');
  return person as never;
});
User.ingress((resource, instance) => {
  const person = people.get(resource.id as string) as Person;
  const password = instance.password as string | undefined;
  if (password === 'against the rules') throw new SCIMMY.Types.Error(400, 'invalidValue', 'It is against the rules.');
  if (password !== undefined) person.password = password;
  return person as never;
});

/** A small SCIM server, and a page to sign in at. */
const app: RequestListener = async (req, res) => {
  const url = new URL(req.url ?? '', 'http://scim');
  const body = await text(req);
  const answer = (status: number, said?: unknown) =>
    res
      .writeHead(status, { 'content-type': 'application/scim+json' })
      .end(said === undefined ? '' : JSON.stringify(said));
  if (url.pathname === '/login') {
    const form = new URLSearchParams(body);
    const known = [...people.values()].find((person) => person.userName === form.get('name'));
    return answer(known?.password === form.get('password') ? 200 : 401);
  }
  try {
    if (req.headers.authorization !== `Bearer ${admin.password}`) return answer(401);
    const id = /^\/v2\/Users\/([^/]+)$/.exec(url.pathname)?.[1];
    if (id) {
      const changed = await new User(decodeURIComponent(id)).patch(JSON.parse(body));
      return changed ? answer(200, changed) : answer(204);
    }
    return answer(200, await new User({ filter: url.searchParams.get('filter') } as never).read());
  } catch (error) {
    const said = new SCIMMY.Messages.Error(error as never);
    return answer(Number(said.status), said);
  }
};

const settingsAt = (origin: string, more: Record<string, unknown> = {}) => ({
  baseUrl: `${origin}/v2/`,
  verify: {
    url: `${origin}/login`,
    body: { type: 'form', template: 'name={{user}}&password={{new}}' },
    accepted: { statuses: [200] },
    refused: { statuses: [401] },
  },
  ...more,
});
const servers: Server[] = [];
let certificates: ReturnType<typeof makeCertificates>;
let port = 0;
let plainPort = 0;
beforeAll(async () => {
  people.set('1', { id: '1', userName, password: 'first' });
  people.set('2', { id: '2', userName: 'neighbour', password: 'of the neighbour' });
  certificates = makeCertificates();
  servers.push(createServer(certificates, app), createPlain(app));
  for (const server of servers) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  [port, plainPort] = servers.map((server) => (server.address() as AddressInfo).port) as [number, number];
});
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
  certificates?.remove();
});

const targetAt = (at: number) => ({ userName, settings: settingsAt(`http://127.0.0.1:${at}`, { tls: 'off' }), admin });
describe('with TLS', () =>
  testConnector(
    (): System => ({
      kind: 'scim',
      port: plainPort,
      target: { userName, settings: settingsAt(`https://localhost:${port}`, { ca: certificates.ca }), admin },
      targetAt,
      securedAt: (at) => ({
        userName,
        settings: settingsAt(`https://localhost:${at}`, { ca: certificates.ca }),
        admin,
      }),
      hostile: (misdeed) => listen(misdeed, certificates),
      give: async (given) => {
        shared().password = given;
      },
      signsIn: async (given) => shared().password === given,
      open: null,
    }),
  ));

const { connectorOf } = createConnectors({
  config: {
    mode: 'development',
    accountNetworks: ['127.0.0.0/8', '::1/128'],
    databaseUrl: 'postgresql://-',
    directDatabaseUrl: 'postgresql://-',
  },
});
const connector = connectorOf('scim');
const soon = () => AbortSignal.timeout(20_000);
const set = (password: string, target = targetAt(plainPort)) => connector.set(target, { password, old: null }, soon());

test("nobody else's password changes", async () => {
  expect(await set('Of this one only')).toEqual({ result: 'set' });
  expect(people.get('2')?.password).toBe('of the neighbour');
});

test('a password against its rules is refused', async () => {
  expect(await set('against the rules')).toEqual({ result: 'rejected', error: 'password_rules' });
  expect(shared().password).toBe('Of this one only');
});

test('without a verifying request nothing is proven', async () => {
  const target = { ...targetAt(plainPort), settings: { baseUrl: `http://127.0.0.1:${plainPort}/v2`, tls: 'off' } };
  expect(await connector.verify(target, 'first', soon())).toEqual({ result: 'unproven', error: 'no_verification' });
});

describe('a server that answers with something else', () => {
  const answering = async (body: unknown) => {
    const said = JSON.stringify(body);
    let asked = 0;
    const server = await listen((socket) =>
      socket.on('data', () => {
        asked += 1;
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${said.length}\r\n\r\n${said}`);
      }),
    );
    const outcome = await set('The new one', targetAt(server.port));
    await server.close();
    return { outcome, asked };
  };

  test('with everybody, though one was asked for, changes nobody else', async () => {
    const everybody = { Resources: [{ id: '2', userName: 'neighbour' }] };
    expect(await answering(everybody)).toEqual({ outcome: { result: 'denied', error: 'unknown_user' }, asked: 1 });
  });

  test.each([
    [
      'two of one name',
      [
        { id: '1', userName },
        { id: '2', userName },
      ],
    ],
    ['an id that leads elsewhere', [{ id: '..', userName }]],
  ])('with %s is not sent a password', async (_, Resources) => {
    const outcome = { result: 'denied', error: 'unexpected_answer' };
    expect(await answering({ Resources })).toEqual({ outcome, asked: 1 });
  });

  test.each(['words', { Resources: 'none' }, { Resources: [{ id: 7, userName: {} }] }])(
    'with %j is understood as nothing',
    async (body) => {
      const outcome = { result: 'unavailable', error: 'unexpected_answer' };
      expect(await answering(body)).toEqual({ outcome, asked: 1 });
    },
  );
});
