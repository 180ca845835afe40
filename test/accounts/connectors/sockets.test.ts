import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createConnectors } from '../../../src/accounts/connectors/all.ts';
import { guardSocket } from '../../../src/accounts/connectors/sockets.ts';
import { listen } from './hostile-server.ts';

const { connectorOf } = createConnectors({
  config: {
    mode: 'development',
    accountNetworks: ['127.0.0.0/8', '::1/128'],
    databaseUrl: 'postgresql://-',
    directDatabaseUrl: 'postgresql://-',
  },
});

test('what a reader throws closes its connection, and does not end the process', async () => {
  const server = await listen((socket) => socket.write('anything'));
  const socket = guardSocket(connect(server.port, '127.0.0.1'));
  const errors: unknown[] = [];
  socket.on('error', (error) => errors.push(error.message));
  socket.on('data', () => {
    throw new Error('The library cannot read this.');
  });
  await new Promise((resolve) => socket.once('close', resolve));
  expect(errors).toEqual(['The library cannot read this.']);
  await server.close();
});

describe('a message that has no end is left long before the time is over', () => {
  test.each([
    // Each says how much is to come, as the protocol has it: 2 GB.
    ['postgresql', Buffer.from([0x52, 0x7f, 0xff, 0xff, 0xff])],
    ['redis', Buffer.from('$999999999\r\n')],
    ['ldap', Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff])],
    ['mariadb', Buffer.from([0xff, 0xff, 0xff, 0])],
  ])('%s', async (kind, beginning) => {
    let sent = 0;
    const chunk = Buffer.alloc(65_536);
    const server = await listen((socket) => {
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
      };
      const begin = () => {
        socket.write(beginning);
        socket.on('drain', pour);
        pour();
      };
      // MariaDB speaks first.
      if (kind === 'mariadb') begin();
      else socket.once('data', begin);
    });
    const admin = { userName: 'cn=admin,dc=org', password: 'any' };
    const settings = { host: '127.0.0.1', port: server.port, tls: 'off' };
    const target = { userName: 'cn=app,dc=org', settings, admin };
    const outcome = await connectorOf(kind).verify(target, 'any', AbortSignal.timeout(30_000));
    expect(outcome).toEqual({ result: 'unavailable', error: 'too_large' });
    await server.close();
    expect(sent).toBeLessThan(50_000_000);
  });
});
