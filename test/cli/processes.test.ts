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

test('what npm run dev is started by takes it along when it is killed', async () => {
  const script = `
    const { startDev } = await import('./test/cli/processes.ts');
    console.log(startDev({ DATABASE_URL: 'none' }, '.', ['-e', 'setInterval(() => {}, 1000)']).child.pid);
  `;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = await once(parent.stdout, 'data');
  const pid = Number(String(printed));
  expect(alive(pid)).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 500));
  parent.kill('SIGKILL');
  await expect.poll(() => alive(pid), { timeout: 5_000 }).toBe(false);
});
