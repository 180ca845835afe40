import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describe } from 'vitest';
import { type MortalSystem, type Point, testKills } from '../accounts/kill-trials.ts';
import { redisAdmin, redisProgram, startRedis } from './redis.ts';

async function begin(): Promise<MortalSystem> {
  const server = await startRedis();
  return {
    ...server,
    connector: 'redis',
    settingsAt: (port) => ({ host: '127.0.0.1', port, tls: 'off' }),
    admin: redisAdmin,
    async makeAccount() {
      const [name, password] = [`desk_${randomBytes(6).toString('hex')}`, randomBytes(12).toString('hex')];
      await server.cli('default', 'root', 'ACL', 'SETUSER', name, 'on', `>${password}`, '~*', '+@all');
      await server.cli('default', 'root', 'ACL', 'SAVE');
      return { name, password };
    },
  };
}

// A password that is right is followed by one that nobody has: does it take any?
const signIn = /AUTH\r\n\$\d+\r\ndesk_\w+/;
const atSystem: readonly Point[] = [
  ['before the system is given the password', { what: 'request', patterns: [/SETUSER/] }],
  ['after the system was given the password', { what: 'answer', patterns: [/SETUSER/] }],
  ['before the new one is saved', { what: 'request', patterns: [/SETUSER/, /SAVE/] }],
  ['after the new one is saved', { what: 'answer', patterns: [/SETUSER/, /SAVE/] }],
  ['while the new one is verified', { what: 'request', patterns: [signIn], nth: 1 }],
  ['while it is asked whether it takes any', { what: 'request', patterns: [signIn], nth: 2 }],
  ['before connections end', { what: 'request', patterns: [/CLIENT\r\n\$4\r\nKILL/] }],
  ['while connections end', { what: 'answer', patterns: [/CLIENT\r\n\$4\r\nKILL/] }],
  ['while the former one is verified', { what: 'request', patterns: [signIn], nth: 3 }],
];

describe.skipIf(!existsSync(redisProgram))('Redis (needs Debian’s redis-server)', () => testKills(begin, atSystem));
