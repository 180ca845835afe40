import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** In the moment between the start of the child and whatever is done about it. */
const atTheStart = `
  import childProcess from 'node:child_process';
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const { spawn } = childProcess;
  childProcess.spawn = (command, args, options) => {
    const child = spawn(command, args, options);
    if (!args.at(-1).startsWith('setInterval')) return child;
    fs.writeSync(1, String(child.pid));
    process.kill(process.pid, 'SIGKILL');
  };
  syncBuiltinESMExports();`;
const onceItRuns = `
  const killed = (child) => child.stdout.once('data', () => {
    console.log(child.pid);
    process.kill(process.pid, 'SIGKILL');
  });`;

test.each([
  ['at the start', atTheStart, ''],
  ['once it runs', onceItRuns, 'killed(child)'],
])('what npm run dev is started by takes it along when it is killed %s', async (_when, before, then) => {
  const script = `${before}
    const { startDev } = await import('./test/cli/processes.ts');
    const { child } = startDev({ DATABASE_URL: 'none' }, '.', ['-e', 'setInterval(() => console.log(1), 100)']);
    ${then}`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = await once(parent.stdout, 'data');
  const pid = Number(String(printed));
  expect(pid).toBeGreaterThan(0);
  await expect.poll(() => alive(pid), { timeout: 5_000 }).toBe(false);
});
