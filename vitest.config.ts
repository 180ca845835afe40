import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
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

// What needs servers from Debian's packages is run by .ci/run-real.
const real = process.env.REAL_SERVERS === '1';
const include = [real ? 'test/real/**/*.test.ts' : 'test/**/*.test.ts'];
const exclude = real ? [] : ['test/real/**'];

/** Files that patch what all else in their process would notice: a clock, the console, the environment. */
const patching = globSync(include, { exclude }).filter((file) =>
  /useFakeTimers|vi\.(mock|stub)|spyOn\((performance|console|process)|(Date\.now|Math\.random|fetch|process\.env\.\w+) = /.test(
    readFileSync(file, 'utf8'),
  ),
);

const common = {
  environment: 'node',
  // Processes, not threads: tests start servers, send signals and measure.
  pool: 'forks',
  // Only against hanging: a machine may be busy.
  testTimeout: 240_000,
  hookTimeout: 240_000,
  // For the workers and every node and command that tests start: half the time of a start is compiling.
  env: { NODE_COMPILE_CACHE: path.resolve('node_modules/.cache/compiled') },
} as const;

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    // One more than cores, for a third of a file's time is waiting. Beyond four the nodes of several
    // tests would ask for more connections than one server has.
    maxWorkers: Math.min(availableParallelism() + 1, 4),
    teardownTimeout: 30_000,
    allowOnly: !inCi,
    reporters: [inCi ? 'verbose' : 'default', skips],
    projects: [
      { test: { ...common, name: 'alone', include: patching } },
      // Of most files the greatest part was the import of the product: these share the workers' processes.
      { test: { ...common, name: 'together', include, exclude: [...exclude, ...patching], isolate: false } },
    ],
  },
});
