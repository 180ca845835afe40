import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describe } from 'vitest';
import { type MortalSystem, type Point, testKills } from '../accounts/kill-trials.ts';
import { slapdAdmin, slapdProgram, startSlapd, suffix } from './slapd.ts';

const dnOf = (name: string) => `uid=${name},ou=people,${suffix}`;

async function begin(): Promise<MortalSystem> {
  const server = await startSlapd();
  return {
    ...server,
    connector: 'ldap',
    settingsAt: (port) => ({ host: '127.0.0.1', port, tls: 'off', userDn: dnOf('{{user}}') }),
    admin: slapdAdmin,
    async makeAccount() {
      const [name, password] = [`desk_${randomBytes(6).toString('hex')}`, randomBytes(12).toString('hex')];
      await server.change(
        `dn: ${dnOf(name)}\nchangetype: add\nobjectClass: account\nobjectClass: simpleSecurityObject\nuserPassword: ${password}\n`,
      );
      return { name, password };
    },
    signsIn: (name, password) => server.signsIn(dnOf(name), password),
  };
}

// A bind names the entry; so does the operation, behind its number.
const signIn = /(?<!1\.3\.6\.1\.4\.1.*)uid=desk_\w+/s;
const passwordModify = /1\.3\.6\.1\.4\.1\.4203\.1\.11\.1/;
const atSystem: readonly Point[] = [
  ['before the system is given the password', { what: 'request', patterns: [passwordModify] }],
  ['after the system was given the password', { what: 'answer', patterns: [passwordModify] }],
  ['before the new one is verified', { what: 'request', patterns: [signIn], nth: 1 }],
  ['while the new one is verified', { what: 'answer', patterns: [signIn], nth: 1 }],
  ['before the former one is verified', { what: 'request', patterns: [signIn], nth: 2 }],
  ['while the former one is verified', { what: 'answer', patterns: [signIn], nth: 2 }],
];

describe.skipIf(!existsSync(slapdProgram))('OpenLDAP (needs Debian’s slapd and ldap-utils)', () =>
  testKills(begin, atSystem),
);
