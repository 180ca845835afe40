import { createServer as createPlain, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectors, createConnectors } from '../../../src/accounts/connectors/all.ts';
import { makeCertificates } from './certificates.ts';
import { type System, testConnector } from './contract.ts';
import { listen } from './hostile-server.ts';

const { connectorOf } = createConnectors({
  config: {
    mode: 'development',
    accountNetworks: ['127.0.0.0/8', '::1/128'],
    databaseUrl: 'postgresql://-',
    directDatabaseUrl: 'postgresql://-',
  },
});
const connector = connectorOf('http');
const soon = () => AbortSignal.timeout(20_000);
const admin = { userName: 'admin/../', password: 'The administrator\'s "key" \\' };
const userName = 'shared "desk" / user';
const basic = (name: string, password: string) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

type Seen = Readonly<{ method: string; url: string; headers: IncomingMessage['headers']; body: string }>;
let password = '';
let certificates: ReturnType<typeof makeCertificates>;
const seen: Seen[] = [];
const servers: Server[] = [];
let port = 0;
let plainPort = 0;

/** An application with a call that changes a password, and one that signs in. */
const app: RequestListener = async (req, res) => {
  const { method = '', url = '', headers } = req;
  const body = await text(req);
  seen.push({ method, url, headers, body });
  const answer = (status: number, words = '') => res.writeHead(status).end(words);
  const [, room, name] = new URL(url, 'http://app').pathname.split('/');
  if (method === 'PUT' && room === 'users') {
    if (headers['x-key'] !== basic(admin.userName, admin.password)) return answer(401);
    if (decodeURIComponent(name ?? '') !== userName) return answer(404);
    password = JSON.parse(body).to;
    return answer(204);
  }
  if (room !== 'session') return answer(418);
  const form = new URLSearchParams(body);
  const right = form.get('name') === userName && form.get('password') === password;
  return answer(200, right ? 'Welcome back' : 'No such user, or a wrong password');
};
const put = (origin: string) => ({
  method: 'PUT',
  url: `${origin}/users/{{user}}/password`,
  headers: { 'X-Key': '{{basic_admin}}'.replace('{{', 'Basic {{') },
  body: { type: 'json', template: '{"from": "{{old}}", "to": "{{new}}"}' },
  denied: { statuses: [401, 403] },
  verify: {
    url: `${origin}/session`,
    body: { type: 'form', template: 'name={{user}}&password={{new}}' },
    accepted: { statuses: [200], text: 'Welcome back' },
    refused: { statuses: [200], text: 'wrong password' },
  },
});

beforeAll(async () => {
  certificates = makeCertificates();
  servers.push(createServer(certificates, app), createPlain(app));
  for (const server of servers) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  [port, plainPort] = servers.map((server) => (server.address() as AddressInfo).port) as [number, number];
});
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
  certificates?.remove();
});

const target = (settings: Record<string, unknown>) => ({ userName, settings, admin });
const plain = () => target({ ...put(`http://127.0.0.1:${plainPort}`), tls: 'off' });

describe('with TLS', () =>
  testConnector(
    (): System => ({
      kind: 'http',
      port: plainPort,
      target: target({ ...put(`https://localhost:${port}`), ca: certificates.ca }),
      targetAt: (at) => target({ ...put(`http://127.0.0.1:${at}`), tls: 'off' }),
      securedAt: (at) => target({ ...put(`https://localhost:${at}`), ca: certificates.ca }),
      hostile: (misdeed) => listen(misdeed, certificates),
      give: async (given) => {
        password = given;
      },
      signsIn: async (given) => given === password,
      open: null,
      unknownUser: { result: 'unknown', error: 'unexpected_answer' },
    }),
  ));

