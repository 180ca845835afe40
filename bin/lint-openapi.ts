// Lints the OpenAPI document with two independent linters: any error or warning fails. It needs no database and no network.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import spectralCore, { type RulesetDefinition } from '@stoplight/spectral-core';
import { oas } from '@stoplight/spectral-rulesets';
import { describeApi } from '../src/api/openapi.ts';
import { adminOperations } from '../src/app.ts';
import { loadConfig } from '../src/config.ts';
import type { Context } from '../src/context.ts';
import { documentEverything } from '../src/documentation.ts';

const run = promisify(execFile);
const config = loadConfig(
  {
    DATABASE_URL: 'postgresql://nobody@localhost/nothing',
    PUBLIC_URL: 'https://logout.whiterabbit.fake',
    TRUST_PROXY: 'loopback',
    SESSION_SECRETS: 'nothing-is-ever-signed-with-this-one',
    ENCRYPTION_KEYS: Buffer.alloc(32).toString('base64'),
  },
  'production',
);
// The operations are described, never carried out: what they would work on isn't there.
const context = { config, liveChannel: {} } as unknown as Context;
const text = JSON.stringify(describeApi(config, documentEverything(adminOperations(context))), null, 2);

const findings = (await Promise.all([redocly(text), spectral(text)])).flat();
for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exitCode = 1;

async function redocly(document: string): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'openapi-'));
  const file = path.join(folder, 'openapi.json');
  writeFileSync(file, document);
  const cli = fileURLToPath(new URL('../node_modules/@redocly/cli/bin/cli.js', import.meta.url));
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', NO_COLOR: '1' };
  try {
    await run(process.execPath, [cli, 'lint', file, '--extends', 'recommended-strict'], { cwd: folder, env });
    return [];
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return [`Redocly: ${stdout}${stderr}`];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function spectral(document: string): Promise<string[]> {
  const linter = new spectralCore.Spectral();
  linter.setRuleset({ extends: [[oas as RulesetDefinition, 'recommended']] });
  const results = await linter.run(JSON.parse(document));
  return results.map(({ code, message, path }) => `Spectral: ${code} at ${path.join('.')}: ${message}`);
}
