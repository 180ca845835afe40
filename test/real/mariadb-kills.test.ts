import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describe } from 'vitest';
import { type MortalSystem, type Point, testKills } from '../accounts/kill-trials.ts';
import { mariadbAdmin, mariadbProgram, startMariadb } from './mariadb.ts';

async function begin(): Promise<MortalSystem> {
  const server = await startMariadb();
  return {
    ...server,
    connector: 'mariadb',
    settingsAt: (port) => ({ host: '127.0.0.1', port, tls: 'off' }),
    admin: mariadbAdmin,
    async makeAccount() {
      const [name, password] = [`desk_${randomBytes(6).toString('hex')}`, randomBytes(12).toString('hex')];
      await server.sql(`CREATE USER '${name}'@'%' IDENTIFIED BY '${password}'`);
      return { name, password };
    },
  };
}

// The client's first packet names the user between two zeros.
const signIn = /\0desk_\w+\0/;
const atSystem: readonly Point[] = [
  ['before the system is given the password', { what: 'request', patterns: [/ALTER USER/] }],
  ['after the system was given the password', { what: 'answer', patterns: [/ALTER USER/] }],
  ['before the new one is verified', { what: 'request', patterns: [signIn], nth: 1 }],
  ['while the new one is verified', { what: 'answer', patterns: [signIn], nth: 1 }],
  ['before connections end', { what: 'request', patterns: [/PROCESSLIST/] }],
  ['while connections end', { what: 'answer', patterns: [/PROCESSLIST/] }],
  ['while the former one is verified', { what: 'request', patterns: [signIn], nth: 2 }],
];

describe.skipIf(!existsSync(mariadbProgram))('MariaDB (needs Debian’s mariadb-server)', () =>
  testKills(begin, atSystem),
);
