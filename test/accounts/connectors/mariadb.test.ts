import { expect, test } from 'vitest';
import { createConnectors } from '../../../src/accounts/connectors/all.ts';
import { listen } from './hostile-server.ts';
import { greeting, packet } from './mariadb-greeting.ts';

const connector = createConnectors({
  config: {
    mode: 'development',
    accountNetworks: ['127.0.0.0/8', '::1/128'],
    databaseUrl: 'postgresql://-',
    directDatabaseUrl: 'postgresql://-',
  },
}).connectorOf('mariadb');
const soon = () => AbortSignal.timeout(20_000);
const password = 'Which must not be sent';

/**
 * A server that pretends to be one without TLS, and asks for the password in ways that would give
 * it away.
 */
test.each([
  [
    'caching_sha2_password',
    'its own key to encrypt it with',
    packet(2, [0xfe], 'caching_sha2_password\0', '12345678901234567890\0'),
  ],
  ['mysql_native_password', 'it as it is', packet(2, [0xfe], 'mysql_clear_password\0')],
  ['mysql_native_password', 'it by SHA-256', packet(2, [0xfe], 'sha256_password\0', '12345678901234567890\0')],
])('%s, and then %s: nothing is sent', async (plugin, _, question) => {
  const sent: Buffer[] = [];
  const server = await listen((socket) => {
    socket.write(greeting(plugin));
    socket.on('data', (data) => {
      sent.push(data);
      if (sent.length === 1) socket.write(question);
    });
  });
  const admin = { userName: 'rotator', password };
  const target = { userName: 'app', settings: { host: '127.0.0.1', port: server.port, tls: 'off' }, admin };
  expect(await connector.verify(target, password, soon())).toEqual({ result: 'unproven', error: 'weak_method' });
  expect(sent.length).toBe(1);
  sent.length = 0;
  expect(await connector.set(target, { password: 'new', old: null }, soon())).toEqual({
    result: 'denied',
    error: 'weak_method',
  });
  expect(sent.length).toBe(1);
  expect(Buffer.concat(sent).includes(password)).toBe(false);
  await server.close();
});

test('a method that is not known is said', async () => {
  const server = await listen((socket) => {
    socket.write(greeting('mysql_native_password'));
    socket.once('data', () => socket.write(packet(2, [0xfe], 'client_ed25519\0', '12345678901234567890\0')));
  });
  const target = { userName: 'app', settings: { host: '127.0.0.1', port: server.port, tls: 'off' }, admin: null };
  expect(await connector.verify(target, password, soon())).toEqual({ result: 'unproven', error: 'not_supported' });
  await server.close();
});

test('a server without TLS is not spoken to where TLS is asked for', async () => {
  const sent: Buffer[] = [];
  const server = await listen((socket) => {
    socket.write(greeting('mysql_native_password'));
    socket.on('data', (data) => sent.push(data));
  });
  const target = { userName: 'app', settings: { host: '127.0.0.1', port: server.port }, admin: null };
  expect(await connector.verify(target, password, soon())).toEqual({ result: 'unavailable', error: 'no_tls' });
  expect(sent).toEqual([]);
  await server.close();
});