describe('what is sent', () => {
  test('values are escaped for where they stand, and never read as templates', async () => {
    const values = { password: `"{{user}}" \\ \n & = % + ü`, old: '{{admin_password}}' };
    expect(await connector.set(plain(), values, soon())).toEqual({ result: 'set' });
    const request = seen.at(-1) as Seen;
    expect(request.url).toBe('/users/shared%20%22desk%22%20%2F%20user/password');
    expect(JSON.parse(request.body)).toEqual({ from: values.old, to: values.password });
    expect(request.headers['content-type']).toBe('application/json');
    expect(await connector.verify(plain(), values.password, soon())).toEqual({ result: 'accepted' });
    expect(new URLSearchParams(seen.at(-1)?.body).get('password')).toBe(values.password);
  });

  test.each(['a\r\nX-Admin: yes', 'ü', 'a\u0000'])('a header carries no %j', async (value) => {
    const settings = { ...plain().settings, headers: { 'X-New': '{{new}}' }, body: null };
    const before = seen.length;
    const outcome = await connector.set(target(settings), { password: value, old: null }, soon());
    expect([outcome, seen.length]).toEqual([{ result: 'rejected', error: 'characters' }, before]);
  });

  test.each(['..', '.', '%2e%2e'])('the user %s leads to no other path', async (name) => {
    const before = seen.length;
    const outcome = await connector.set({ ...plain(), userName: name }, { password: 'new', old: 'old' }, soon());
    if (name.startsWith('%')) expect(seen.at(-1)?.url).toBe('/users/%252e%252e/password');
    else expect([outcome, seen.length]).toEqual([{ result: 'unavailable', error: 'user_name' }, before]);
  });

  // Whoever reads such a pair takes what stands behind the first colon for the password.
  test('a name with a colon has no pair with its password', async () => {
    const before = seen.length;
    const colon = { ...admin, userName: 'domain:admin' };
    const byAdmin = await connector.set({ ...plain(), admin: colon }, { password: 'new', old: 'old' }, soon());
    const headers = { authorization: 'Basic {{basic_new}}' };
    const settings = { ...plain().settings, headers, verify: { ...put('http://a').verify, headers, body: null } };
    const itself = { userName: 'domain:app', settings, admin };
    const change = { password: 'new', old: 'old' };
    const outcomes = [
      byAdmin,
      await connector.set(itself, change, soon()),
      await connector.verify(itself, 'new', soon()),
    ];
    expect(outcomes).toEqual([
      { result: 'unavailable', error: 'user_name' },
      { result: 'unavailable', error: 'user_name' },
      { result: 'unproven', error: 'user_name' },
    ]);
    expect(seen.length).toBe(before);
  });

  test('what is not known is not made up', async () => {
    expect(await connector.set(plain(), { password: 'new', old: null }, soon())).toEqual({
      result: 'denied',
      error: 'no_old_password',
    });
    expect(await connector.set({ ...plain(), admin: null }, { password: 'new', old: 'old' }, soon())).toEqual({
      result: 'denied',
      error: 'no_administrator',
    });
  });
});

