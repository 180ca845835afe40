import { defineConfig } from 'vitest/config';
import type { Reporter } from 'vitest/node';

const inCi = process.env.CI === 'true' || process.env.CI === '1';

/** Names what was skipped and why; in CI, where everything needed is installed, a skipped test fails the run. */
const skips: Reporter = {
  onTestRunEnd(modules) {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    for (const test of skipped) {
      const result = test.result();
      console.log(`skipped: ${test.fullName}${'note' in result && result.note ? ` (${result.note})` : ''}`);
    }
    if (inCi && skipped.length > 0) {
      console.error(`CI: ${skipped.length} skipped, which counts as failed here.`);
      process.exitCode = 1;
    }
  },
};

export default defineConfig({
  test: {
    environment: 'node',
    // What needs servers from Debian's packages is run by .ci/run-real.
    ...(process.env.REAL_SERVERS === '1'
      ? { include: ['test/real/**/*.test.ts'] }
      : { include: ['test/**/*.test.ts'], exclude: ['test/real/**'] }),
    globalSetup: ['test/support/global-setup.ts'],
    // Processes, not threads: tests start servers, send signals and measure.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    allowOnly: !inCi,
    reporters: [inCi ? 'verbose' : 'default', skips],
  },
});
