import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { createConnectors } from '../../../src/accounts/connectors/all.ts';
import type { SetOutcome, Target } from '../../../src/accounts/connectors/connector.ts';
import { connectorErrors } from '../../../src/accounts/connectors/errors.ts';
import { freePort } from '../../support/free-port.ts';
import { type Listener, listen, misdeeds, startRelay } from './hostile-server.ts';

/** A system with an account, and an administrator that has the least rights of docs/accounts.md. */
export type System = Readonly<{
  kind: string;
  port: number;
  target: Target<Record<string, unknown>>;
  /** The same account by way of another port, where nobody knows a certificate. */
  targetAt(port: number): Target<Record<string, unknown>>;
  /** The same with TLS, and a server there that does this once TLS stands. */
  securedAt?(port: number): Target<Record<string, unknown>>;
  hostile?(misdeed: (socket: Socket) => void): Promise<Listener>;
  /** Gives the account a password, as its operator would. */
  give(password: string): Promise<void>;
  /** Whether it signs in, by a client that isn't ours. */
  signsIn(password: string): Promise<boolean>;
  /** Opens a connection of the account's that stays; null: there is no such thing. */
  open: ((password: string) => Promise<Readonly<{ ended: Promise<unknown> }>>) | null;
  /** What `set` answers for a wrong administrator, and for a user that isn't there, if not the usual. */
  unknownUser?: SetOutcome;
}>;

const networks = {
  accountNetworks: ['127.0.0.0/8', '::1/128'],
  databaseUrl: 'postgresql://-',
  directDatabaseUrl: 'postgresql://-',
};
export const everyAscii = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('');
const passwords: Readonly<Record<string, string>> = {
  'of every printable ASCII character': everyAscii,
  'with letters of other alphabets': 'Zürich-€-Ωμέγα-Москва-密码',
  'with quotes, backslashes and placeholders': `'"\`\\'' \\" %s %27 $1 $$ ? ?? :x \${x} {{new}} -- /* ; #`,
  'of 128 characters': 'Ab1-'.repeat(32),
};

