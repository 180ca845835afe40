import { enableCompileCache } from 'node:module';
import path from 'node:path';

// A third less time for a command, which is over before anything else.
enableCompileCache(path.resolve(import.meta.dirname, '../../node_modules/.cache/compiled'));
const { runCli } = await import('./program.ts');
const { readEnvFile } = await import('../config.ts');

readEnvFile();
process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
