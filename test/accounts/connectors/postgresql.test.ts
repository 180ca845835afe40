import { chmodSync, chownSync, copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TLSSocket } from 'node:tls';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createConnectors } from '../../../src/accounts/connectors/all.ts';
import { startTemporaryPostgres, type TemporaryPostgres } from '../../support/temporary-postgres.ts';
import { makeCertificates } from './certificates.ts';
import { type System, testConnector } from './contract.ts';
import { listen, startRelay } from './hostile-server.ts';
import { leastRights } from './least-rights.ts';

let server: TemporaryPostgres;
let owner: pg.Client;
let port = 0;
let certificates: ReturnType<typeof makeCertificates>;
const admin = { userName: 'rotator', password: "The administrator's" };
const userName = 'Shared "app" role';
const { connectorOf } = createConnectors({
  config: {
    mode: 'development',
    accountNetworks: ['127.0.0.0/8', '::1/128'],
    databaseUrl: 'postgresql://-',
    directDatabaseUrl: 'postgresql://-',
  },
});
const connector = connectorOf('postgresql');
const soon = () => AbortSignal.timeout(20_000);

beforeAll(async () => {
  server = await startTemporaryPostgres({ seed: inject('seed') });
  port = Number(new URL(server.databaseUrl).port);
  owner = new pg.Client({ connectionString: server.databaseUrl });
  await owner.connect();
  certificates = makeCertificates();
  const { rows } = await owner.query<{ data: string; hba: string }>(
    "SELECT current_setting('data_directory') AS data, current_setting('hba_file') AS hba",
  );
  const { data, hba } = rows[0] as { data: string; hba: string };
  const { uid, gid } = statSync(data);
  for (const [from, to] of [
    [certificates.certFile, 'server.crt'],
    [certificates.keyFile, 'server.key'],
  ] as const) {
    const file = path.join(data, to);
    copyFileSync(from, file);
    chmodSync(file, 0o600);
    chownSync(file, uid, gid);
  }
  const lines = [
    'host all trusted 127.0.0.1/32 trust',
    'host all plain 127.0.0.1/32 password',
    'host all shut 127.0.0.1/32 reject',
  ];
  writeFileSync(hba, `${lines.join('\n')}\n${readFileSync(hba, 'utf8')}`);
  await owner.query('ALTER SYSTEM SET ssl = on');
  await owner.query('SELECT pg_reload_conf()');
  for (const role of [userName, 'trusted', 'plain', 'shut'])
    await owner.query(`CREATE ROLE ${pg.escapeIdentifier(role)} LOGIN PASSWORD 'first'`);
  const names = {
    "'PASSWORD'": pg.escapeLiteral(admin.password),
    'GRANT app': `GRANT ${pg.escapeIdentifier(userName)}`,
  };
  await owner.query(leastRights('PostgreSQL 16 and later', names));
});
afterAll(async () => {
  await owner?.end();
  await server?.stop();
  certificates?.remove();
});

async function open(password: string, name = userName) {
  const client = new pg.Client({ host: '127.0.0.1', port, user: name, password, database: 'postgres' });
  client.on('error', () => {});
  const ended = new Promise((resolve) => client.once('end', resolve));
  await client.connect();
  return { ended, end: () => client.end() };
}
const signsIn = (password: string) =>
  open(password).then(
    ({ end }) => end().then(() => true),
    () => false,
  );
const give = async (password: string) => {
  await owner.query(`ALTER ROLE ${pg.escapeIdentifier(userName)} PASSWORD ${pg.escapeLiteral(password)}`);
};
const settingsAt = (at: number) => ({ host: '127.0.0.1', port: at, tls: 'off' });
const system = (settings: Record<string, unknown>): System => ({
  kind: 'postgresql',
  port,
  target: { userName, settings, admin },
  targetAt: (at) => ({ userName, settings: settingsAt(at), admin }),
  securedAt: (at) => ({ userName, settings: { host: 'localhost', port: at, ca: certificates.ca }, admin }),
  // TLS begins after a question and its answer.
  hostile: (misdeed) =>
    listen((socket) =>
      socket.once('data', () => {
        socket.write('S');
        misdeed(
          new TLSSocket(socket, { isServer: true, key: certificates.key, cert: certificates.cert }).on(
            'error',
            () => {},
          ),
        );
      }),
    ),
  give,
  signsIn,
  open,
});

describe('with TLS', () => testConnector(() => system({ host: 'localhost', port, ca: certificates.ca })));