/** What holds for every connector. */
export function testConnector(system: () => System): void {
  const { connectorOf } = createConnectors({ config: { mode: 'development', ...networks } });
  const connector = () => connectorOf(system().kind);
  const soon = () => AbortSignal.timeout(20_000);
  let time = 0;
  let old = '';
  const set = (password: string, target: Target<unknown> = system().target) =>
    connector().set(target, { password, old }, soon());
  const verify = (password: string, target: Target<unknown> = system().target) =>
    connector().verify(target, password, soon());

  const endConnections = async (target: Target<unknown>, signal: AbortSignal) =>
    (await connector().endConnections?.(target, signal)) ?? { ended: null };
  /** Where there are connections to end, a failure is told from there being none. */
  const notEnded = () => (system().open ? { error: expect.toBeOneOf([...connectorErrors]) } : { ended: null });

  beforeEach(async () => {
    time += 1;
    old = `The-former-one-${time}!`;
    await system().give(old);
  });

  test('a new password signs in, and the old one no longer does', async () => {
    expect(await verify(old)).toEqual({ result: 'accepted' });
    expect(await set('The-new-one-1!')).toEqual({ result: 'set' });
    expect(await verify('The-new-one-1!')).toEqual({ result: 'accepted' });
    expect(await verify(old)).toEqual({ result: 'refused' });
    expect(await system().signsIn('The-new-one-1!')).toBe(true);
    expect(await system().signsIn(old)).toBe(false);
  });

  test.each(Object.entries(passwords))('a password %s', async (_, password) => {
    expect(await set(password)).toEqual({ result: 'set' });
    expect(await verify(password)).toEqual({ result: 'accepted' });
    expect(await verify(`${password.slice(0, -1)}_`)).toEqual({ result: 'refused' });
    expect(await system().signsIn(password)).toBe(true);
  });

  test('an empty password is neither set nor accepted', async () => {
    expect(await set('')).toMatchObject({ result: 'rejected' });
    expect(await verify('')).toEqual({ result: 'refused' });
    expect(await verify(old)).toEqual({ result: 'accepted' });
  });

  test('what was opened with the old password is ended', async () => {
    const { open } = system();
    if (!open) return expect(connector().endConnections).toBeUndefined();
    const opened = [await open(old), await open(old)];
    expect(await set('The-new-one-2!')).toEqual({ result: 'set' });
    expect(await endConnections(system().target, soon())).toEqual({ ended: 2 });
    await Promise.all(opened.map(({ ended }) => ended));
    expect(await endConnections(system().target, soon())).toEqual({ ended: 0 });
  });

  test('a wrong administrator changes nothing', async () => {
    const { target } = system();
    if (!target.admin) return;
    for (const admin of [
      { ...target.admin, password: 'wrong' },
      { userName: 'nobody-at-all', password: 'wrong' },
    ]) {
      expect(await set('The-new-one-3!', { ...target, admin })).toMatchObject({ result: 'denied' });
      expect(await endConnections({ ...target, admin }, soon())).toEqual(notEnded());
    }
    expect(await verify(old)).toEqual({ result: 'accepted' });
  });

  test('whether the administrator signs in is told, where that can be tried', async () => {
    const { target } = system();
    const { verifyAdmin } = connector();
    if (!verifyAdmin || !target.admin) return;
    expect(await verifyAdmin(target, soon())).toEqual({ result: 'accepted' });
    const wrong = { ...target, admin: { ...target.admin, password: 'wrong' } };
    expect(await verifyAdmin(wrong, soon())).toEqual({ result: 'refused' });
    expect(await verifyAdmin({ ...target, admin: null }, soon())).toMatchObject({ result: 'unproven' });
  });

  test('a user that is not there is not made', async () => {
    const target = { ...system().target, userName: 'nobody-at-all' };
    expect(await set('The-new-one-4!', target)).toEqual(
      system().unknownUser ?? { result: 'denied', error: 'unknown_user' },
    );
    expect(await verify('The-new-one-4!', target)).toEqual({ result: 'refused' });
  });

  test('a system that is down was not reached', async () => {
    const target = system().targetAt(await freePort());
    const down = { result: 'unavailable', error: 'connection_refused' };
    expect([await set('The-new-one-5!', target), await verify(old, target)]).toEqual([down, down]);
    expect(await endConnections(target, soon())).toEqual(notEnded());
  });

  test('a connection that is lost after the password was sent leaves it unknown', async () => {
    const mayPass = async () => !(await system().signsIn('The-new-one-6!'));
    const relay = await startRelay(system().port, mayPass);
    expect(await set('The-new-one-6!', system().targetAt(relay.port))).toMatchObject({ result: 'unknown' });
    await relay.close();
    expect(await verify('The-new-one-6!')).toEqual({ result: 'accepted' });
  });

  test('an address that the operator does not allow is not dialled', async () => {
    let dialled = 0;
    const server = await listen(() => {
      dialled += 1;
    });
    const { connectorOf: elsewhere } = createConnectors({
      config: { ...networks, mode: 'production', accountNetworks: ['10.0.0.0/8'] },
    });
    const strict = elsewhere(system().kind);
    const refused = { result: 'unavailable', error: 'address_refused' };
    const target = system().targetAt(server.port);
    expect(await strict.set(target, { password: 'The-new-one-7!', old }, soon())).toEqual(refused);
    expect(await strict.verify(target, old, soon())).toEqual(refused);
    expect((await strict.endConnections?.(target, soon())) ?? { ended: null }).toEqual(notEnded());
    await server.close();
    expect(dialled).toBe(0);
  });

  test('nothing is begun with a signal that has fired', async () => {
    const gone = AbortSignal.abort();
    const late = { result: 'unavailable', error: 'timeout' };
    expect(await connector().set(system().target, { password: 'The-new-one-8!', old }, gone)).toEqual(late);
    expect(await connector().verify(system().target, old, gone)).toEqual(late);
    expect(await endConnections(system().target, gone)).toEqual(notEnded());
    expect(await verify(old)).toEqual({ result: 'accepted' });
  });

  test('a system that says nothing is left when the time is over, and its socket closed', async () => {
    const closed: Promise<unknown>[] = [];
    const server = await listen((socket) => {
      socket.resume();
      closed.push(new Promise((resolve) => socket.once('close', resolve)));
    });
    const target = system().targetAt(server.port);
    const shortly = () => AbortSignal.timeout(150);
    const outcome = await connector().set(target, { password: 'The-new-one-9!', old }, shortly());
    expect(['unavailable', 'unknown']).toContain(outcome.result);
    expect(outcome).toMatchObject({ error: 'timeout' });
    expect(await connector().verify(target, old, shortly())).toEqual({ result: 'unavailable', error: 'timeout' });
    expect(await endConnections(target, shortly())).toEqual(notEnded());
    await Promise.all(closed);
    await server.close();
  });

  describe('a server that means harm', () => {
    const suffer = async (target: Target<unknown>) => {
      const signal = () => AbortSignal.timeout(300);
      for (let turn = 0; turn < 2; turn += 1) {
        const outcomes = [
          await connector().set(target, { password: 'The-new-one-10!', old }, signal()),
          await connector().verify(target, old, signal()),
        ];
        for (const outcome of outcomes) {
          expect(['unavailable', 'unknown', 'unproven', 'denied']).toContain(outcome.result);
          expect(connectorErrors).toContain('error' in outcome ? outcome.error : undefined);
        }
        expect(await endConnections(target, signal())).toEqual(notEnded());
      }
      // A late error would end the process now.
      await setTimeout(20);
    };

    test.each(Object.entries(misdeeds))('%s', async (_, misdeed) => {
      const server = await listen(misdeed);
      await suffer(system().targetAt(server.port));
      await server.close();
      const { securedAt, hostile } = system();
      if (!securedAt || !hostile) return;
      const secured = await hostile(misdeed);
      await suffer(securedAt(secured.port));
      await secured.close();
    });
  });

  test('settings that the form does not know are not used', async () => {
    const target = { ...system().target, settings: { strange: true } };
    const unusable = { result: 'unavailable', error: 'settings' };
    expect([await set('The-new-one-11!', target), await verify(old, target)]).toEqual([unusable, unusable]);
  });
}
