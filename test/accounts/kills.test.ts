import { startTestPostgres } from '../support/database.ts';
import { type MortalSystem, type Point, testKills } from './kill-trials.ts';
import { openTarget } from './support.ts';

async function begin(): Promise<MortalSystem> {
  const there = await startTestPostgres();
  const target = openTarget(Object.assign(new URL(there.url), { pathname: '/postgres' }).href);
  return {
    connector: 'postgresql',
    port: target.place.port,
    settingsAt: (port) => ({ ...target.place, port }),
    admin: target.admin,
    makeAccount: () => target.makeRole(),
    signsIn: (name, password) => target.signsIn(name, password),
    kill: there.kill,
    restart: there.restart,
    stop: there.stop,
  };
}

const atSystem: readonly Point[] = [
  ['before the system is given the password', { what: 'request', patterns: [/ALTER ROLE/] }],
  ['after the system was given the password', { what: 'answer', patterns: [/ALTER ROLE/] }],
  ['while the new one is verified', { what: 'request', patterns: [/user\0role_\w+/], nth: 1 }],
  ['before connections end', { what: 'request', patterns: [/pg_terminate_backend/] }],
  ['while connections end', { what: 'answer', patterns: [/pg_terminate_backend/] }],
  ['while the former one is verified', { what: 'request', patterns: [/user\0role_\w+/], nth: 2 }],
];

// The one whose server comes with the packages has all points each time. By hand (TRIALS=50) a node
// is the whole product.
const byHand = process.env.TRIALS;
testKills(begin, atSystem, { trials: Number(byHand ?? 3), short: false, wholeNode: byHand !== undefined });