describe('without TLS', () => {
  const withoutTls = () => settingsAt(port);

  test('neither the old nor the new password is ever on the wire, nor in a statement', async () => {
    await give('The old one, which nobody may see');
    const relay = await startRelay(port);
    const target = { userName, settings: settingsAt(relay.port), admin };
    const password = 'The new one, which nobody may see';
    expect(await connector.set(target, { password, old: null }, soon())).toEqual({ result: 'set' });
    expect(await connector.verify(target, password, soon())).toEqual({ result: 'accepted' });
    await relay.close();
    expect(relay.sent().toString('latin1')).toContain('SCRAM-SHA-256$4096:');
    for (const secret of [password, admin.password]) expect(relay.sent().includes(secret)).toBe(false);
  });

  test('a server that asks for no password proves nothing', async () => {
    const target = { userName: 'trusted', settings: withoutTls(), admin: null };
    const unproven = { result: 'unproven', error: 'no_password_asked' };
    for (const password of ['first', 'wrong'])
      expect(await connector.verify(target, password, soon())).toEqual(unproven);
  });

  test('a password that is asked for as it is, is not sent', async () => {
    const relay = await startRelay(port);
    const target = { userName: 'plain', settings: settingsAt(relay.port), admin: null };
    expect(await connector.verify(target, 'first', soon())).toEqual({ result: 'unproven', error: 'weak_method' });
    const byItself = { ...target, admin: { userName: 'plain', password: 'first' } };
    expect(await connector.set(byItself, { password: 'The new one', old: null }, soon())).toEqual({
      result: 'denied',
      error: 'weak_method',
    });
    await relay.close();
    expect(relay.sent().includes('first')).toBe(false);
    const safe = { ...target, settings: { host: 'localhost', port, ca: certificates.ca } };
    expect(await connector.verify(safe, 'first', soon())).toEqual({ result: 'accepted' });
    expect(await connector.verify(safe, 'wrong', soon())).toEqual({ result: 'refused' });
  });

  test('a server that only pretends to know the password proves nothing', async () => {
    const ok = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
    const mechanism = Buffer.from('SCRAM-SHA-256\0\0');
    const scram = Buffer.concat([Buffer.from([0x52, 0, 0, 0, 8 + mechanism.length, 0, 0, 0, 10]), mechanism]);
    const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
    for (const [answers, error] of [
      [[Buffer.concat([ok, ready])], 'no_password_asked'],
      [[scram, Buffer.concat([ok, ready])], 'no_answer'],
    ] as const) {
      const server = await listen((socket) => {
        const left = [...answers];
        socket.on('data', () => socket.write(left.shift() ?? ready));
      });
      const target = { userName, settings: settingsAt(server.port), admin };
      expect(await connector.verify(target, 'any', soon())).toMatchObject({ error });
      await server.close();
    }
  });

  describe('a server that asks for SCRAM, and then for the password', () => {
    const question = (kind: number, ...more: readonly number[]) =>
      Buffer.from([0x52, 0, 0, 0, 8 + more.length, 0, 0, 0, kind, ...more]);
    const scram = question(10, ...Buffer.from('SCRAM-SHA-256\0\0'));
    const first = Buffer.from('r=none,s=c2FsdA==,i=4096');

    test.each([
      ['as it is', [question(3)]],
      ['by MD5, with a salt of its own', [question(5, 1, 2, 3, 4)]],
      ['as it is, after a step of SCRAM', [question(11, ...first), question(3)]],
    ])('%s, gets nothing of it', async (_, questions) => {
      const sent: Buffer[] = [];
      const server = await listen((socket) => {
        const left = [scram, ...questions];
        socket.on('data', (data) => {
          sent.push(data);
          const next = left.shift();
          // All that is left at once, where a step of SCRAM would end it first.
          if (next) socket.write(left.length > 0 && next !== scram ? Buffer.concat([next, ...left.splice(0)]) : next);
        });
      });
      const target = { userName, settings: settingsAt(server.port), admin };
      expect(await connector.verify(target, 'Which must not be sent', soon())).toEqual({
        result: 'unproven',
        error: 'weak_method',
      });
      const weak = { result: 'denied', error: 'weak_method' };
      expect(await connector.set(target, { password: 'The new one', old: null }, soon())).toEqual(weak);
      expect(await connector.endConnections?.(target, soon())).toEqual({ error: 'weak_method' });
      await server.close();
      // Of each connection the start, and how SCRAM begins.
      expect(sent).toHaveLength(6);
      for (const secret of ['Which must not be sent', admin.password])
        expect(Buffer.concat(sent).includes(secret)).toBe(false);
    });
  });

  test('a server that lets nobody in from here refuses no password', async () => {
    const target = { userName: 'shut', settings: withoutTls(), admin: null };
    expect(await connector.verify(target, 'first', soon())).toEqual({ result: 'unavailable', error: 'not_let_in' });
  });

  test('whoever signs in and then finds no database has the right password', async () => {
    await give('first');
    const target = { userName, settings: { ...withoutTls(), database: 'nowhere' }, admin: null };
    expect(await connector.verify(target, 'first', soon())).toEqual({ result: 'accepted' });
    expect(await connector.verify(target, 'wrong', soon())).toEqual({ result: 'refused' });
  });

  test('a role changes its own password where it has no administrator', async () => {
    await give('first');
    const target = { userName, settings: withoutTls(), admin: null };
    expect(await connector.set(target, { password: 'second', old: 'first' }, soon())).toEqual({ result: 'set' });
    expect(await signsIn('second')).toBe(true);
    const none = await connector.set(target, { password: 'third', old: null }, soon());
    expect(none).toEqual({ result: 'denied', error: 'no_administrator' });
    const wrong = await connector.set(target, { password: 'third', old: 'first' }, soon());
    expect(wrong).toEqual({ result: 'denied', error: 'wrong_administrator' });
  });

  test('a role that the administrator may not change stays as it is', async () => {
    const target = { userName: 'plain', settings: withoutTls(), admin };
    expect(await connector.set(target, { password: 'The new one', old: null }, soon())).toEqual({
      result: 'denied',
      error: 'not_permitted',
    });
  });

  describe('a role that another session holds', () => {
    const held = async (work: () => Promise<unknown>) => {
      await give('first');
      await owner.query('BEGIN');
      await owner.query(`ALTER ROLE ${pg.escapeIdentifier(userName)} CONNECTION LIMIT 50`);
      await work().finally(() => owner.query('ROLLBACK'));
      const busy = `SELECT FROM pg_stat_activity WHERE usename = '${admin.userName}'`;
      await expect.poll(async () => (await owner.query(busy)).rowCount).toBe(0);
    };
    const target = () => ({ userName, settings: withoutTls(), admin });

    test('keeps its password when the time is over, also once it is let go', async () => {
      await held(async () =>
        expect(await connector.set(target(), { password: 'Late', old: null }, AbortSignal.timeout(1_000))).toEqual({
          result: 'unavailable',
          error: 'timeout',
        }),
      );
      expect(await signsIn('Late')).toBe(false);
      expect(await signsIn('first')).toBe(true);
    });

    test('is not waited for as long as the time lasts', async () => {
      await held(async () =>
        expect(await connector.set(target(), { password: 'Late', old: null }, soon())).toEqual({
          result: 'unavailable',
          error: 'busy',
        }),
      );
      expect(await signsIn('first')).toBe(true);
    });
  });

  test('sessions of other roles go on', async () => {
    await give('first');
    const [ours, others] = [await open('first'), await open(admin.password, admin.userName)];
    const target = { userName, settings: withoutTls(), admin };
    expect(await connector.endConnections?.(target, soon())).toEqual({ ended: 1 });
    await ours.ended;
    expect(await Promise.race([others.ended, 'goes on'])).toBe('goes on');
    await others.end();
  });

  test('an administrator that may not end the sessions of others says so', async () => {
    await give('first');
    const ours = await open('first');
    await owner.query("CREATE ROLE weak LOGIN PASSWORD 'weak'");
    const target = { userName, settings: withoutTls(), admin: { userName: 'weak', password: 'weak' } };
    expect(await connector.endConnections?.(target, soon())).toEqual({ error: 'not_permitted' });
    await ours.end();
  });

  test.each(['decomposed u\u0308', 'a\u00a0space', 'half \ud800'])(
    'a password that clients read in two ways is not set: %j',
    async (password) => {
      const target = { userName, settings: withoutTls(), admin };
      expect(await connector.set(target, { password, old: null }, soon())).toEqual({
        result: 'rejected',
        error: 'characters',
      });
    },
  );
});

describe('TLS', () => {
  test.each([
    ['nobody signed the certificate', () => ({ host: 'localhost', port }), 'certificate'],
    ['it is of another host', () => ({ host: '127.1', port, ca: certificates.ca }), 'certificate'],
  ])('is refused where %s', async (_, settings, error) => {
    const target = { userName, settings: settings(), admin };
    expect(await connector.set(target, { password: 'The new one', old: null }, soon())).toEqual({
      result: 'unavailable',
      error,
    });
  });

  test('an address is a name of the certificate, too', async () => {
    await give('first');
    const target = { userName, settings: { host: '127.0.0.1', port, ca: certificates.ca }, admin: null };
    expect(await connector.verify(target, 'first', soon())).toEqual({ result: 'accepted' });
  });

  test('a server that has none is not spoken to', async () => {
    await owner.query('ALTER SYSTEM SET ssl = off');
    await owner.query('SELECT pg_reload_conf()');
    const target = { userName, settings: { host: 'localhost', port, ca: certificates.ca }, admin };
    await expect
      .poll(() => connector.verify(target, 'first', soon()))
      .toEqual({ result: 'unavailable', error: 'no_tls' });
  });
});