describe('what is answered', () => {
  const answering = async (answer: string, settings: Record<string, unknown> = {}) => {
    const server = await listen((socket) => socket.once('data', () => socket.end(answer)));
    const at = target({ ...put(`http://127.0.0.1:${server.port}`), tls: 'off', ...settings });
    const outcomes = [
      await connector.set(at, { password: 'new', old: 'old' }, soon()),
      await connector.verify(at, 'new', soon()),
    ];
    await server.close();
    return outcomes;
  };
  const unknown = { result: 'unknown', error: 'unexpected_answer' };
  const unavailable = { result: 'unavailable', error: 'unexpected_answer' };
  const withBody = (status: string, body: string) =>
    `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  test('a status that the recipe does not name says nothing', async () => {
    expect(await answering(withBody('202 Accepted', ''))).toEqual([unknown, unavailable]);
    expect(await answering(withBody('500 Oh no', 'wrong password'))).toEqual([unknown, unavailable]);
  });

  test('a redirect is an answer, and is not followed', async () => {
    const away = `HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${plainPort}/\r\nContent-Length: 0\r\n\r\n`;
    const before = seen.length;
    expect(await answering(away)).toEqual([unknown, unavailable]);
    expect((await answering(away, { accepted: { statuses: [302] } }))[0]).toEqual({ result: 'set' });
    expect(seen.length).toBe(before);
  });

  test('a text must occur where the recipe names one', async () => {
    const accepted = { statuses: [200], text: 'changed' };
    expect((await answering(withBody('200 OK', 'It was changed.'), { accepted }))[0]).toEqual({ result: 'set' });
    expect((await answering(withBody('200 OK', 'It was not.'), { accepted }))[0]).toEqual(unknown);
  });

  test('a refused password and a refused administrator are told apart', async () => {
    const settings = { rejected: { statuses: [400], text: 'too short' }, denied: { statuses: [400, 401] } };
    const rejected = { result: 'rejected', error: 'password_rules' };
    expect((await answering(withBody('400 Bad', 'It is too short.'), settings))[0]).toEqual(rejected);
    const denied = { result: 'denied', error: 'wrong_administrator' };
    expect((await answering(withBody('400 Bad', 'Go away.'), settings))[0]).toEqual(denied);
  });

  test('an answer that is both accepted and refused is neither', async () => {
    expect((await answering(withBody('200 OK', 'Welcome back, wrong password')))[1]).toEqual(unavailable);
  });

  test('an answer above 64 kB is not read', async () => {
    const large = withBody('200 OK', 'x'.repeat(70_000));
    expect(await answering(large)).toEqual([
      { result: 'unknown', error: 'too_large' },
      { result: 'unavailable', error: 'too_large' },
    ]);
  });

  test('without a verifying request nothing is proven', async () => {
    const { verify: _, ...settings } = plain().settings as Record<string, unknown>;
    expect(await connector.verify(target(settings), 'new', soon())).toEqual({
      result: 'unproven',
      error: 'no_verification',
    });
  });

  test('a certificate that nobody signed is refused before anything is sent', async () => {
    const settings = put(`https://localhost:${port}`);
    expect(await connector.set(target(settings), { password: 'new', old: 'old' }, soon())).toEqual({
      result: 'unavailable',
      error: 'certificate',
    });
  });
});

describe('a recipe', () => {
  const { settings: form } = connectors.http;
  const good = put('https://app.example.com');
  const problems = (changes: Record<string, unknown>) =>
    form.safeParse({ ...good, ...changes }).error?.issues.map(({ message }) => message) ?? [];

  test('is taken as it is written', () => {
    expect(problems({})).toEqual([]);
    expect(problems({ url: 'https://[2001:db8::1]:8443/users?name={{user}}' })).toEqual([]);
  });

  test.each([
    ['without {{new}}', { body: { type: 'json', template: '{"to": "{{old}}"}' } }, /must have \{\{new\}\}/],
    ['with a placeholder outside a string', { body: { type: 'json', template: '{"to": {{new}}}' } }, /must be JSON/],
    ['with an unknown placeholder', { headers: { 'x-a': '{{env}}' } }, /placeholder that there is not/],
    ['with half a placeholder', { headers: { 'x-a': '{{user' } }, /placeholder that there is not/],
    ['with a variable host', { url: 'https://{{user}}.example.com/' }, /nothing variable in its host/],
    ['with a name in its address', { url: 'https://me:pass@app.example.com/' }, /nothing variable in its host/],
    ['with a password in its address', { url: 'https://app.example.com/?p={{new}}' }, /what is secret goes into/],
    ['with a path that climbs', { url: 'https://app.example.com/a/../{{user}}' }, /must not have/],
    ['without TLS, unless that is said', { url: 'http://app.example.com/' }, /must be https/],
    ['with a line break in a header', { headers: { 'x-a': 'a\nb' } }, /one line of ASCII/],
    ['with a header of the transport', { headers: { 'Content-Length': '1' } }, /must not name/],
    ['with a method that changes nothing', { method: 'GET' }, /Invalid option/],
    [
      'with answers that tell nothing apart',
      { verify: { ...good.verify, refused: good.verify.accepted } },
      /must tell accepted/,
    ],
    [
      'with a verifying request that tries nothing',
      { verify: { ...good.verify, body: null } },
      /it is the password that is tried/,
    ],
    ['with a certificate that is none', { ca: 'rubbish' }, /certificates in PEM/],
  ])('is refused %s', (_, changes, message) => {
    expect(problems(changes)).toContainEqual(expect.stringMatching(message));
  });
});
