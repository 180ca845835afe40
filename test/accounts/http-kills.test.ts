import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe } from 'vitest';
import { spawnWithUs } from '../support/end-with-us.ts';
import { freePort } from '../support/free-port.ts';
import { startMortal } from '../support/mortal-process.ts';
import { type MortalSystem, type Point, testKills } from './kill-trials.ts';

const token = 'the-token-of-the-administrator';

/** Both are the same server, which keeps each password in a file. */
async function startDurable(connector: string, settingsAt: MortalSystem['settingsAt']): Promise<MortalSystem> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'universal-logout-durable-'));
  const port = await freePort();
  const tryToSignIn = (name: string, password: string) =>
    fetch(`http://127.0.0.1:${port}/sign-in/${name}`, { method: 'POST', body: JSON.stringify({ password }) });
  const server = await startMortal(
    () =>
      spawnWithUs(process.execPath, [`${import.meta.dirname}/durable-process.ts`, folder, String(port), token], {
        stdin: 'ignore',
      }),
    () =>
      tryToSignIn('nobody', 'any').then(
        () => true,
        () => false,
      ),
  );
  return {
    ...server,
    connector,
    port,
    settingsAt,
    admin: { userName: 'admin', password: token },
    async makeAccount() {
      const [name, password] = [`desk_${randomBytes(6).toString('hex')}`, randomBytes(12).toString('hex')];
      writeFileSync(path.join(folder, name), password);
      return { name, password };
    },
    async signsIn(name, password) {
      const { status } = await tryToSignIn(name, password);
      if (status !== 204 && status !== 401) throw new Error(`the system answered ${status}`);
      return status === 204;
    },
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

const verifyAt = (port: number) => ({
  url: `http://127.0.0.1:${port}/sign-in/{{user}}`,
  body: { type: 'json', template: '{"password":"{{new}}"}' },
  accepted: { statuses: [204] },
  refused: { statuses: [401] },
});
const recipeAt = (port: number) => ({
  tls: 'off',
  method: 'PUT',
  url: `http://127.0.0.1:${port}/users/{{user}}`,
  headers: { authorization: 'Bearer {{admin_password}}' },
  body: { type: 'json', template: '{"password":"{{new}}"}' },
  verify: verifyAt(port),
});
const scimAt = (port: number) => ({
  tls: 'off',
  baseUrl: `http://127.0.0.1:${port}/scim/v2`,
  verify: verifyAt(port),
});

const signIn = /POST \/sign-in\/\w+/;
const pointsOf = (set: RegExp): readonly Point[] => [
  ['before the system is given the password', { what: 'request', patterns: [set] }],
  ['after the system was given the password', { what: 'answer', patterns: [set] }],
  ['before the new one is verified', { what: 'request', patterns: [signIn], nth: 1 }],
  ['while the new one is verified', { what: 'answer', patterns: [signIn], nth: 1 }],
  ['before the former one is verified', { what: 'request', patterns: [signIn], nth: 2 }],
  ['while the former one is verified', { what: 'answer', patterns: [signIn], nth: 2 }],
];

describe('an app with a call that changes a password', () =>
  testKills(() => startDurable('http', recipeAt), pointsOf(/PUT \/users\/\w+/)));
describe('a directory that takes SCIM', () =>
  testKills(
    () => startDurable('scim', scimAt),
    [
      ['before the user is looked for', { what: 'request', patterns: [/GET \/scim\/v2\/Users/] }],
      ...pointsOf(/PATCH \/scim\/v2\/Users\/\w+/),
    ],
  ));
